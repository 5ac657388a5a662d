"""What a kubelet and a container engine tell each other, as plain data; see `podkit.runtime.base`."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import asdict, evolve, field, frozen

NAMESPACE_SIZE = 65536
"""How many users and groups a user namespace has."""


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

    def changed_by(self, update: Resources) -> Resources:
        """What is in force after an update of what runs: what the update leaves out stays, and so does ``oom_score_adj``."""
        given = asdict(update, filter=lambda attribute, value: bool(value) and attribute.name != "oom_score_adj")
        return evolve(self, **given)


@frozen
class SandboxConfig:
    """The configuration of a sandbox.

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
    """The configuration of a container.

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
class PullProgress:
    """How far an image is being pulled.

    Attributes:
        current: bytes that have come, as the registry sends them (mostly compressed).
        total: bytes of those parts of the image of which the engine has told the size. It grows as further parts are begun.

    Example:
        ::

            def tell(progress: Progress) -> None:
                for one in progress.objects:
                    for image, pull in one.pulled.items():
                        print(f"{image}: {pull.current} of {pull.total} bytes")

            with Cluster(progress=tell) as cluster:
                cluster.run(job)
    """

    current: int
    total: int


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
