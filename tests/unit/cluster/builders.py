"""Pods for tests."""

from __future__ import annotations

from typing import Any

from podkit import Container, Job, Pod


def shell(name: str, script: str, *, image: str = "busybox", **options: Any) -> Pod:
    """A Pod with one container that runs a script."""
    return Pod.new(name, containers=[Container("main", image=image, command=["sh", "-c", script])], **options)


def once(name: str, script: str, **options: Any) -> Pod:
    """A Pod that runs a script once."""
    return shell(name, script, restart_policy="Never", **options)


def job(name: str, script: str, **options: Any) -> Job:
    """A Job whose Pods run a script."""
    return Job.new(name, containers=[Container("main", image="busybox", command=["sh", "-c", script])], **options)
