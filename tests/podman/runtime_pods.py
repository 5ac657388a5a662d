"""A runtime on real Podman, and short ways to make Pods with it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from podkit.runtime.base import NODE, ContainerConfig, ContainerState, ContainerStatus, RuntimeEvent, SandboxConfig
from podkit.runtime.podman import PodmanRuntime

T = TypeVar("T")
BUSYBOX = "localhost/busybox:latest"
LABELS = {NODE: "runtime-tests"}
_numbers = itertools.count(1)


def eventually(condition: Callable[[], T], within: float = 60.0) -> T:
    """Wait until a condition holds; what it returned then."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value


def sandbox_config(**changes: Any) -> SandboxConfig:
    """A sandbox with a name of its own."""
    fields: dict[str, Any] = {"name": f"pod-{next(_numbers)}", "hostname": "web", "labels": LABELS}
    return SandboxConfig(**fields | changes)


def container_config(*command: str, **changes: Any) -> ContainerConfig:
    """A container with a name of its own."""
    fields: dict[str, Any] = {
        "name": f"container-{next(_numbers)}",
        "image": BUSYBOX,
        "labels": LABELS,
        "command": command,
    }
    return ContainerConfig(**fields | changes)


def start(runtime: PodmanRuntime, sandbox_id: str, *command: str, **changes: Any) -> str:
    """Make a container and start it."""
    container_id = runtime.create_container(sandbox_id, container_config(*command, **changes))
    runtime.start_container(container_id)
    return container_id


def ended(runtime: PodmanRuntime, container_id: str) -> ContainerStatus:
    """Wait for the end of a container."""

    def over() -> ContainerStatus | None:
        status = runtime.container(container_id)
        return status if status.state is ContainerState.EXITED else None

    status = eventually(over)
    assert status is not None
    return status


class Listener:
    """Collects events."""

    def __init__(self) -> None:
        self.events: list[RuntimeEvent] = []
        self._happened = threading.Condition()

    def __call__(self, event: RuntimeEvent) -> None:
        with self._happened:
            self.events.append(event)
            self._happened.notify_all()

    def wait_for(self, matches: Callable[[RuntimeEvent], bool], within: float = 60.0) -> RuntimeEvent:
        """The first event that matches, now or later."""

        def found() -> RuntimeEvent | None:
            return next(filter(matches, self.events), None)

        with self._happened:
            event = self._happened.wait_for(found, within)
        assert event is not None, f"no such event among {self.events}"
        return event
