"""The engines that have to keep the contract, each with its own way of letting time pass."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from attrs import evolve

from podkit.errors import ImagePullFailed
from podkit.loop.clock import VirtualClock
from podkit.runtime.base import (
    CONTAINER_NAME,
    NODE,
    POD_UID,
    ContainerConfig,
    ContainerState,
    ContainerStatus,
    Runtime,
    SandboxConfig,
)
from podkit.runtime.simulated import Images, Listen, OutOfMemory, Script, SimulatedImage, SimulatedRuntime, Sleep
from podkit.runtime.simulated.runtime import DEFAULT_INFO

T = TypeVar("T")

BUSYBOX = "localhost/busybox:latest"
NOBODY = "localhost/nobody:latest"
"""Runs ``id -u`` as user 65534, in /tmp."""
ECHO = "localhost/eptest:latest"
"""Has the entrypoint ``/bin/echo ep`` and the command ``image-default``."""
REMOTE = "docker.io/library/busybox:1.36"
"""An image that a registry has."""
UNREACHABLE = "127.0.0.1:1/library/busybox:1.36"
"""An image of a registry that does not answer."""
MEMORY_HOG = ("tail", "/dev/zero")
WEB_SERVER = ("httpd", "-f", "-p", "8080", "-h", "/www")

SIMULATED_IMAGES = (
    SimulatedImage(BUSYBOX),
    SimulatedImage(NOBODY, command=("id", "-u"), user="65534", working_dir="/tmp"),
    SimulatedImage(ECHO, entrypoint=("/bin/echo", "ep"), command=("image-default",)),
)
SIMULATED_PROGRAMS = {"tail": Script(OutOfMemory()), "httpd": Script(Listen.http(8080, body=b"ok\n"), Sleep(math.inf))}


class Time(Protocol):
    """How an engine's time passes."""

    def pass_a_moment(self) -> None:
        """Let a little of it pass."""

    def now(self) -> float:
        """Seconds of it, since some moment."""


class RealTime:
    """Time that passes by itself."""

    def pass_a_moment(self) -> None:
        time.sleep(0.02)

    def now(self) -> float:
        return time.monotonic()


class VirtualTime:
    """Time that passes when the clock is advanced."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def pass_a_moment(self) -> None:
        self._clock.advance(0.02)

    def now(self) -> float:
        return self._clock.monotonic()


class Engine:
    """A runtime, and short ways to use it.

    Args:
        runtime: what is tested.
        passing: how its time passes.
        run: a word that no other run of the tests uses.
    """

    def __init__(self, runtime: Runtime, passing: Time, run: str) -> None:
        self.runtime = runtime
        self._time = passing
        self._run = run
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        self._pods: list[str] = []
        self.labels = {NODE: f"contract-{run}"}
        self.sandbox_id = ""

    def name(self, kind: str) -> str:
        """A name that nothing has."""
        return f"{kind}-{self._run}-{next(self._numbers)}"

    def eventually(self, condition: Callable[[], T], within: float = 60.0) -> T:
        """Let time pass until a condition holds; what it returned then."""
        deadline = self._time.now() + within
        while not (value := condition()):
            assert self._time.now() < deadline, "it did not happen in time"
            self._time.pass_a_moment()
        return value

    def sandbox_config(self, **changes: Any) -> SandboxConfig:
        """A sandbox that differs from others in its name and the uid of its Pod."""
        name = self.name("pod")
        config = SandboxConfig(name=name, hostname="web-0", labels=self.labels | {POD_UID: name})
        return evolve(config, **changes)

    def run_sandbox(self, **changes: Any) -> str:
        """Make a sandbox that is removed after the test."""
        sandbox_id = self.runtime.run_sandbox(self.sandbox_config(**changes))
        self._pods.append(sandbox_id)
        return sandbox_id

    def container_config(self, *command: str, **changes: Any) -> ContainerConfig:
        """A container that runs a command."""
        name = self.name("container")
        labels = self.labels | {POD_UID: "contract", CONTAINER_NAME: name}
        config = ContainerConfig(name=name, image=BUSYBOX, labels=labels, command=command or None)
        return evolve(config, **changes)

    def create(self, *command: str, sandbox_id: str = "", **changes: Any) -> str:
        """Make a container that is removed after the test, by default in the sandbox of all tests."""
        config = self.container_config(*command, **changes)
        container_id = self.runtime.create_container(sandbox_id or self.sandbox_id, config)
        self._made.append(container_id)
        return container_id

    def start(self, *command: str, sandbox_id: str = "", **changes: Any) -> str:
        """Make a container and start it."""
        container_id = self.create(*command, sandbox_id=sandbox_id, **changes)
        self.runtime.start_container(container_id)
        return container_id

    def run(self, *command: str, sandbox_id: str = "", **changes: Any) -> tuple[ContainerStatus, bytes]:
        """Run a container to its end: its status, and all that it has written."""
        container_id = self.start(*command, sandbox_id=sandbox_id, **changes)
        return self.ended(container_id), self.output(container_id)

    def ended(self, container_id: str) -> ContainerStatus:
        """Wait for the end of a container."""

        def over() -> ContainerStatus | None:
            status = self.runtime.container(container_id)
            return status if status.state is ContainerState.EXITED else None

        status = self.eventually(over)
        assert status is not None
        return status

    def output(self, container_id: str, stream: str | None = None) -> bytes:
        """All that a container has written, to one stream or both."""
        entries = self.runtime.logs(container_id)
        return b"".join(entry.content for entry in entries if stream in (None, entry.stream))

    def written(self, container_id: str, text: bytes) -> None:
        """Wait until a container has written something."""
        self.eventually(lambda: text in self.output(container_id))

    def clean(self) -> None:
        """Remove what a test has made."""
        for container_id in self._made:
            self.runtime.remove_container(container_id)
        for sandbox_id in self._pods:
            self.runtime.remove_sandbox(sandbox_id)
        self._made.clear()
        self._pods.clear()


def simulated_engine(run: str) -> Engine:
    """An engine that is simulated, on a virtual clock."""
    clock = VirtualClock()
    images = Images(SIMULATED_IMAGES, remote=[REMOTE])
    images.fail_pull(UNREACHABLE, ImagePullFailed("connection refused"), times=None)
    runtime = SimulatedRuntime(
        clock, images=images, programs=SIMULATED_PROGRAMS, info=evolve(DEFAULT_INFO, limits_enforced=True)
    )
    return Engine(runtime, VirtualTime(clock), run)


def entries_of(engine: Engine, container_id: str, **options: Any) -> Sequence[bytes]:
    """The contents of log entries."""
    return [entry.content for entry in engine.runtime.logs(container_id, **options)]
