"""What a kubelet asks of a container engine, in the shape of Kubernetes' Container Runtime Interface (CRI).

A *sandbox* is what the containers of one Pod share: the network namespace with its address, the hostname, IPC. A
*container* lives in one sandbox, is started at most once, and is never restarted: the kubelet makes a new one for each
attempt. An engine neither restarts, probes nor removes anything by itself.

Everything here is plain data and one ``Protocol``. A call blocks until the engine has done it, except where it says
otherwise, and raises `podkit.errors.RuntimeUnavailable` when the engine cannot be asked and a
`podkit.errors.RuntimeFailed` (or one of its kinds) when it refuses. Calls may come from several threads at once.

What an engine holds is found again by labels alone, so that a kubelet that was killed can pick up where it was: whoever
makes a sandbox or a container passes the labels, and lists by them.
"""

from __future__ import annotations

import enum
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, fields, frozen

from podkit.runtime.streams import Streams

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
NODE = "io.podkit.node"
"""The id of the node (one per root directory) whose kubelet made it: podkit touches nothing that carries another."""
NODE_ROOT = "io.podkit.node-root"
"""The node's root directory, where the lock of its owner lies."""
ATTEMPT = "io.podkit.attempt"
SPEC_HASH = "io.podkit.spec-hash"
RESOURCES = "io.podkit.resources"
"""The requests and limits that a container was made with, or a sandbox as a whole, as JSON."""
STOP_SIGNAL = "io.podkit.stop-signal"
"""The signal that tells a container to end, so that it is known also when its Pod and its image are not there any more."""
CLAIM_NAME = "io.podkit.claim.name"
"""On a volume, the claim for which it was made, with `CLAIM_NAMESPACE` and `CLAIM_UID`."""
CLAIM_NAMESPACE = "io.podkit.claim.namespace"
CLAIM_UID = "io.podkit.claim.uid"
IMAGE = "io.podkit.image"
"""The name of a container's image, as its Pod's status tells it: the container itself is made from the image's id."""


USER_NAMESPACE = "io.podkit.user-namespace"
"""On a sandbox with a user namespace of its own, the user of the machine that its 0 is."""
NAMESPACE_SIZE = 65536
"""How many users and groups a user namespace has."""


@frozen
class RuntimeInfo:
    """What the engine is and what it can do.

    What it can do are the attributes that are True by default: its capabilities.

    Attributes:
        name: the engine's name, such as ``podman``.
        version: its version.
        cpus: processors of the machine that it runs on.
        memory: bytes of memory of that machine.
        addresses: addresses of that machine, IPv4 first; what a Pod's ``status.hostIPs`` says.
        rootless: whether it runs as an unprivileged user.
        limits_enforced: whether cpu and memory limits take effect (not so without cgroup delegation).
        pods_reachable: whether this process can open connections to a sandbox's address.
        connects: whether `Runtime.connect` works, by whatever way.
        shares_files: whether paths of the engine's machine are paths of this one.
        stats_available: whether `Runtime.stats` can tell what a container uses (not so for a user on cgroup version 1).
        as_owner: what comes before a command line so that it runs as root of the users of containers; empty: root is the machine's.
        sized_memory: whether the kernel holds volumes in memory to their size; else a Pod that outgrows one is evicted.
        sandboxes_enterable: whether this process can enter the networks of sandboxes (`Runtime.bind`).
        addresses_translated: whether addresses can be made to lead elsewhere there (`Runtime.forward`).
        operating_system: such as ``linux``.
        architecture: as Go names it, such as ``amd64``.
        kernel: the kernel's version.
        runtime_handlers: the OCI runtimes that containers can be run by, such as ``crun``, the default one first.
        seccomp: whether system calls can be filtered.
        user_namespaces: whether sandboxes can have user namespaces of their own, with mounts whose owners are translated.
        apparmor: whether the machine has AppArmor, and the engine may use it.
        selinux: whether the machine has SELinux.
    """

    name: str
    version: str
    cpus: int
    memory: int
    addresses: tuple[str, ...] = ("127.0.0.1",)
    rootless: bool = False
    limits_enforced: bool = True
    pods_reachable: bool = True
    connects: bool = True
    shares_files: bool = True
    stats_available: bool = True
    sized_memory: bool = True
    as_owner: tuple[str, ...] = ()
    sandboxes_enterable: bool = True
    addresses_translated: bool = True
    operating_system: str = "linux"
    architecture: str = "amd64"
    kernel: str = ""
    runtime_handlers: tuple[str, ...] = ()
    seccomp: bool = True
    user_namespaces: bool = True
    apparmor: bool = False
    selinux: bool = False

    @property
    def release(self) -> tuple[int, ...]:
        """The first two numbers of the version, to compare with."""
        return tuple(int(number) for number in re.findall(r"[0-9]+", self.version)[:2])

    @property
    def lacking(self) -> frozenset[str]:
        """The capabilities that it does not have, by the names of the attributes."""
        return frozenset(one.name for one in fields(type(self)) if one.default is True and not getattr(self, one.name))


@frozen
class PortMapping:
    """A port of the machine that leads to a port of a sandbox.

    Attributes:
        container_port: the port inside.
        host_port: the port of the machine.
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        host_ip: the one address of the machine where it is opened; empty means all.
    """

    container_port: int
    host_port: int
    protocol: str = "TCP"
    host_ip: str = ""


@frozen
class Forward:
    """An address that is no machine's, and leads to others.

    Attributes:
        protocol: ``TCP`` or ``UDP``.
        address: the IPv4 address.
        port: the port there.
        targets: addresses and ports, one of which each connection gets; none: connections are refused.
    """

    protocol: str
    address: str
    port: int
    targets: tuple[tuple[str, int], ...] = ()


@frozen
class Resources:
    """What a container, or a sandbox as a whole, may use, in the kernel's terms; None or 0 leaves a thing unlimited.

    Attributes:
        cpu_period: microseconds.
        cpu_quota: microseconds of processor time per period.
        cpu_shares: relative weight.
        memory_limit: bytes; there is no swap beside it.
        pids_limit: processes and threads.
        oom_score_adj: -1000 to 1000.
    """

    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_shares: int = 0
    memory_limit: int = 0
    pids_limit: int = 0
    oom_score_adj: int | None = None


@frozen
class SandboxConfig:
    """What a sandbox shall be.

    Attributes:
        name: the engine's name for it; unique in the engine.
        hostname: what its containers see as their hostname.
        labels: what it is found by.
        port_mappings: host ports.
        host_network: use the machine's network instead of an own one.
        host_pid: see all processes of the machine.
        host_ipc: share the machine's IPC.
        share_process_namespace: the containers see each other's processes.
        sysctls: kernel parameters of its namespaces.
        dns_servers: name servers for its resolver, with ``dns_searches`` and ``dns_options``; all empty: the machine's.
        dns_searches: search domains.
        dns_options: resolver options, such as ``ndots:2``.
        resources: what its containers may use together, whatever each may by itself.
        user_namespace: for a user namespace of its own, the user and group of the machine that its 0 is; `NAMESPACE_SIZE` of them
            belong to it. None: that of the engine.
    """

    name: str
    hostname: str
    labels: Mapping[str, str]
    port_mappings: Sequence[PortMapping] = ()
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    share_process_namespace: bool = False
    sysctls: Mapping[str, str] = field(factory=dict)
    dns_servers: Sequence[str] = ()
    dns_searches: Sequence[str] = ()
    dns_options: Sequence[str] = ()
    resources: Resources = Resources()
    user_namespace: int | None = None


@frozen
class SandboxStatus:
    """What a sandbox is now.

    Attributes:
        id: the engine's id.
        name: the engine's name for it.
        labels: those of its config.
        ready: whether its network stands and its containers can run.
        ips: its addresses, the primary one first; the machine's with host network; empty while it has none.
        created_at: when it was made.
    """

    id: str
    name: str
    labels: Mapping[str, str]
    ready: bool
    ips: tuple[str, ...]
    created_at: datetime


@frozen
class Mount:
    """A file or directory of the machine that a container sees.

    Attributes:
        source: its absolute path on the machine; it must exist.
        destination: its absolute path in the container.
        read_only: whether the container may not write to it.
        propagation: how later mounts below it propagate: ``private``, ``rslave`` or ``rshared``.
        relabel: whether the engine shall give it, with all that is in it, the SELinux label that the containers of the sandbox may
            use; for what the kubelet made itself, never for a directory of the machine. Without SELinux it does nothing.
        translated: whether its files belong, as the container sees them, to the users of its user namespace of the same numbers.
    """

    source: str
    destination: str
    read_only: bool = False
    propagation: str = "private"
    relabel: bool = False
    translated: bool = False


@frozen
class ImageMount:
    """The files of an image that a container sees, read-only.

    Attributes:
        image: reference or id of an image that the engine has.
        destination: its absolute path in the container.
        sub_path: the directory of the image that is mounted, relative; empty: all of it.
    """

    image: str
    destination: str
    sub_path: str = ""


@frozen
class VolumeStatus:
    """A directory that the engine keeps until it is told to remove it, whoever uses it.

    Attributes:
        name: its name, unique in the engine.
        labels: what it is found by.
        path: where it lies on the engine's machine: good as the source of a mount.
    """

    name: str
    labels: Mapping[str, str]
    path: str


@frozen
class SecurityConfig:
    """Who a container runs as, and what it may do.

    Attributes:
        user: numeric user id; None: what the image says.
        username: a user's name as the image knows it, where there is no ``user``.
        group: numeric primary group id; None: what the image says.
        supplemental_groups: further group ids.
        image_groups: whether the groups count too that the image's ``/etc/group`` says the user is in.
        privileged: all capabilities and devices of the machine.
        add_capabilities: beside the engine's default; without the ``CAP_`` prefix; ``ALL`` for all.
        drop_capabilities: from the engine's default.
        no_new_privileges: a program cannot gain privileges by executing another one.
        read_only_root: the root filesystem cannot be written.
        seccomp: None for the engine's default, ``unconfined``, or the absolute path of a profile.
        apparmor: None for the engine's default, ``unconfined``, or the name of a loaded profile.
        selinux: options such as ``{"level": "s0:c1,c2"}``.
        unmasked: whether the engine shall leave ``/proc`` unmasked.
    """

    user: int | None = None
    username: str | None = None
    group: int | None = None
    supplemental_groups: Sequence[int] = ()
    image_groups: bool = True
    privileged: bool = False
    add_capabilities: Sequence[str] = ()
    drop_capabilities: Sequence[str] = ()
    no_new_privileges: bool = False
    read_only_root: bool = False
    seccomp: str | None = None
    apparmor: str | None = None
    selinux: Mapping[str, str] = field(factory=dict)
    unmasked: bool = False


@frozen
class ContainerConfig:
    """What a container shall be.

    Attributes:
        name: the engine's name for it; unique in the engine.
        image: reference or id of an image that the engine has.
        labels: what it is found by.
        command: replaces the image's entrypoint; None keeps it.
        args: replaces the image's command; None keeps it, unless ``command`` is given: then there are none.
        env: the environment beside the image's own.
        working_dir: None: the image's. It is created if it does not exist.
        mounts: in the order in which they are mounted.
        image_mounts: images of which it sees the files.
        security: who it runs as and what it may do.
        resources: its limits.
        stdin: whether it has an open standard input to which one can attach.
        stdin_once: whether that is closed after the first attached client has gone.
        tty: whether it has a terminal.
        target: the id of a container of the same sandbox whose processes it sees.
        host_ipc: share the machine's IPC, as the sandbox says.
    """

    name: str
    image: str
    labels: Mapping[str, str]
    command: Sequence[str] | None = None
    args: Sequence[str] | None = None
    env: Mapping[str, str] = field(factory=dict)
    working_dir: str | None = None
    mounts: Sequence[Mount] = ()
    image_mounts: Sequence[ImageMount] = ()
    security: SecurityConfig = field(factory=SecurityConfig)
    resources: Resources = field(factory=Resources)
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    target: str | None = None
    host_ipc: bool = False


class ContainerState(enum.StrEnum):
    """The life of a container; it never goes back."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"
    UNKNOWN = "unknown"
    """The engine cannot say, for example because its monitor process has died."""


@frozen
class ProcessUser:
    """Whom a process runs as, in the numbers of its container.

    Attributes:
        user: its user id.
        group: its primary group id.
        groups: all of its group ids, the primary one first, the others in order.
    """

    user: int
    group: int
    groups: tuple[int, ...]


@frozen
class ContainerStatus:
    """What a container is now.

    Attributes:
        id: the engine's id.
        name: the engine's name for it.
        sandbox_id: where it lives.
        labels: those of its config.
        state: where it is in its life.
        image: the reference of its image.
        image_id: the id of its image.
        created_at: when it was made.
        started_at: when its process started; None: it never did.
        finished_at: when its process ended; None: it has not. Never before ``started_at``.
        exit_code: 0 to 255, with 128+n for a process that signal n ended; None: it has not ended.
        oom_killed: whether the kernel killed it, or a process of it, for lack of memory.
        error: why it could not be started, in the engine's words; empty otherwise.
        pid: its first process as the machine sees it; 0 when there is none or it is not known.
        user: whom its first process started as; None: it has not started, or that is not known.
    """

    id: str
    name: str
    sandbox_id: str
    labels: Mapping[str, str]
    state: ContainerState
    image: str
    image_id: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    pid: int = 0
    user: ProcessUser | None = None


@frozen
class ImageStatus:
    """An image that the engine has.

    Attributes:
        id: the engine's id, ``sha256:…``.
        tags: its names with tags.
        digests: its names with digests (``repository@sha256:…``).
        size: bytes.
        user: the user that it says its processes run as: empty, a number, a name, or ``user:group``.
        entrypoint: what it runs.
        command: the default arguments.
        env: its environment.
        working_dir: where its processes start.
        stop_signal: how it wants to be stopped; empty: SIGTERM.
    """

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(factory=dict)
    working_dir: str = ""
    stop_signal: str = ""


@frozen
class Credentials:
    """How to log in to a registry."""

    username: str
    password: str = field(repr=False)


@frozen
class ExecResult:
    """What a command that was run in a container has come to.

    Attributes:
        exit_code: its exit code; 126 or 127 when it could not be run (``stderr`` says why); None when it was ended at the timeout.
        stdout: what it wrote.
        stderr: what it wrote to the error stream.
    """

    exit_code: int | None
    stdout: bytes = b""
    stderr: bytes = b""


@frozen
class LogEntry:
    """A line (or with a very long line, a part of it) that a container wrote.

    Attributes:
        time: when.
        stream: ``stdout`` or ``stderr``.
        content: the bytes, with the newline if there was one.
    """

    time: datetime
    stream: str
    content: bytes


@frozen
class ContainerStats:
    """What a container uses.

    Attributes:
        cpu_seconds: processor time since its start.
        memory_bytes: memory in use now.
        processes: how many processes and threads it has now.
    """

    cpu_seconds: float
    memory_bytes: int
    processes: int = 0


@frozen
class MachineStats:
    """What the machine of an engine has left; None: that is not known.

    Attributes:
        memory_available: bytes of memory that programs can still have, without swap.
        processes_available: how many processes and threads there can still be.
        processes: how many there can be at all.
        storage_available: bytes that are free on the disk of images and of what containers write to their own files.
        storage: bytes of that disk.
    """

    memory_available: int | None = None
    processes_available: int | None = None
    processes: int | None = None
    storage_available: int | None = None
    storage: int | None = None


class EventType(enum.StrEnum):
    """What can happen to a container or sandbox."""

    STARTED = "started"
    EXITED = "exited"
    REMOVED = "removed"
    SANDBOX_STOPPED = "sandbox-stopped"
    LOST = "lost"
    """Events may have been lost: everything should be listed again. It carries no labels."""


@frozen
class RuntimeEvent:
    """A hint that something has happened; the truth is what a status says.

    Attributes:
        type: what has happened.
        id: the container's or sandbox's id; empty with ``LOST``.
        labels: the labels of the container or sandbox, as far as the engine tells them.
    """

    type: EventType
    id: str = ""
    labels: Mapping[str, str] = field(factory=dict)


class Closeable(Protocol):
    """Something that is open until it is closed; closing twice does no harm."""

    def close(self) -> None:
        """End it and free what it holds."""


class Runtime(Protocol):
    """A container engine, as a kubelet sees it."""

    def info(self) -> RuntimeInfo:
        """What the engine is and can do."""

    def run_sandbox(self, config: SandboxConfig) -> str:
        """Make a sandbox and bring up its network; return its id.

        A call that fails leaves nothing behind.

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
        """All sandboxes and containers that carry these labels, for who looks often: it may cost half of asking for either.

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

    def pull_image(self, reference: str, credentials: Credentials | None = None) -> ImageStatus:
        """Fetch an image from its registry, or see that what is here is what is there.

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

    def put_archive(self, container_id: str, path: str, archive: bytes) -> None:
        """Unpack a tar archive at a directory of a container."""

    def get_archive(self, container_id: str, path: str) -> bytes:
        """A file or directory of a container as a tar archive."""

    def subscribe(self, labels: Mapping[str, str], handler: Callable[[RuntimeEvent], None]) -> Closeable:
        """Call ``handler`` whenever something happens to what carries these labels, until the answer is closed.

        The handler is called from a thread of the runtime's, must not block, and must not call the runtime. Events come
        soon, may come twice, and after a break of the connection an event ``LOST`` comes.
        """

    def close(self) -> None:
        """Free connections, threads and processes of this object. What runs in the engine goes on."""
