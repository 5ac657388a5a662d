"""A simulated engine with one sandbox, and short ways to use it."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from podkit.loop.clock import Clock, VirtualClock
from podkit.runtime.base import POD_UID, ContainerConfig, ContainerStatus, SandboxConfig
from podkit.runtime.simulated import SimulatedRuntime


class Bench:
    """An engine on a virtual clock.

    Args:
        options: for `SimulatedRuntime`.
    """

    def __init__(self, clock: Clock | None = None, **options: Any) -> None:
        self.clock = VirtualClock()
        self.runtime = SimulatedRuntime(clock or self.clock, **options)
        self.sandbox_id = self.runtime.run_sandbox(sandbox("pod"))
        self._made = 0

    def create(self, *command: str, **changes: Any) -> str:
        """Make a container."""
        self._made += 1
        config = ContainerConfig(f"container-{self._made}", "busybox", {POD_UID: "pod"}, command=command or None)
        return self.runtime.create_container(self.sandbox_id, evolve(config, **changes))

    def start(self, *command: str, **changes: Any) -> str:
        """Make a container and start it."""
        container_id = self.create(*command, **changes)
        self.runtime.start_container(container_id)
        return container_id

    def status(self, container_id: str) -> ContainerStatus:
        """What it is now."""
        return self.runtime.container(container_id)

    def output(self, container_id: str) -> str:
        """All that it has written."""
        return b"".join(entry.content for entry in self.runtime.logs(container_id)).decode()

    def run(self, *command: str, seconds: float = 3600.0, **changes: Any) -> tuple[int | None, str]:
        """Start a container and let time pass: its exit code and all that it has written."""
        container_id = self.start(*command, **changes)
        self.clock.advance(seconds)
        return self.status(container_id).exit_code, self.output(container_id)


def sandbox(name: str, **changes: Any) -> SandboxConfig:
    """A sandbox of a Pod whose uid is its name."""
    return evolve(SandboxConfig(name, "host", {POD_UID: name}), **changes)
