"""What a kubelet asks of a container engine, in the shape of Kubernetes' Container Runtime Interface (CRI).

A *sandbox* is what the containers of one Pod share: the network namespace with its address, the hostname, IPC. A
*container* lives in one sandbox, is started at most once, and is never restarted: the kubelet makes a new one for each
attempt. An engine neither restarts, probes nor removes anything by itself.

Everything is plain data (`podkit.runtime.data`) and one ``Protocol``. A call blocks until the engine has done it, except where
it says otherwise, and raises `podkit.errors.RuntimeUnavailable` when the engine cannot be asked and a
`podkit.errors.RuntimeFailed` (or one of its kinds) when it refuses. Calls may come from several threads at once.

What an engine holds is found again by labels alone, so that a kubelet that was killed can pick up where it was: whoever
makes a sandbox or a container passes the labels, and lists by them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Protocol, TypeAlias

from podkit.runtime.data import (
    NAMESPACE_SIZE,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ContainerStatus,
    Credentials,
    EventType,
    ExecResult,
    Forward,
    ImageMount,
    ImageStatus,
    LogEntry,
    MachineStats,
    Mount,
    PortMapping,
    ProcessUser,
    PullProgress,
    Resources,
    RuntimeEvent,
    SandboxConfig,
    SandboxStatus,
    SecurityConfig,
    VolumeStatus,
)
from podkit.runtime.info import RuntimeInfo
from podkit.runtime.labels import (
    ATTEMPT,
    CLAIM_NAME,
    CLAIM_NAMESPACE,
    CLAIM_UID,
    CONTAINER_NAME,
    IMAGE,
    NODE,
    NODE_ROOT,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    RESOURCES,
    SPEC_HASH,
    STOP_SIGNAL,
    USER_NAMESPACE,
)
from podkit.runtime.streams import Streams

__all__ = [
    "ATTEMPT",
    "CLAIM_NAME",
    "CLAIM_NAMESPACE",
    "CLAIM_UID",
    "CONTAINER_NAME",
    "IMAGE",
    "NAMESPACE_SIZE",
    "NODE",
    "NODE_ROOT",
    "POD_NAME",
    "POD_NAMESPACE",
    "POD_UID",
    "RESOURCES",
    "SPEC_HASH",
    "STOP_SIGNAL",
    "USER_NAMESPACE",
    "Closeable",
    "ContainerConfig",
    "ContainerState",
    "ContainerStats",
    "ContainerStatus",
    "Credentials",
    "EventType",
    "ExecResult",
    "Forward",
    "ImageMount",
    "ImageStatus",
    "LogEntry",
    "MachineStats",
    "Mount",
    "PortMapping",
    "ProcessUser",
    "PullListener",
    "PullProgress",
    "Resources",
    "Runtime",
    "RuntimeEvent",
    "RuntimeInfo",
    "SandboxConfig",
    "SandboxStatus",
    "SecurityConfig",
    "VolumeStatus",
]


PullListener: TypeAlias = Callable[[PullProgress], None]
"""Is told how far an image is being pulled."""


class Closeable(Protocol):
    """Something that is open until it is closed; closing twice does no harm."""

    def close(self) -> None:
        """End it and free what it holds."""


class Runtime(Protocol):
    """A container engine, as a kubelet sees it.

    Example:
        ::

            def describe(runtime: Runtime) -> str:
                info = runtime.info()
                return f"{info.name} {info.version}, lacking {sorted(info.lacking)}"
    """

    def info(self) -> RuntimeInfo:
        """What the engine is and can do."""

    def run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None = None) -> str:
        """Make a sandbox and bring up its network; return its id.

        A call that fails leaves nothing behind.

        Args:
            config: what it shall be.
            meanwhile: is called with its id, in the calling thread, as soon as containers can be made in it; they cannot be started
                before this returns. Bringing up the network takes long, and making a container then costs no time. Where a first
                try fails, it is called again with another id.

        Raises:
            PortInUse: a host port is taken.
        """

    def stop_sandbox(self, sandbox_id: str) -> None:
        """Kill what still runs in it and give back its address and ports. Stopping twice, or one that is gone, is no error."""

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove it with all of its containers, running or not. One that is gone is no error."""

    def sandboxes(self, labels: Mapping[str, str]) -> list[SandboxStatus]:
        """All sandboxes that carry these labels."""

    def inventory(self, labels: Mapping[str, str]) -> tuple[list[SandboxStatus], list[ContainerStatus]]:
        """All sandboxes and containers that carry these labels, for those who look often: it may cost half of asking for either.

        A sandbox that could not be made, and that has never held anything, may be missing.
        """

    def sandbox(self, sandbox_id: str) -> SandboxStatus:
        """One sandbox.

        Raises:
            ContainerNotFound: there is none.
        """

    def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Make a container, without starting it; return its id.

        Raises:
            ImageNotFound: the engine does not have the image.
            ContainerNotFound: there is no such sandbox.
        """

    def start_container(self, container_id: str) -> None:
        """Start its process.

        Raises:
            StartFailed: there is no such command, or it cannot be executed. The container stays, as exited, and says so.
        """

    def signal_container(self, container_id: str, signal: str) -> None:
        """Send a signal, such as ``SIGTERM``, to its first process; do not wait. One that has ended or is gone is no error."""

    def remove_container(self, container_id: str) -> None:
        """Remove it, killing it first if it runs. One that is gone is no error."""

    def containers(self, labels: Mapping[str, str]) -> list[ContainerStatus]:
        """The full status of all containers (not of the engine's own pause processes) that carry these labels."""

    def container(self, container_id: str) -> ContainerStatus:
        """One container.

        Raises:
            ContainerNotFound: there is none.
        """

    def update_resources(self, container_id: str, resources: Resources) -> None:
        """Change what a running container may use, in place; ``oom_score_adj`` stays as it is.

        What is None or 0 in ``resources`` is left as it is too. Where limits have no effect at all (``limits_enforced``) this has
        none either.

        Raises:
            ContainerNotFound: there is none.
            RuntimeFailed: it cannot be, for example because it uses more memory than that now.
        """

    def update_sandbox_resources(self, sandbox_id: str, resources: Resources) -> None:
        """Change what a sandbox as a whole may use, in place; the same as `update_resources` otherwise."""

    def create_volume(self, name: str, labels: Mapping[str, str]) -> VolumeStatus:
        """Make a volume that is empty, unless it is there already.

        Raises:
            RuntimeFailed: there is one of this name with other labels.
        """

    def remove_volume(self, name: str) -> None:
        """Remove a volume with all that is in it. One that is gone is no error."""

    def volumes(self, labels: Mapping[str, str]) -> list[VolumeStatus]:
        """All volumes that carry these labels."""

    def write_volume(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive in a volume, with owners and modes as it says; ``.`` is the volume itself.

        What is there under the same names is replaced, each by itself; all else stays.

        Raises:
            RuntimeFailed: there is no such volume, or the archive cannot be unpacked.
        """

    def read_volume(self, name: str, path: str) -> bytes | None:
        """A file or directory of a volume as a tar archive, following a link; None if there is none.

        Raises:
            RuntimeFailed: there is no such volume.
        """

    def volume_mode(self, name: str) -> int:
        """The permission bits of a volume itself.

        Raises:
            RuntimeFailed: there is no such volume.
        """

    def image(self, reference: str) -> ImageStatus | None:
        """An image that the engine has; None if it does not. Does not ask a registry."""

    def pull_image(
        self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
    ) -> ImageStatus:
        """Fetch an image from its registry, or see that what is here is what is there.

        Args:
            reference: which image.
            credentials: how to log in to the registry; None: as the engine is configured.
            tell: is told now and then how far it is, in the thread of the caller; never of what is there soon, or already.

        Raises:
            ImageNotFound: the registry has no such image.
            ImagePullFailed: the registry does not answer, refuses, or the transfer broke.
        """

    def exec(
        self,
        container_id: str,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a command in a running container, until it has ended.

        Args:
            container_id: which container.
            argv: the command and its arguments; no shell is involved.
            stdin: what it reads; None: nothing.
            timeout: seconds after which it is killed; None: no limit.

        Raises:
            ContainerNotFound: there is no such container, or it does not run.
        """

    def open_exec(self, container_id: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False) -> Streams:
        """Run a command in a running container, and talk with it while it runs.

        Args:
            container_id: which container.
            argv: the command and its arguments; no shell is involved.
            stdin: whether it has an open input.
            tty: whether it has a terminal.

        Raises:
            ContainerNotFound: there is no such container, or it does not run.
        """

    def attach(self, container_id: str, *, stdin: bool = False, stdin_once: bool = False) -> Streams:
        """Attach to the streams of a container's first process, from now on.

        Args:
            container_id: which container.
            stdin: whether to send input; the container must have been made with an open input.
            stdin_once: whether its input ends with the conversation; else it stays open.

        Raises:
            ContainerNotFound: there is no such container, or it does not run.
        """

    def connect(
        self, sandbox_id: str, port: int, *, timeout: float | None = None, host: str | None = None
    ) -> socket.socket:
        """Open a TCP connection to a port of a sandbox, whether or not its address can be reached from here.

        Args:
            sandbox_id: which sandbox.
            port: the port inside.
            timeout: seconds that it may take, and that later reads and writes may take; None: no limit.
            host: the address to connect to, as seen from inside, such as ``127.0.0.1``; None: the sandbox's own.

        Raises:
            OSError: nobody listens there, or does not answer in time (as `socket.create_connection`).
            ContainerNotFound: there is no such sandbox, or it has no network any more.
        """

    def bind(self, sandbox_id: str, host: str, port: int) -> tuple[socket.socket, socket.socket]:
        """Open a port inside a sandbox, for this process to serve it: a socket for datagrams, and one that listens for streams.

        As long as they are open, the sandbox's network stays in being. Only where the engine is `RuntimeInfo.sandboxes_enterable`.

        Args:
            sandbox_id: which sandbox.
            host: the address inside.
            port: the port inside.

        Raises:
            OSError: the port is taken, or may not be opened.
            ContainerNotFound: there is no such sandbox, or it has no network any more.
        """

    def forward(self, sandbox_id: str, forwards: Sequence[Forward]) -> None:
        """Let addresses lead elsewhere for what runs in a sandbox. It lasts as long as the sandbox does.

        Only where the engine says `RuntimeInfo.addresses_translated`.

        Args:
            sandbox_id: which sandbox.
            forwards: the addresses, in place of those of the last call.

        Raises:
            ContainerNotFound: there is no such sandbox, or it has no network any more.
        """

    def logs(
        self,
        container_id: str,
        *,
        follow: bool = False,
        since: datetime | None = None,
        tail: int | None = None,
    ) -> Iterator[LogEntry]:
        """What a container has written, oldest first.

        Args:
            container_id: which container; it may have ended.
            follow: go on until the container has ended and all is read; closing the iterator ends it earlier.
            since: only what was written at or after this time.
            tail: only this many of the last lines.
        """

    def stats(self, container_id: str) -> ContainerStats:
        """What a running container uses now.

        Raises:
            ContainerNotFound: there is none that runs.
            RuntimeFailed: this engine cannot tell (``stats_available``).
        """

    def machine_stats(self) -> MachineStats:
        """What its machine has left now."""

    def storage_used(self, container_id: str) -> int:
        """Bytes on disk of what a container has written into its own files, and of its log; volumes are not among them.

        Raises:
            ContainerNotFound: there is none.
        """

    def put_archive(self, container_id: str, path: str, archive: bytes | BinaryIO) -> None:
        """Unpack a tar archive at a directory of a container. It may be a file that is open and has nothing after the archive."""

    def get_archive(self, container_id: str, path: str) -> bytes:
        """A file or directory of a container as a tar archive."""

    def read_archive(self, container_id: str, path: str, sink: BinaryIO) -> None:
        """Write a file or directory of a container to a file, as a tar archive, however big it is."""

    def is_directory(self, container_id: str, path: str) -> bool | None:
        """Whether there is a directory at a path of a container, following links; False: something else; None: nothing.

        Raises:
            ContainerNotFound: there is no such container.
        """

    def subscribe(self, labels: Mapping[str, str], handler: Callable[[RuntimeEvent], None]) -> Closeable:
        """Call ``handler`` whenever something happens to what carries these labels, until the answer is closed.

        The handler is called from a thread of the runtime's, must not block, and must not call the runtime. Events come
        soon, may come twice, and after a break of the connection an event ``LOST`` comes.
        """

    def close(self) -> None:
        """Free connections, threads and processes of this object. What runs in the engine goes on."""
