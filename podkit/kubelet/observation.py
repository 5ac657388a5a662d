"""What the container engine holds of one Pod, as the decision sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, frozen

from podkit.runtime.base import (
    ATTEMPT,
    CONTAINER_NAME,
    POD_UID,
    SPEC_HASH,
    ContainerState,
    ContainerStatus,
    Runtime,
    SandboxStatus,
)


def attempt_of(thing: ContainerStatus | SandboxStatus) -> int:
    """Which attempt of its name it is, counted from 0."""
    return int(thing.labels.get(ATTEMPT, "0"))


def container_name(container: ContainerStatus) -> str:
    """The name of the container in the Pod's spec."""
    return container.labels.get(CONTAINER_NAME, "")


def spec_hash(container: ContainerStatus) -> str:
    """The hash of the spec that it was made from."""
    return container.labels.get(SPEC_HASH, "")


def signature(sandboxes: Iterable[SandboxStatus], containers: Iterable[ContainerStatus]) -> frozenset[tuple[str, str]]:
    """Which sandboxes and containers there are, and in which state: what a relist compares."""
    ids = {(sandbox.id, str(sandbox.ready)) for sandbox in sandboxes}
    return frozenset(ids | {(container.id, container.state.value) for container in containers})


@frozen
class ObservedPod:
    """The sandboxes and containers of one Pod.

    Attributes:
        sandboxes: the newest first.
        containers: of each name the newest first.
    """

    sandboxes: tuple[SandboxStatus, ...] = ()
    containers: tuple[ContainerStatus, ...] = ()

    @classmethod
    def of(cls, sandboxes: list[SandboxStatus], containers: list[ContainerStatus]) -> ObservedPod:
        """Sort what an engine has listed."""
        return cls(
            tuple(sorted(sandboxes, key=attempt_of, reverse=True)),
            tuple(sorted(containers, key=attempt_of, reverse=True)),
        )

    @property
    def sandbox(self) -> SandboxStatus | None:
        """The newest sandbox, ready or not."""
        return self.sandboxes[0] if self.sandboxes else None

    @property
    def ready_sandbox(self) -> SandboxStatus | None:
        """The newest sandbox, if it is ready."""
        return self.sandbox if self.sandbox is not None and self.sandbox.ready else None

    def attempts(self, name: str) -> list[ContainerStatus]:
        """All containers of this name, the newest first."""
        return [container for container in self.containers if container_name(container) == name]

    def newest(self, name: str) -> ContainerStatus | None:
        """The newest container of this name."""
        return next((container for container in self.containers if container_name(container) == name), None)

    def before(self, container: ContainerStatus) -> datetime | None:
        """When the container of the same name before this one ended; None when there is none."""
        earlier = [one for one in self.attempts(container_name(container)) if attempt_of(one) < attempt_of(container)]
        return earlier[0].finished_at if earlier else None

    def running(self) -> list[ContainerStatus]:
        """All containers that run, or may."""
        alive = (ContainerState.RUNNING, ContainerState.UNKNOWN)
        return [container for container in self.containers if container.state in alive]

    def with_sandbox(self, sandbox: SandboxStatus) -> ObservedPod:
        """The same with a sandbox added or replaced."""
        rest = [other for other in self.sandboxes if other.id != sandbox.id]
        return ObservedPod.of([sandbox, *rest], list(self.containers))

    def with_container(self, container: ContainerStatus) -> ObservedPod:
        """The same with a container added or replaced."""
        rest = [other for other in self.containers if other.id != container.id]
        return ObservedPod.of(list(self.sandboxes), [container, *rest])

    def without_container(self, container_id: str) -> ObservedPod:
        """The same without a container."""
        return evolve(self, containers=tuple(c for c in self.containers if c.id != container_id))


def signatures(runtime: Runtime, labels: Mapping[str, str]) -> dict[str, frozenset[tuple[str, str]]]:
    """What an engine has with these labels, by the uid of its Pod, as `signature` has it."""
    found: dict[str, tuple[list[SandboxStatus], list[ContainerStatus]]] = {}
    sandboxes, containers = runtime.inventory(labels)
    for sandbox in sandboxes:
        found.setdefault(sandbox.labels.get(POD_UID, ""), ([], []))[0].append(sandbox)
    for container in containers:
        found.setdefault(container.labels.get(POD_UID, ""), ([], []))[1].append(container)
    return {uid: signature(*things) for uid, things in found.items()}
