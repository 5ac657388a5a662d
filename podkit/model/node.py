"""Nodes: where Pods run."""

from __future__ import annotations

from datetime import datetime

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta
from podkit.model.scalars import Int64, QuantityText
from podkit.model.scheduling import TaintEffect


@define
class NodeSpec:
    """What is desired of a Node.

    Attributes:
        pod_cidr: the network of its Pods.
        pod_cidrs: the networks of its Pods, at most one a family.
        provider_id: its identity with the cloud that it is of.
        unschedulable: whether no new Pods may be bound to it (``kubectl cordon``). Default: false.
        taints: what keeps Pods away that do not tolerate it.
        config_source: no longer used by Kubernetes.
        external_id: no longer used by Kubernetes.
    """

    pod_cidr: str | None = field(default=None, metadata={"json": "podCIDR"})
    pod_cidrs: list[str] = field(factory=list, metadata={"json": "podCIDRs"})
    provider_id: str | None = field(default=None, metadata={"json": "providerID"})
    unschedulable: bool | None = None
    taints: list[Taint] = field(factory=list)
    config_source: NodeConfigSource | None = None
    external_id: str | None = field(default=None, metadata={"json": "externalID"})


@define
class NodeStatus:
    """What a Node has and how it is.

    Attributes:
        capacity: the resources that it has.
        allocatable: those of them that Pods may use.
        phase: no longer used by Kubernetes.
        conditions: the state, aspect by aspect.
        addresses: how it is reached.
        daemon_endpoints: where its daemons listen.
        node_info: what system it is.
        images: the container images that it has.
        volumes_in_use: volumes that are mounted on it.
        volumes_attached: volumes that are attached to it.
        runtime_handlers: what its container runtimes can do.
        features: what its container runtime can do.
        declared_features: features that the kubelet declares, sorted.
        config: no longer used by Kubernetes.
    """

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
    runtime_handlers: list[NodeRuntimeHandler] = field(factory=list)
    features: NodeFeatures | None = None
    declared_features: list[str] = field(factory=list)
    config: NodeConfigStatus | None = None


@define
class Node:
    """Where Pods run.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Node``.
        metadata: name, labels and so on.
        spec: what is desired.
        status: what it has and how it is.

    Example:
        ::

            node = cluster.get(Node, "node-1")
            print(node.status.capacity, [condition.type for condition in node.status.conditions if condition.status == "True"])
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Node", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: NodeSpec = field(factory=NodeSpec)
    status: NodeStatus = field(factory=NodeStatus)


@define
class Taint:
    """Keeps Pods away from a Node that do not tolerate it.

    Attributes:
        key: its key.
        effect: what it does to Pods that do not tolerate it.
        value: its value. Default: empty.
        time_added: when it was added; only for NoExecute.

    Example:
        ::

            Taint(key="disk", value="slow", effect="NoSchedule")
    """

    key: str
    effect: TaintEffect
    value: str | None = None
    time_added: datetime | None = None


@define
class NodeCondition:
    """One aspect of a Node's state.

    Attributes:
        type: the aspect: ``Ready``, ``MemoryPressure``, ``DiskPressure``, ``PIDPressure`` and others.
        status: ``True``, ``False`` or ``Unknown``.
        last_heartbeat_time: when the aspect was looked at last.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_heartbeat_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class NodeAddress:
    """How a Node is reached.

    Attributes:
        type: ``Hostname``, ``InternalIP``, ``ExternalIP``, ``InternalDNS`` or ``ExternalDNS``.
        address: the address.
    """

    type: str
    address: str


@define
class NodeSystemInfo:
    """What system a Node is.

    Attributes:
        machine_id: the identity of the machine.
        system_uuid: the identity of the system.
        boot_id: the identity of this boot.
        kernel_version: the version of the kernel.
        os_image: the name of the operating system.
        container_runtime_version: the container runtime and its version.
        kubelet_version: the version of the kubelet.
        kube_proxy_version: no longer used by Kubernetes.
        operating_system: ``linux`` or ``windows``.
        architecture: the architecture of the processor, such as ``amd64``.
        swap: the swap space.
    """

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
    """The swap space of a Node.

    Attributes:
        capacity: how much, in bytes.
    """

    capacity: Int64 | None = None


@define
class NodeDaemonEndpoints:
    """Where the daemons of a Node listen.

    Attributes:
        kubelet_endpoint: where the kubelet listens.
    """

    kubelet_endpoint: DaemonEndpoint | None = None


@define
class DaemonEndpoint:
    """Where a daemon listens.

    Attributes:
        port: the port.
    """

    port: int = field(metadata={"json": "Port"})


@define
class ContainerImage:
    """An image that a Node has.

    Attributes:
        names: the names that it has.
        size_bytes: its size in bytes.
    """

    names: list[str] = field(factory=list)
    size_bytes: Int64 | None = None


@define
class AttachedVolume:
    """A volume that is attached to a Node.

    Attributes:
        name: its name.
        device_path: the path of the device.
    """

    name: str
    device_path: str


@define
class NodeConfigSource:
    """Where a kubelet's configuration comes from; no longer used by Kubernetes.

    Attributes:
        config_map: from a ConfigMap.
    """

    config_map: ConfigMapNodeConfigSource | None = None


@define
class ConfigMapNodeConfigSource:
    """A ConfigMap with a kubelet's configuration; no longer used by Kubernetes.

    Attributes:
        namespace: its namespace.
        name: its name.
        kubelet_config_key: the key that has the configuration.
        uid: its uid.
        resource_version: the version of it that is meant.
    """

    namespace: str
    name: str
    kubelet_config_key: str
    uid: str | None = None
    resource_version: str | None = None


@define
class NodeConfigStatus:
    """The state of a kubelet's configuration; no longer used by Kubernetes.

    Attributes:
        assigned: the one to use next.
        active: the one in use.
        last_known_good: the one to go back to.
        error: what is wrong with the assigned one.
    """

    assigned: NodeConfigSource | None = None
    active: NodeConfigSource | None = None
    last_known_good: NodeConfigSource | None = None
    error: str | None = None


@define
class NodeRuntimeHandler:
    """A handler of a Node's container runtime.

    Attributes:
        name: its name; empty: the default one.
        features: what it can do.
    """

    name: str | None = None
    features: NodeRuntimeHandlerFeatures | None = None


@define
class NodeRuntimeHandlerFeatures:
    """What a handler of a container runtime can do.

    Attributes:
        recursive_read_only_mounts: whether mounts can be read-only with all below them.
        user_namespaces: whether Pods can have user namespaces.
    """

    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


@define
class NodeFeatures:
    """What the container runtime of a Node can do.

    Attributes:
        supplemental_groups_policy: whether it supports the policy of supplemental groups.
    """

    supplemental_groups_policy: bool | None = None
