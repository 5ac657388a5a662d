"""The Pod, and the template that controllers make Pods from."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.container import Container, EphemeralContainer
from podkit.model.container_status import ContainerStatus
from podkit.model.meta import LocalObjectReference, ObjectMeta
from podkit.model.resources import (
    NodeAllocatableResourceClaimStatus,
    PodExtendedResourceClaimStatus,
    PodResourceClaim,
    PodResourceClaimStatus,
    ResourceRequirements,
)
from podkit.model.scalars import Int64, QuantityText
from podkit.model.scheduling import (
    Affinity,
    PodSchedulingGate,
    PodSchedulingGroup,
    Toleration,
    TopologySpreadConstraint,
)
from podkit.model.security import PodSecurityContext
from podkit.model.volume import Volume


@define
class PodSpec:
    """The Kubernetes PodSpec."""

    active_deadline_seconds: Int64 | None = None
    affinity: Affinity | None = None
    automount_service_account_token: bool | None = None
    containers: list[Container] = field(factory=list, metadata={"merge_key": "name"})
    dns_config: PodDNSConfig | None = None
    dns_policy: str | None = None
    enable_service_links: bool | None = None
    ephemeral_containers: list[EphemeralContainer] = field(factory=list, metadata={"merge_key": "name"})
    host_aliases: list[HostAlias] = field(factory=list, metadata={"merge_key": "ip"})
    host_ipc: bool | None = field(default=None, metadata={"json": "hostIPC"})
    host_network: bool | None = None
    host_pid: bool | None = field(default=None, metadata={"json": "hostPID"})
    host_users: bool | None = None
    hostname: str | None = None
    hostname_override: str | None = None
    image_pull_secrets: list[LocalObjectReference] = field(factory=list, metadata={"merge_key": "name"})
    init_containers: list[Container] = field(factory=list, metadata={"merge_key": "name"})
    node_name: str | None = None
    node_selector: dict[str, str] = field(factory=dict)
    os: PodOS | None = None
    overhead: dict[str, QuantityText] = field(factory=dict)
    preemption_policy: str | None = None
    priority: int | None = None
    priority_class_name: str | None = None
    readiness_gates: list[PodReadinessGate] = field(factory=list)
    resource_claims: list[PodResourceClaim] = field(factory=list, metadata={"merge_key": "name"})
    resources: ResourceRequirements | None = None
    restart_policy: str | None = None
    runtime_class_name: str | None = None
    scheduler_name: str | None = None
    scheduling_gates: list[PodSchedulingGate] = field(factory=list, metadata={"merge_key": "name"})
    scheduling_group: PodSchedulingGroup | None = None
    security_context: PodSecurityContext | None = None
    service_account: str | None = None
    service_account_name: str | None = None
    set_hostname_as_fqdn: bool | None = field(default=None, metadata={"json": "setHostnameAsFQDN"})
    share_process_namespace: bool | None = None
    subdomain: str | None = None
    termination_grace_period_seconds: Int64 | None = None
    tolerations: list[Toleration] = field(factory=list)
    topology_spread_constraints: list[TopologySpreadConstraint] = field(
        factory=list, metadata={"merge_key": "topologyKey"}
    )
    volumes: list[Volume] = field(factory=list, metadata={"merge_key": "name"})


@define
class PodStatus:
    """The Kubernetes PodStatus."""

    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    conditions: list[PodCondition] = field(factory=list, metadata={"merge_key": "type"})
    container_statuses: list[ContainerStatus] = field(factory=list)
    ephemeral_container_statuses: list[ContainerStatus] = field(factory=list)
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    host_ip: str | None = field(default=None, metadata={"json": "hostIP"})
    host_ips: list[HostIP] = field(factory=list, metadata={"json": "hostIPs", "merge_key": "ip"})
    init_container_statuses: list[ContainerStatus] = field(factory=list)
    message: str | None = None
    node_allocatable_resource_claim_statuses: list[NodeAllocatableResourceClaimStatus] = field(factory=list)
    nominated_node_name: str | None = None
    observed_generation: Int64 | None = None
    phase: str | None = None
    pod_ip: str | None = field(default=None, metadata={"json": "podIP"})
    pod_ips: list[PodIP] = field(factory=list, metadata={"json": "podIPs", "merge_key": "ip"})
    qos_class: str | None = None
    reason: str | None = None
    resize: str | None = None
    resource_claim_statuses: list[PodResourceClaimStatus] = field(factory=list, metadata={"merge_key": "name"})
    resources: ResourceRequirements | None = None
    start_time: datetime | None = None


@define
class Pod:
    """The Kubernetes Pod."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Pod", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PodSpec = field(factory=PodSpec)
    status: PodStatus = field(factory=PodStatus)


@define
class PodCondition:
    """The Kubernetes PodCondition."""

    type: str
    status: str
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    observed_generation: Int64 | None = None
    reason: str | None = None


@define
class PodIP:
    """The Kubernetes PodIP."""

    ip: str


@define
class HostIP:
    """The Kubernetes HostIP."""

    ip: str


@define
class HostAlias:
    """The Kubernetes HostAlias."""

    ip: str
    hostnames: list[str] = field(factory=list)


@define
class PodDNSConfig:
    """The Kubernetes PodDNSConfig."""

    nameservers: list[str] = field(factory=list)
    options: list[PodDNSConfigOption] = field(factory=list)
    searches: list[str] = field(factory=list)


@define
class PodDNSConfigOption:
    """The Kubernetes PodDNSConfigOption."""

    name: str | None = None
    value: str | None = None


@define
class PodReadinessGate:
    """The Kubernetes PodReadinessGate."""

    condition_type: str


@define
class PodOS:
    """The Kubernetes PodOS."""

    name: str


@define
class PodTemplateSpec:
    """The Kubernetes PodTemplateSpec."""

    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PodSpec = field(factory=PodSpec)


@define
class PodTemplate:
    """The Kubernetes PodTemplate."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="PodTemplate", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    template: PodTemplateSpec = field(factory=PodTemplateSpec)
