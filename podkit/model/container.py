"""A container: what runs, with which ports, mounts and rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.environment import EnvFromSource, EnvVar, as_env
from podkit.model.probe import Lifecycle, Probe
from podkit.model.resources import ContainerResizePolicy, ResourceRequirements
from podkit.model.security import SecurityContext

PullPolicy: TypeAlias = Literal["Always", "IfNotPresent", "Never"]
"""When an image is pulled."""

PortProtocol: TypeAlias = Literal["TCP", "UDP", "SCTP"]
"""The protocol of a port."""

ContainerRestartPolicy: TypeAlias = Literal["Always", "OnFailure", "Never"]
"""When a container that has ended starts again."""

TerminationMessagePolicy: TypeAlias = Literal["File", "FallbackToLogsOnError"]
"""Where the message of an ended container comes from: its file only, or else the end of its log if it failed."""

RecursiveReadOnlyMode: TypeAlias = Literal["Disabled", "IfPossible", "Enabled"]
"""Whether what is mounted below a read-only mount is read-only too."""

MountPropagationMode: TypeAlias = Literal["None", "HostToContainer", "Bidirectional"]
"""Whether later mounts are passed on: not at all, from the Node, or both ways."""

ContainerRestartRuleAction: TypeAlias = Literal["Restart", "RestartAllContainers"]
"""What a restart rule does: restart the container, or all of the Pod."""

SetOperator: TypeAlias = Literal["In", "NotIn"]
"""Whether a value must be in a set or must not."""


def _as_ports(ports: Iterable[int | ContainerPort]) -> list[ContainerPort]:
    return [ContainerPort(port) if isinstance(port, int) else port for port in ports] if ports else []


@define
class Container:
    """One container of a Pod: an image, what to run of it, and with what.

    Attributes:
        name: the name, unique among all containers of the Pod; it cannot be changed.
        image: the image, such as ``nginx:1.27``; a name without a tag means ``:latest``.
        image_pull_policy: when to pull the image. Default: Always for the tag ``latest``, else IfNotPresent.
        command: what to run, in place of the image's entrypoint; no shell is involved. ``$(NAME)`` is replaced
            from ``env``.
        args: the arguments, in place of the image's; ``$(NAME)`` is replaced from ``env``.
        working_dir: the directory to run in. Default: the image's.
        ports: the ports that the container listens on. A number stands for ``ContainerPort(number)``.
        env: the environment variables. A mapping of names to texts (or to EnvVarSource) may be given in place
            of the list.
        env_from: sources of whole sets of variables; ``env`` wins, then the later source.
        resources: how much CPU, memory and so on the container asks for and may use.
        resize_policy: whether the container must restart when a resource is resized.
        volume_mounts: where volumes of the Pod appear in the container's filesystem.
        volume_devices: which block devices the container gets.
        liveness_probe: the check that the container is well; it is restarted when that fails.
        readiness_probe: the check that the container can serve; it gets no traffic while that fails.
        startup_probe: the check that the container has started; the other probes wait for it.
        lifecycle: what to do right after the start and before the stop.
        restart_policy: when to restart this container; ``Always`` makes an init container a sidecar, which runs
            beside the others. Default: the Pod's.
        restart_policy_rules: exceptions from ``restart_policy`` by exit code; the first that matches decides.
        termination_message_path: the file whose content becomes the status message of the ended container.
            Default: /dev/termination-log.
        termination_message_policy: where that message comes from. Default: File.
        security_context: who the container runs as and what it may do; wins over the Pod's.
        stdin: whether the container has a standard input that one can attach to. Default: false.
        stdin_once: whether standard input is closed when the first one who attached to it leaves. Default: false.
        tty: whether the container has a terminal; needs ``stdin``. Default: false.

    Example:
        ::

            Container(
                "main",
                image="nginx:1.27",
                command=["nginx", "-g", "daemon off;"],
                env={"MODE": "prod"},
                ports=[80],
                volume_mounts=[VolumeMount("data", "/data")],
                resources=ResourceRequirements(limits={"memory": "128Mi"}),
            )
    """

    name: str
    image: str | None = None
    image_pull_policy: PullPolicy | None = None
    command: list[str] = field(factory=list)
    args: list[str] = field(factory=list)
    working_dir: str | None = None
    ports: list[ContainerPort] = field(factory=list, converter=_as_ports, metadata={"merge_key": "containerPort"})
    env: list[EnvVar] = field(factory=list, converter=as_env, metadata={"merge_key": "name"})
    env_from: list[EnvFromSource] = field(factory=list)
    resources: ResourceRequirements | None = None
    resize_policy: list[ContainerResizePolicy] = field(factory=list)
    volume_mounts: list[VolumeMount] = field(factory=list, metadata={"merge_key": "mountPath"})
    volume_devices: list[VolumeDevice] = field(factory=list, metadata={"merge_key": "devicePath"})
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    restart_policy: ContainerRestartPolicy | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(factory=list)
    termination_message_path: str | None = None
    termination_message_policy: TerminationMessagePolicy | None = None
    security_context: SecurityContext | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    tty: bool | None = None


@define
class EphemeralContainer:
    """A container that is added to a running Pod to look at it; it is never restarted and guarantees nothing.

    Attributes:
        name: the name, unique among all containers of the Pod.
        image: the image, such as ``busybox``.
        image_pull_policy: when to pull the image. Default: Always for the tag ``latest``, else IfNotPresent.
        command: what to run, in place of the image's entrypoint; no shell is involved.
        args: the arguments, in place of the image's.
        working_dir: the directory to run in. Default: the image's.
        target_container_name: the container whose processes this one shares. Default: only its own, or the
            Pod's if it shares them.
        ports: not allowed for ephemeral containers.
        env: the environment variables. A mapping of names to texts (or to EnvVarSource) may be given in place
            of the list.
        env_from: sources of whole sets of variables; ``env`` wins, then the later source.
        resources: not allowed for ephemeral containers.
        resize_policy: not allowed for ephemeral containers.
        volume_mounts: where volumes of the Pod appear in the container's filesystem.
        volume_devices: which block devices the container gets.
        liveness_probe: not allowed for ephemeral containers.
        readiness_probe: not allowed for ephemeral containers.
        startup_probe: not allowed for ephemeral containers.
        lifecycle: not allowed for ephemeral containers.
        restart_policy: not allowed for ephemeral containers.
        restart_policy_rules: not allowed for ephemeral containers.
        termination_message_path: the file whose content becomes the status message of the ended container.
            Default: /dev/termination-log.
        termination_message_policy: where that message comes from. Default: File.
        security_context: who the container runs as and what it may do.
        stdin: whether the container has a standard input that one can attach to. Default: false.
        stdin_once: whether standard input is closed when the first one who attached to it leaves. Default: false.
        tty: whether the container has a terminal; needs ``stdin``. Default: false.

    Example:
        ::

            pod = cluster.debug("pod/web", "busybox", name="tools", timeout=60)
            assert isinstance(pod.spec.ephemeral_containers[0], EphemeralContainer)
    """

    name: str
    image: str | None = None
    image_pull_policy: PullPolicy | None = None
    command: list[str] = field(factory=list)
    args: list[str] = field(factory=list)
    working_dir: str | None = None
    target_container_name: str | None = None
    ports: list[ContainerPort] = field(factory=list, converter=_as_ports, metadata={"merge_key": "containerPort"})
    env: list[EnvVar] = field(factory=list, converter=as_env, metadata={"merge_key": "name"})
    env_from: list[EnvFromSource] = field(factory=list)
    resources: ResourceRequirements | None = None
    resize_policy: list[ContainerResizePolicy] = field(factory=list)
    volume_mounts: list[VolumeMount] = field(factory=list, metadata={"merge_key": "mountPath"})
    volume_devices: list[VolumeDevice] = field(factory=list, metadata={"merge_key": "devicePath"})
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    restart_policy: ContainerRestartPolicy | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(factory=list)
    termination_message_path: str | None = None
    termination_message_policy: TerminationMessagePolicy | None = None
    security_context: SecurityContext | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    tty: bool | None = None


@define
class ContainerPort:
    """A port that a container listens on.

    Attributes:
        container_port: the port in the Pod's network, 1 to 65535.
        name: a name for the port, unique in the Pod, by which probes and Services can refer to it.
        protocol: the protocol. Default: TCP.
        host_port: the port of the Node that leads to it; with ``hostNetwork`` the same as ``container_port``.
            Default: none.
        host_ip: the address of the Node that ``host_port`` is bound to. Default: all.

    Example:
        ::

            ContainerPort(8080, name="http", host_port=80)
    """

    container_port: int
    name: str | None = None
    protocol: PortProtocol | None = None
    host_port: int | None = None
    host_ip: str | None = field(default=None, metadata={"json": "hostIP"})


@define
class VolumeMount:
    """Where a volume of the Pod appears in a container.

    Attributes:
        name: the name of the volume.
        mount_path: the path in the container; it must not contain a colon.
        sub_path: the path within the volume that is mounted, relative. Default: all of it.
        sub_path_expr: the same with ``$(NAME)`` replaced from the container's environment; excludes ``sub_path``.
        read_only: whether the container can only read it. Default: false.
        recursive_read_only: whether mounts below it are read-only too; needs ``read_only``. Default: Disabled.
        mount_propagation: whether later mounts are passed on from or to the Node. Default: None.

    Example:
        ::

            VolumeMount("data", "/data", read_only=True, sub_path="web")
    """

    name: str
    mount_path: str
    sub_path: str | None = None
    sub_path_expr: str | None = None
    read_only: bool | None = None
    recursive_read_only: RecursiveReadOnlyMode | None = None
    mount_propagation: MountPropagationMode | None = None


@define
class VolumeDevice:
    """Which block device a container gets from a claim.

    Attributes:
        name: the name of the volume, whose source is a claim in mode Block.
        device_path: the path of the device in the container.
    """

    name: str
    device_path: str


@define
class ContainerRestartRule:
    """What to do when a container ends in a certain way.

    Attributes:
        action: what to do.
        exit_codes: the exit codes that the rule is for.
    """

    action: ContainerRestartRuleAction
    exit_codes: ContainerRestartRuleOnExitCodes | None = None


@define
class ContainerRestartRuleOnExitCodes:
    """A set of exit codes, or all others.

    Attributes:
        operator: whether the exit code must be among the values or must not.
        values: the exit codes, at most 255 of them.
    """

    operator: SetOperator
    values: list[int] = field(factory=list)
