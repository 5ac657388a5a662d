"""Builds Pods and what a container engine would say of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.restart import identity
from podkit.model import Container, ObjectMeta, Pod, PodSpec
from podkit.runtime.base import (
    ATTEMPT,
    CONTAINER_NAME,
    SPEC_HASH,
    ContainerState,
    ContainerStatus,
    SandboxStatus,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def container(name: str = "main", **fields: Any) -> Container:
    return Container(name=name, image=fields.pop("image", "busybox"), **fields)


def sidecar(name: str, **fields: Any) -> Container:
    return container(name, restart_policy="Always", **fields)


def pod(*containers: Container, init: list[Container] | None = None, policy: str = "Always", **spec: Any) -> Pod:
    return Pod(
        metadata=ObjectMeta(name="web", namespace="default", uid="u-1", generation=1),
        spec=PodSpec(
            containers=list(containers) or [container()],
            init_containers=init or [],
            restart_policy=policy,
            node_name="node-1",
            **spec,
        ),
    )


def sandbox(attempt: int = 0, *, ready: bool = True, ips: tuple[str, ...] = ("10.88.0.2",)) -> SandboxStatus:
    return SandboxStatus(f"sandbox-{attempt}", "web", {ATTEMPT: str(attempt)}, ready, ips, NOW)


def _status(of: Container, attempt: int, sandbox_id: str, **fields: Any) -> ContainerStatus:
    labels = {CONTAINER_NAME: of.name, ATTEMPT: str(attempt), SPEC_HASH: identity(of)}
    return ContainerStatus(
        id=f"{of.name}-{attempt}",
        name=of.name,
        sandbox_id=sandbox_id,
        labels=labels,
        image="busybox",
        image_id="sha256:1",
        created_at=NOW,
        **fields,
    )


def running(of: Container | None = None, attempt: int = 0, sandbox_id: str = "sandbox-0") -> ContainerStatus:
    return _status(of or container(), attempt, sandbox_id, state=ContainerState.RUNNING, started_at=NOW)


def exited(
    of: Container | None = None,
    code: int = 0,
    attempt: int = 0,
    *,
    finished: datetime = NOW,
    sandbox_id: str = "sandbox-0",
    **fields: Any,
) -> ContainerStatus:
    fields.setdefault("started_at", finished)
    return _status(
        of or container(),
        attempt,
        sandbox_id,
        state=ContainerState.EXITED,
        finished_at=finished,
        exit_code=code,
        **fields,
    )


def created(of: Container | None = None, attempt: int = 0) -> ContainerStatus:
    return _status(of or container(), attempt, "sandbox-0", state=ContainerState.CREATED)


def observed(*containers: ContainerStatus, sandboxes: list[SandboxStatus] | None = None) -> ObservedPod:
    return ObservedPod.of([sandbox()] if sandboxes is None else sandboxes, list(containers))
