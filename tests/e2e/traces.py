"""What podkit could leave behind on a machine: a snapshot of it, to be compared with a later one."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

from podkit import clean
from tests.e2e.programs import eventually
from tests.environment import Environment


def traces(environment: Environment) -> set[str]:
    """Everything there is that podkit might have made, one line each."""
    return {
        *_listed(environment, "pod", "pod", "ps", "--format", "{{.Name}}"),
        *_listed(environment, "container", "ps", "--all", "--format", "{{.Names}}"),
        *_listed(environment, "network", "network", "ls", "--format", "{{.Name}}"),
        *_listed(environment, "volume", "volume", "ls", "--format", "{{.Name}}"),
        *(f"directory {path}" for path in Path(tempfile.gettempdir()).glob("podkit-*")),
        *_mounts(),
        *services(),
        *(f"thread {thread.name}" for thread in threading.enumerate()),
        *_sockets(),
    }


def _listed(environment: Environment, kind: str, *command: str) -> list[str]:
    return [f"{kind} {name}" for name in environment.podman(*command).split()]


def _mounts() -> list[str]:
    """Mounts of clusters; the engine's own come and go with its storage."""
    points = (line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return [f"mount {point}" for point in points if "podkit-cluster-" in point]


def services() -> list[str]:
    """Podman services that somebody has started for podkit."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "system service" in command and tempfile.gettempdir() in command:
            found.append(f"process {process.name} {command}")
    return found


def forget_services() -> None:
    """Remove what is left of the Podman services of killed programs.

    A service ends by itself when it has been idle; its directory is removed by `clean` when it has been there for a while, as a
    new one might just be about to be locked.
    """
    eventually(lambda: not services())
    for directory in Path(tempfile.gettempdir()).glob("podkit-service-*"):
        os.utime(directory, (0, 0))
    clean()


def _sockets() -> list[str]:
    """The sockets that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.append(f"{target} of this process")
    return found
