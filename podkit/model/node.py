"""Nodes: where Pods run."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import ObjectMeta
from podkit.model.scalars import Int64, QuantityText


@define
class NodeSpec:
    """The Kubernetes NodeSpec."""

    pod_cidr: str | None = field(default=None, metadata={"json": "podCIDR"})
    pod_cidrs: list[str] = field(factory=list, metadata={"json": "podCIDRs"})
    provider_id: str | None = field(default=None, metadata={"json": "providerID"})
    unschedulable: bool | None = None
    taints: list[Taint] = field(factory=list)
    config_source: NodeConfigSource | None = None
    external_id: str | None = field(default=None, metadata={"json": "externalID"})


@define
class NodeStatus:
    """The Kubernetes NodeStatus."""

    capacity: dict[str, QuantityText] = field(factory=dict)
    allocatable: dict[str, QuantityText] = field(factory=dict)
    phase: str | None = None
    conditions: list[NodeCondition] = field(factory=list, metadata={"merge_key": "type"})
    addresses: list[NodeAddress] = field(factory=list, metadata={"merge_key": "type"})
    daemon_endpoints: NodeDaemonEndpoints | None = None
    node_info: NodeSystemInfo | None = None
    images: list[ContainerImage] = field(factory=list)
    volumes_in_use: list[str] = field(factory=list)
    volumes_attached: list[AttachedVolume] = field(factory=list)
    config: NodeConfigStatus | None = None
    runtime_handlers: list[NodeRuntimeHandler] = field(factory=list)
    features: NodeFeatures | None = None
    declared_features: list[str] = field(factory=list)


@define
class Node:
    """The Kubernetes Node."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Node", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: NodeSpec = field(factory=NodeSpec)
    status: NodeStatus = field(factory=NodeStatus)


@define
class Taint:
    """The Kubernetes Taint."""

    key: str
    effect: str
    value: str | None = None
    time_added: datetime | None = None


@define
class NodeCondition:
    """The Kubernetes NodeCondition."""

    type: str
    status: str
    last_heartbeat_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class NodeAddress:
    """The Kubernetes NodeAddress."""

    type: str
    address: str


@define
class NodeSystemInfo:
    """The Kubernetes NodeSystemInfo."""

    machine_id: str = field(metadata={"json": "machineID"})
    system_uuid: str = field(metadata={"json": "systemUUID"})
    boot_id: str = field(metadata={"json": "bootID"})
    kernel_version: str
    os_image: str
    container_runtime_version: str
    kubelet_version: str
    kube_proxy_version: str
    operating_system: str
    architecture: str
    swap: NodeSwapStatus | None = None


@define
class NodeSwapStatus:
    """The Kubernetes NodeSwapStatus."""

    capacity: Int64 | None = None


@define
class NodeDaemonEndpoints:
    """The Kubernetes NodeDaemonEndpoints."""

    kubelet_endpoint: DaemonEndpoint | None = None


@define
class DaemonEndpoint:
    """The Kubernetes DaemonEndpoint."""

    port: int = field(metadata={"json": "Port"})


@define
class ContainerImage:
    """The Kubernetes ContainerImage."""

    names: list[str] = field(factory=list)
    size_bytes: Int64 | None = None


@define
class AttachedVolume:
    """The Kubernetes AttachedVolume."""

    name: str
    device_path: str


@define
class NodeConfigSource:
    """The Kubernetes NodeConfigSource."""

    config_map: ConfigMapNodeConfigSource | None = None


@define
class ConfigMapNodeConfigSource:
    """The Kubernetes ConfigMapNodeConfigSource."""

    name: str
    namespace: str
    kubelet_config_key: str
    uid: str | None = None
    resource_version: str | None = None


@define
class NodeConfigStatus:
    """The Kubernetes NodeConfigStatus."""

    assigned: NodeConfigSource | None = None
    active: NodeConfigSource | None = None
    last_known_good: NodeConfigSource | None = None
    error: str | None = None


@define
class NodeRuntimeHandler:
    """The Kubernetes NodeRuntimeHandler."""

    name: str | None = None
    features: NodeRuntimeHandlerFeatures | None = None


@define
class NodeRuntimeHandlerFeatures:
    """The Kubernetes NodeRuntimeHandlerFeatures."""

    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


@define
class NodeFeatures:
    """The Kubernetes NodeFeatures."""

    supplemental_groups_policy: bool | None = None
