"""`SimulatedRuntime`: the `podkit.runtime.base.Runtime` that is a simulation.

The class knows what the operations mean; what they are about lives in its neighbours: sandboxes and their network, containers
and their processes, images, faults. Everything happens in a `podkit.runtime.simulated.turn.Turn`.
"""

from __future__ import annotations

import errno
import functools
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Concatenate, ParamSpec, TypeVar

from attrs import evolve

from podkit._version import __version__
from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.loop.clock import Clock
from podkit.runtime.base import (
    Closeable,
    ContainerConfig,
    ContainerStats,
    ContainerStatus,
    Credentials,
    EventType,
    ExecResult,
    Forward,
    ImageStatus,
    MachineStats,
    PullListener,
    Resources,
    RuntimeEvent,
    RuntimeInfo,
    SandboxConfig,
    SandboxStatus,
    VolumeStatus,
)
from podkit.runtime.simulated.archive import pack, unpack
from podkit.runtime.simulated.connection import Connection
from podkit.runtime.simulated.container import Container, Surroundings, image_for
from podkit.runtime.simulated.executables import Executables
from podkit.runtime.simulated.faults import Faults
from podkit.runtime.simulated.images import Images
from podkit.runtime.simulated.inventory import Inventory
from podkit.runtime.simulated.log import LogReader
from podkit.runtime.simulated.process import Program, signal_name
from podkit.runtime.simulated.sandbox import Network, Sandbox
from podkit.runtime.simulated.streams import AttachedStreams, CommandStreams
from podkit.runtime.simulated.turn import Turn
from podkit.runtime.simulated.volumes import Volumes

P = ParamSpec("P")
T = TypeVar("T")
_Self = TypeVar("_Self", bound="SimulatedRuntime")

DEFAULT_INFO = RuntimeInfo(
    name="simulated",
    version=__version__,
    cpus=4,
    memory=8 << 30,
    addresses=("192.0.2.1",),
    limits_enforced=False,
    sandboxes_enterable=False,
    addresses_translated=False,
    runtime_handlers=("crun",),
)
"""The machine that is simulated if nobody says otherwise; its address is one that is reserved for documentation."""


def _operation(method: Callable[Concatenate[_Self, P], T]) -> Callable[Concatenate[_Self, P], T]:
    """Make a method one of the interface: it happens in a turn, and faults come before and after it."""
    name = method.__name__

    @functools.wraps(method)
    def operate(self: _Self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.faults.before(name)
        with self._turn:
            result = method(self, *args, **kwargs)
        self.faults.after(name)
        return result

    return operate


class SimulatedRuntime:
    """Pods and containers in memory, on an injected clock.

    With a `podkit.loop.clock.VirtualClock` everything happens within a call, or within the clock's ``advance``: there is no
    thread and no sleep. With a `podkit.loop.clock.SystemClock` it happens in the clock's timers. What is in the engine outlives
    `close`, as it does on a real one: give the same object to the next kubelet.

    It does not do: connect Pods (their addresses lead nowhere; `connect` reaches what a `Script` listens to), enforce or measure
    resources, bring input to a container's first process, check users, capabilities and other matters of security, keep owners and
    modes of files. ``exec`` takes no time on the clock. Of commands it knows those of `podkit.runtime.simulated.commands`, the
    shell's, and ``programs``; any other one cannot be started, or ends with 127.

    Args:
        clock: what time it is.
        images: what images there are; by default the engine has ``busybox`` and ``localhost/busybox``, and can pull any other name;
            see `Images`.
        programs: what containers can run beside what the simulation knows, by the command's name or the image's.
        info: the machine that is simulated.

    Attributes:
        images: what images there are.
        faults: what shall go wrong.

    Example:
        ::

            clock = VirtualClock()
            engine = SimulatedRuntime(clock, programs={"flaky": Script(Print("working"), Sleep(60), Exit(1))})
            with Cluster(engine) as cluster:
                cluster.create(Pod.new("work", containers=[Container("main", image="busybox", command=["flaky"])]))
    """

    def __init__(
        self,
        clock: Clock,
        *,
        images: Images | None = None,
        programs: Mapping[str, Program] | None = None,
        info: RuntimeInfo = DEFAULT_INFO,
    ) -> None:
        self._clock = clock
        self._info = info
        self._turn = Turn(clock)
        self.images = images or Images(every_name=True)
        self._surroundings = Surroundings(clock, self._turn, Executables(programs or {}), self._exited, self.images)
        self._network = Network()
        self._inventory = Inventory()
        self._volumes = Volumes()
        self._machine = MachineStats()
        self.faults = Faults(self._turn)

    @property
    def clock(self) -> Clock:
        """The clock on which everything happens."""
        return self._clock

    @_operation
    def info(self) -> RuntimeInfo:
        """What the simulated machine is."""
        return self._info

    # Sandboxes

    def run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None = None) -> str:
        """Make a sandbox; see `podkit.runtime.base.Runtime.run_sandbox`. What is done meanwhile is no part of this turn."""
        self.faults.before("run_sandbox")
        with self._turn:
            self._inventory.require_free(config.name)
            sandbox = Sandbox(self._inventory.new_id(), config, self._network, self._clock.now())
            sandbox.connect()
            self._inventory.add_sandbox(sandbox)
        try:
            if meanwhile is not None:
                meanwhile(sandbox.id)
        except BaseException:
            self.remove_sandbox(sandbox.id)
            raise
        self.faults.after("run_sandbox")
        return sandbox.id

    @_operation
    def stop_sandbox(self, sandbox_id: str) -> None:
        """Kill what runs in it, and take down its network."""
        sandbox = self._inventory.sandboxes.get(sandbox_id)
        if sandbox is not None:
            self._stop(sandbox)

    @_operation
    def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove it with all of its containers."""
        sandbox = self._inventory.sandboxes.get(sandbox_id)
        if sandbox is None:
            return
        self._stop(sandbox)
        for container_id in list(sandbox.containers):
            self._remove(self._inventory.container(container_id))
        self._inventory.remove_sandbox(sandbox)
        self._turn.happened(EventType.REMOVED, sandbox.id, sandbox.labels)

    @_operation
    def sandboxes(self, labels: Mapping[str, str]) -> list[SandboxStatus]:
        """All sandboxes that carry these labels."""
        return [sandbox.status(self._info.addresses) for sandbox in self._inventory.sandboxes.select(labels)]

    @_operation
    def inventory(self, labels: Mapping[str, str]) -> tuple[list[SandboxStatus], list[ContainerStatus]]:
        """All sandboxes and containers that carry these labels."""
        return self.sandboxes(labels), self.containers(labels)

    @_operation
    def sandbox(self, sandbox_id: str) -> SandboxStatus:
        """One sandbox."""
        return self._inventory.sandbox(sandbox_id).status(self._info.addresses)

    # Containers

    @_operation
    def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Make a container; see `podkit.runtime.base.Runtime.create_container`."""
        sandbox = self._inventory.sandbox(sandbox_id)
        self._inventory.require_free(config.name)
        image = image_for(config, self.images)
        container = Container(self._inventory.new_id(), config, image, sandbox, self._surroundings)
        self._inventory.add_container(container)
        return container.id

    @_operation
    def start_container(self, container_id: str) -> None:
        """Start its process; see `podkit.runtime.base.Runtime.start_container`."""
        container = self._inventory.container(container_id)
        if not container.sandbox.ready:
            container.sandbox.connect()
        container.start(self._started)

    @_operation
    def signal_container(self, container_id: str, signal: str) -> None:
        """Send a signal to its first process."""
        name = signal_name(signal)
        container = self._inventory.containers.get(container_id)
        if container is not None:
            container.signal(name)

    @_operation
    def remove_container(self, container_id: str) -> None:
        """Remove it, killing it first if it runs."""
        container = self._inventory.containers.get(container_id)
        if container is not None:
            self._remove(container)

    @_operation
    def containers(self, labels: Mapping[str, str]) -> list[ContainerStatus]:
        """All containers that carry these labels."""
        return [container.status() for container in self._inventory.containers.select(labels)]

    @_operation
    def container(self, container_id: str) -> ContainerStatus:
        """One container."""
        return self._inventory.container(container_id).status()

    @_operation
    def update_resources(self, container_id: str, resources: Resources) -> None:
        """Change its limits; `resources` tells them."""
        container = self._inventory.container(container_id)
        if not container.running:
            raise ContainerNotFound(f"container {container.config.name} does not run", operation="resize it")
        container.config = evolve(container.config, resources=container.config.resources.changed_by(resources))

    @_operation
    def update_sandbox_resources(self, sandbox_id: str, resources: Resources) -> None:
        """Change the limits of a sandbox as a whole; `sandbox_resources` tells them."""
        sandbox = self._inventory.sandbox(sandbox_id)
        sandbox.config = evolve(sandbox.config, resources=sandbox.config.resources.changed_by(resources))

    @_operation
    def exec(
        self,
        container_id: str,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a command in it; see `podkit.runtime.base.Runtime.exec`. It takes no time on the clock."""
        return self._inventory.container(container_id).exec(argv, stdin, timeout)

    @_operation
    def open_exec(
        self, container_id: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> CommandStreams:
        """Run a command in it; see `podkit.runtime.base.Runtime.open_exec`. It begins when all of its input is there."""
        container = self._inventory.container(container_id)
        container.require_running()
        return CommandStreams(lambda given: self.exec(container_id, argv, stdin=given), stdin=stdin, tty=tty)

    @_operation
    def attach(self, container_id: str, *, stdin: bool = False, stdin_once: bool = False) -> AttachedStreams:  # noqa: ARG002
        """Attach to what it writes; see `podkit.runtime.base.Runtime.attach`."""
        container = self._inventory.container(container_id)
        container.require_running()
        return AttachedStreams(container)

    @_operation
    def connect(
        self,
        sandbox_id: str,
        port: int,
        *,
        timeout: float | None = None,
        host: str | None = None,  # noqa: ARG002  # what listens, listens on all addresses
    ) -> socket.socket:
        """Connect to what a program listens to; see `podkit.runtime.simulated.Listen`."""
        sandbox = self._inventory.sandbox(sandbox_id)
        if not sandbox.ready:
            raise ContainerNotFound(f"sandbox {sandbox_id[:12]} has no network any more", operation="connect")
        if port not in sandbox.listeners:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return Connection.answered(sandbox.listeners[port][1], timeout)

    @_operation
    def bind(self, sandbox_id: str, host: str, port: int) -> tuple[socket.socket, socket.socket]:
        """There is no network in which this process could open a port; `RuntimeInfo.sandboxes_enterable` says so.

        Raises:
            RuntimeFailed: always.
        """
        text = (
            f"could not open port {port} at {host} in sandbox {sandbox_id[:12]}: a simulated network cannot be entered"
        )
        raise RuntimeFailed(text, operation="open a port in a sandbox")

    @_operation
    def forward(self, sandbox_id: str, forwards: Sequence[Forward]) -> None:  # noqa: ARG002  # nothing is done with them
        """There is no network in which addresses could lead elsewhere; `RuntimeInfo.addresses_translated` says so.

        Raises:
            RuntimeFailed: always.
        """
        text = f"could not translate addresses in sandbox {sandbox_id[:12]}: a simulated network has no packets"
        raise RuntimeFailed(text, operation="translate addresses of Services")

    @_operation
    def logs(
        self,
        container_id: str,
        *,
        follow: bool = False,
        since: datetime | None = None,
        tail: int | None = None,
    ) -> LogReader:
        """What it has written; see `podkit.runtime.base.Runtime.logs`.

        An iterator that follows waits for the clock to advance, so on a virtual clock it needs a thread of its own. It can be
        closed from another one.
        """
        log = self._inventory.container(container_id).log
        position = 0 if tail is None else log.start_of_tail(tail)
        return LogReader(self._turn, log, position, since=since, follow=follow)

    @_operation
    def stats(self, container_id: str) -> ContainerStats:
        """What `set_stats` has said that it uses while it runs."""
        return self._inventory.container(container_id).usage()

    @_operation
    def machine_stats(self) -> MachineStats:
        """What `set_machine_stats` has said; nothing if it has not."""
        return self._machine

    @_operation
    def storage_used(self, container_id: str) -> int:
        """Bytes of the files that it has written and of its log."""
        return self._inventory.container(container_id).storage_used()

    @_operation
    def put_archive(self, container_id: str, path: str, archive: bytes | BinaryIO) -> None:
        """Unpack a tar archive at a directory of it."""
        unpack(self._inventory.container(container_id).shared.files, path, archive)

    @_operation
    def get_archive(self, container_id: str, path: str) -> bytes:
        """A file or directory of it as a tar archive."""
        return pack(self._inventory.container(container_id).shared.files, path)

    @_operation
    def read_archive(self, container_id: str, path: str, sink: BinaryIO) -> None:
        """Write a file or directory of it to a file, as a tar archive."""
        sink.write(pack(self._inventory.container(container_id).shared.files, path))

    @_operation
    def is_directory(self, container_id: str, path: str) -> bool | None:
        """Whether there is a directory; see `podkit.runtime.base.Runtime.is_directory`."""
        files = self._inventory.container(container_id).shared.files
        place = files.absolute("/", path)
        return files.is_dir(place) if files.exists(place) else None

    # Volumes

    @_operation
    def create_volume(self, name: str, labels: Mapping[str, str]) -> VolumeStatus:
        """Make a volume; see `podkit.runtime.base.Runtime.create_volume`. Its files are real ones, as those of all mounts."""
        return self._volumes.create(name, labels)

    @_operation
    def remove_volume(self, name: str) -> None:
        """Remove a volume with all that is in it."""
        self._volumes.remove(name)

    @_operation
    def volumes(self, labels: Mapping[str, str]) -> list[VolumeStatus]:
        """All volumes that carry these labels."""
        return self._volumes.find(labels)

    @_operation
    def write_volume(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive in a volume."""
        self._volumes.write(name, archive)

    @_operation
    def read_volume(self, name: str, path: str) -> bytes | None:
        """A file or directory of a volume as a tar archive; None if there is none."""
        return self._volumes.read(name, path)

    @_operation
    def volume_mode(self, name: str) -> int:
        """The permission bits of a volume itself."""
        return self._volumes.mode(name)

    # Images

    @_operation
    def image(self, reference: str) -> ImageStatus | None:
        """An image that the engine has."""
        image = self.images.find(reference)
        return None if image is None else self.images.status(image)

    @_operation
    def pull_image(
        self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
    ) -> ImageStatus:
        """Fetch an image. It takes no time; one that is not there yet is told as half fetched, and as fetched."""
        return self.images.status(self.images.pull(reference, credentials, tell))

    # Events

    @_operation
    def subscribe(self, labels: Mapping[str, str], handler: Callable[[RuntimeEvent], None]) -> Closeable:
        """Call ``handler`` whenever something happens, at the end of the call or timer in which it happens."""
        return self._turn.subscribe(labels, handler)

    def close(self) -> None:
        """End all subscriptions. What is in the engine goes on, and the object can be used on."""
        self._turn.unsubscribe_all()

    # What can happen to containers, for tests

    def run_out_of_memory(self, container_id: str) -> None:
        """Let the kernel kill a container's first process for lack of memory."""
        with self._turn:
            self._inventory.container(container_id).run_out_of_memory()

    def lose_monitor(self, container_id: str) -> None:
        """Let the monitor of a container die, so that its state is unknown from now on."""
        with self._turn:
            self._inventory.container(container_id).lose_monitor()

    def break_sandbox(self, sandbox_id: str) -> None:
        """Let the process that holds a sandbox's network die: its containers run on without an address."""
        with self._turn:
            sandbox = self._inventory.sandbox(sandbox_id)
            sandbox.disconnect()
            self._turn.happened(EventType.SANDBOX_STOPPED, sandbox.id, sandbox.labels)

    def set_stats(self, container_id: str, stats: ContainerStats) -> None:
        """Say what a container uses."""
        with self._turn:
            self._inventory.container(container_id).stats = stats

    def set_machine_stats(self, stats: MachineStats) -> None:
        """Say what the machine has left."""
        with self._turn:
            self._machine = stats

    def resources(self, container_id: str) -> Resources:
        """The limits that a container has."""
        with self._turn:
            return self._inventory.container(container_id).config.resources

    def sandbox_resources(self, sandbox_id: str) -> Resources:
        """The limits that a sandbox has as a whole."""
        with self._turn:
            return self._inventory.sandbox(sandbox_id).config.resources

    def _started(self, container: Container) -> None:
        self._turn.happened(EventType.STARTED, container.id, container.labels)

    def _exited(self, container: Container) -> None:
        self._turn.happened(EventType.EXITED, container.id, container.labels)

    def _stop(self, sandbox: Sandbox) -> None:
        for container_id in sandbox.containers:
            self._inventory.container(container_id).kill()
        if sandbox.ready:
            sandbox.disconnect()
            self._turn.happened(EventType.SANDBOX_STOPPED, sandbox.id, sandbox.labels)

    def _remove(self, container: Container) -> None:
        container.kill()
        container.log.end()
        self._inventory.remove_container(container)
        self._turn.happened(EventType.REMOVED, container.id, container.labels)
