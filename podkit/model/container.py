"""A container: what runs, with which ports, mounts and rules."""

from __future__ import annotations

from attrs import define, field

from podkit.model.environment import EnvFromSource, EnvVar
from podkit.model.probe import Lifecycle, Probe
from podkit.model.resources import ContainerResizePolicy, ResourceRequirements
from podkit.model.security import SecurityContext


@define
class Container:
    """The Kubernetes Container."""

    name: str
    image: str | None = None
    command: list[str] = field(factory=list)
    args: list[str] = field(factory=list)
    env: list[EnvVar] = field(factory=list, metadata={"merge_key": "name"})
    env_from: list[EnvFromSource] = field(factory=list)
    image_pull_policy: str | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: list[ContainerPort] = field(factory=list, metadata={"merge_key": "containerPort"})
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = field(factory=list)
    resources: ResourceRequirements | None = None
    restart_policy: str | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(factory=list)
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    termination_message_path: str | None = None
    termination_message_policy: str | None = None
    tty: bool | None = None
    volume_devices: list[VolumeDevice] = field(factory=list, metadata={"merge_key": "devicePath"})
    volume_mounts: list[VolumeMount] = field(factory=list, metadata={"merge_key": "mountPath"})
    working_dir: str | None = None


@define
class EphemeralContainer:
    """The Kubernetes EphemeralContainer."""

    name: str
    image: str | None = None
    command: list[str] = field(factory=list)
    args: list[str] = field(factory=list)
    env: list[EnvVar] = field(factory=list, metadata={"merge_key": "name"})
    env_from: list[EnvFromSource] = field(factory=list)
    image_pull_policy: str | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: list[ContainerPort] = field(factory=list, metadata={"merge_key": "containerPort"})
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = field(factory=list)
    resources: ResourceRequirements | None = None
    restart_policy: str | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(factory=list)
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    target_container_name: str | None = None
    termination_message_path: str | None = None
    termination_message_policy: str | None = None
    tty: bool | None = None
    volume_devices: list[VolumeDevice] = field(factory=list, metadata={"merge_key": "devicePath"})
    volume_mounts: list[VolumeMount] = field(factory=list, metadata={"merge_key": "mountPath"})
    working_dir: str | None = None


@define
class ContainerPort:
    """The Kubernetes ContainerPort."""

    container_port: int
    name: str | None = None
    host_ip: str | None = field(default=None, metadata={"json": "hostIP"})
    host_port: int | None = None
    protocol: str | None = None


@define
class VolumeMount:
    """The Kubernetes VolumeMount."""

    name: str
    mount_path: str
    mount_propagation: str | None = None
    read_only: bool | None = None
    recursive_read_only: str | None = None
    sub_path: str | None = None
    sub_path_expr: str | None = None


@define
class VolumeDevice:
    """The Kubernetes VolumeDevice."""

    name: str
    device_path: str


@define
class ContainerRestartRule:
    """The Kubernetes ContainerRestartRule."""

    action: str
    exit_codes: ContainerRestartRuleOnExitCodes | None = None


@define
class ContainerRestartRuleOnExitCodes:
    """The Kubernetes ContainerRestartRuleOnExitCodes."""

    operator: str
    values: list[int] = field(factory=list)
