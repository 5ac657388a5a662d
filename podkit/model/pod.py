"""The Pod, and the template that controllers make Pods from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, Self, TypeAlias, TypedDict, Unpack

from attrs import field, fields

from podkit.model.container import Container, EphemeralContainer
from podkit.model.container_status import ContainerStatus
from podkit.model.definition import define
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

RestartPolicy: TypeAlias = Literal["Always", "OnFailure", "Never"]
"""When a container that has ended starts again."""

PreemptionPolicy: TypeAlias = Literal["PreemptLowerPriority", "Never"]
"""Whether Pods of lower priority may be evicted."""

DNSPolicy: TypeAlias = Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]
"""Where the DNS settings of a Pod come from."""


@define
class PodSpec:
    """What a Pod is made of and how it runs.

    Attributes:
        containers: the containers, at least one; they run beside each other.
        init_containers: containers that run before, one after the other, each to its success; those that
            restart ``Always`` keep running as sidecars.
        ephemeral_containers: containers that were added to look at the running Pod; only through their own subresource.
        volumes: what containers can mount.
        image_pull_secrets: Secrets with the credentials for registries.
        restart_policy: when a container that has ended starts again. Default: Always.
        termination_grace_period_seconds: seconds between asking the processes to stop and killing them. Default: 30.
        active_deadline_seconds: seconds after its start at which the Pod fails if it still runs. Default: never.
        node_name: the Node that the Pod is bound to; normally set by the scheduler.
        node_selector: labels that the Node must have.
        affinity: where the Pod wants to be, and where not.
        tolerations: the taints of Nodes that do not keep the Pod away.
        topology_spread_constraints: how evenly Pods like this must be spread.
        scheduler_name: the scheduler that binds the Pod. Default: default-scheduler.
        scheduling_gates: what must be cleared before the Pod is scheduled.
        scheduling_group: the group of Pods that this one is scheduled with.
        runtime_class_name: the runtime class, which must exist.
        priority_class_name: the priority class, which must exist.
        priority: the priority, the higher the sooner; set from the class. Default: 0.
        preemption_policy: whether Pods of lower priority may be evicted for this one. Default: PreemptLowerPriority.
        overhead: resources that the Pod takes beside those of its containers; set from the runtime class.
        resources: resources of the Pod as a whole; ``cpu``, ``memory`` and huge pages only.
        resource_claims: the resource claims that containers can use.
        security_context: who the containers run as, unless they say otherwise.
        hostname: the Pod's hostname. Default: its name.
        hostname_override: the Pod's hostname in place of all that would be made from other fields, at most 64
            characters.
        set_hostname_as_fqdn: whether the hostname is the full name with the domain. Default: false.
        subdomain: makes the full name ``hostname.subdomain.namespace.svc.domain``. Default: no domain at all.
        host_aliases: further lines of /etc/hosts.
        dns_policy: where the Pod's DNS settings come from. Default: ClusterFirst.
        dns_config: DNS settings that are added to those.
        host_network: whether the Pod uses the Node's network. Default: false.
        host_pid: whether the Pod sees the Node's processes. Default: false.
        host_ipc: whether the Pod uses the Node's IPC. Default: false.
        host_users: whether the Pod uses the Node's user ids, rather than a user namespace. Default: true.
        share_process_namespace: whether the containers see each other's processes. Default: false.
        service_account_name: the service account. Default: default.
        service_account: the older name of ``service_account_name``.
        automount_service_account_token: whether the account's token is mounted. Default: true.
        enable_service_links: whether variables for the Services of the namespace are set. Default: true.
        readiness_gates: further conditions that must be true for the Pod to be ready.
        os: the operating system of the containers.

    Example:
        ::

            PodSpec(containers=[Container("main", image="busybox")], restart_policy="OnFailure", node_name="node-1")
    """

    containers: list[Container] = field(factory=list, metadata={"merge_key": "name"})
    init_containers: list[Container] = field(factory=list, metadata={"merge_key": "name"})
    ephemeral_containers: list[EphemeralContainer] = field(factory=list, metadata={"merge_key": "name"})
    volumes: list[Volume] = field(factory=list, metadata={"merge_key": "name"})
    image_pull_secrets: list[LocalObjectReference] = field(factory=list, metadata={"merge_key": "name"})
    restart_policy: RestartPolicy | None = None
    termination_grace_period_seconds: Int64 | None = None
    active_deadline_seconds: Int64 | None = None
    node_name: str | None = None
    node_selector: dict[str, str] = field(factory=dict)
    affinity: Affinity | None = None
    tolerations: list[Toleration] = field(factory=list)
    topology_spread_constraints: list[TopologySpreadConstraint] = field(
        factory=list, metadata={"merge_key": "topologyKey"}
    )
    scheduler_name: str | None = None
    scheduling_gates: list[PodSchedulingGate] = field(factory=list, metadata={"merge_key": "name"})
    scheduling_group: PodSchedulingGroup | None = None
    runtime_class_name: str | None = None
    priority_class_name: str | None = None
    priority: int | None = None
    preemption_policy: PreemptionPolicy | None = None
    overhead: dict[str, QuantityText] = field(factory=dict)
    resources: ResourceRequirements | None = None
    resource_claims: list[PodResourceClaim] = field(factory=list, metadata={"merge_key": "name"})
    security_context: PodSecurityContext | None = None
    hostname: str | None = None
    hostname_override: str | None = None
    set_hostname_as_fqdn: bool | None = field(default=None, metadata={"json": "setHostnameAsFQDN"})
    subdomain: str | None = None
    host_aliases: list[HostAlias] = field(factory=list, metadata={"merge_key": "ip"})
    dns_policy: DNSPolicy | None = None
    dns_config: PodDNSConfig | None = None
    host_network: bool | None = None
    host_pid: bool | None = field(default=None, metadata={"json": "hostPID"})
    host_ipc: bool | None = field(default=None, metadata={"json": "hostIPC"})
    host_users: bool | None = None
    share_process_namespace: bool | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    automount_service_account_token: bool | None = None
    enable_service_links: bool | None = None
    readiness_gates: list[PodReadinessGate] = field(factory=list)
    os: PodOS | None = None


class PodOptions(TypedDict, total=False):
    """What can be said of a Pod beside its containers wherever one is made in short: the fields of PodSpec of the same names."""

    init_containers: list[Container]
    volumes: list[Volume]
    image_pull_secrets: list[LocalObjectReference]
    termination_grace_period_seconds: Int64 | None
    node_name: str | None
    node_selector: dict[str, str]
    affinity: Affinity | None
    tolerations: list[Toleration]
    topology_spread_constraints: list[TopologySpreadConstraint]
    scheduler_name: str | None
    scheduling_gates: list[PodSchedulingGate]
    scheduling_group: PodSchedulingGroup | None
    runtime_class_name: str | None
    priority_class_name: str | None
    priority: int | None
    preemption_policy: PreemptionPolicy | None
    overhead: dict[str, QuantityText]
    resources: ResourceRequirements | None
    resource_claims: list[PodResourceClaim]
    security_context: PodSecurityContext | None
    hostname: str | None
    hostname_override: str | None
    set_hostname_as_fqdn: bool | None
    subdomain: str | None
    host_aliases: list[HostAlias]
    dns_policy: DNSPolicy | None
    dns_config: PodDNSConfig | None
    host_network: bool | None
    host_pid: bool | None
    host_ipc: bool | None
    host_users: bool | None
    share_process_namespace: bool | None
    service_account_name: str | None
    service_account: str | None
    automount_service_account_token: bool | None
    enable_service_links: bool | None
    readiness_gates: list[PodReadinessGate]
    os: PodOS | None


@define
class PodStatus:
    """What has become of a Pod; written by the kubelet.

    Attributes:
        phase: in a word: ``Pending``, ``Running``, ``Succeeded``, ``Failed`` or ``Unknown``.
        conditions: its state, aspect by aspect.
        message: in words, why the Pod is in this state.
        reason: in one CamelCase word, why the Pod is in this state, such as ``Evicted``.
        nominated_node_name: the Node on which room is being made for the Pod.
        host_ip: the address of the Node.
        host_ips: the addresses of the Node, at most one a family.
        pod_ip: the address of the Pod.
        pod_ips: the addresses of the Pod, at most one a family; the first is ``pod_ip``.
        start_time: when the kubelet took the Pod up, before it pulled images.
        init_container_statuses: what has become of the init containers, in the order of the spec.
        container_statuses: what has become of the containers.
        ephemeral_container_statuses: what has become of the ephemeral containers.
        qos_class: how the Pod fares when the Node runs out: ``Guaranteed``, ``Burstable`` or ``BestEffort``.
        resize: the state of a resize; conditions have taken its place.
        resource_claim_statuses: the ResourceClaims that were made for the Pod.
        extended_resource_claim_status: the ResourceClaim that stands behind the extended resources.
        node_allocatable_resource_claim_statuses: what ResourceClaims take from the Node's own resources.
        allocated_resources: the resources that the Node has set aside for the Pod as a whole.
        resources: the resources of the Pod as a whole that are in force.
        observed_generation: the generation of the Pod that this status is about.
    """

    phase: str | None = None
    conditions: list[PodCondition] = field(factory=list, metadata={"merge_key": "type"})
    message: str | None = None
    reason: str | None = None
    nominated_node_name: str | None = None
    host_ip: str | None = field(default=None, metadata={"json": "hostIP"})
    host_ips: list[HostIP] = field(factory=list, metadata={"json": "hostIPs", "merge_key": "ip"})
    pod_ip: str | None = field(default=None, metadata={"json": "podIP"})
    pod_ips: list[PodIP] = field(factory=list, metadata={"json": "podIPs", "merge_key": "ip"})
    start_time: datetime | None = None
    init_container_statuses: list[ContainerStatus] = field(factory=list)
    container_statuses: list[ContainerStatus] = field(factory=list)
    ephemeral_container_statuses: list[ContainerStatus] = field(factory=list)
    qos_class: str | None = None
    resize: str | None = None
    resource_claim_statuses: list[PodResourceClaimStatus] = field(factory=list, metadata={"merge_key": "name"})
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    node_allocatable_resource_claim_statuses: list[NodeAllocatableResourceClaimStatus] = field(factory=list)
    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    resources: ResourceRequirements | None = None
    observed_generation: Int64 | None = None


@define
class Pod:
    """A group of containers that share network and volumes and run on one Node.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Pod``.
        metadata: name, labels and so on.
        spec: what it is made of and how it runs.
        status: what has become of it.

    Example:
        ::

            pod = Pod.new("web", containers=[Container("main", image="nginx", ports=[80])], labels={"app": "web"})
            same = Pod(
                metadata=ObjectMeta(name="web", labels={"app": "web"}),
                spec=PodSpec(containers=[Container("main", image="nginx", ports=[ContainerPort(80)])]),
            )
            assert pod == same
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Pod", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PodSpec = field(factory=PodSpec)
    status: PodStatus = field(factory=PodStatus)

    @classmethod
    def new(
        cls,
        name: str,
        *,
        containers: Iterable[Container],
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        restart_policy: RestartPolicy | None = None,
        active_deadline_seconds: int | None = None,
        **options: Unpack[PodOptions],
    ) -> Self:
        """A Pod, written in short.

        Example:
            ``Pod.new("web", containers=[Container("app", image="nginx", ports=[80])], labels={"app": "web"})``

        Args:
            name: its name.
            containers: its containers.
            namespace: its namespace. Default: default.
            labels: its labels.
            annotations: its annotations.
            restart_policy: when a container that has ended starts again. Default: Always.
            active_deadline_seconds: seconds after its start at which it fails if it still runs. Default: never.
            **options: any other field of PodSpec.
        """
        _require_known(options)
        spec = PodSpec(
            containers=_listed(containers),
            restart_policy=restart_policy,
            active_deadline_seconds=active_deadline_seconds,
            **options,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class PodCondition:
    """One aspect of a Pod's state.

    Attributes:
        type: the aspect: ``PodScheduled``, ``Initialized``, ``ContainersReady``, ``Ready`` and others.
        status: ``True``, ``False`` or ``Unknown``.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
        last_probe_time: when the aspect was looked at last.
        last_transition_time: when ``status`` changed last.
        observed_generation: the generation of the Pod that the condition was judged by.
    """

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    observed_generation: Int64 | None = None


@define
class PodIP:
    """An address of a Pod.

    Attributes:
        ip: the address.
    """

    ip: str


@define
class HostIP:
    """An address of a Node.

    Attributes:
        ip: the address.
    """

    ip: str


@define
class HostAlias:
    """A line of /etc/hosts.

    Attributes:
        ip: the address.
        hostnames: the names for it.

    Example:
        ::

            HostAlias(ip="10.1.2.3", hostnames=["db.local"])
    """

    ip: str
    hostnames: list[str] = field(factory=list)


@define
class PodDNSConfig:
    """DNS settings of a Pod.

    Attributes:
        nameservers: addresses of name servers, added to those of the policy.
        searches: domains to search in, added to those of the policy.
        options: options of the resolver; they win over those of the policy.
    """

    nameservers: list[str] = field(factory=list)
    searches: list[str] = field(factory=list)
    options: list[PodDNSConfigOption] = field(factory=list)


@define
class PodDNSConfigOption:
    """An option of the resolver.

    Attributes:
        name: its name, such as ``ndots``.
        value: its value. Default: none.
    """

    name: str | None = None
    value: str | None = None


@define
class PodReadinessGate:
    """A condition that must be true for a Pod to be ready.

    Attributes:
        condition_type: the type of the condition.
    """

    condition_type: str


@define
class PodOS:
    """The operating system of a Pod's containers.

    Attributes:
        name: ``linux`` or ``windows``; podkit runs linux.
    """

    name: str


@define
class PodTemplateSpec:
    """The Pods that a controller makes.

    Attributes:
        metadata: the labels and annotations that they get.
        spec: what they are made of and how they run.

    Example:
        ::

            PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=[Container("main", image="nginx")]))
    """

    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PodSpec = field(factory=PodSpec)

    @classmethod
    def of(
        cls,
        containers: Iterable[Container],
        labels: Mapping[str, str] | None = None,
        restart_policy: RestartPolicy | None = None,
        **options: Unpack[PodOptions],
    ) -> Self:
        """A template for Pods, written in short; see ``Pod.new``."""
        _require_known(options)
        spec = PodSpec(containers=_listed(containers), restart_policy=restart_policy, **options)
        return cls(metadata=ObjectMeta(labels=dict(labels or {})), spec=spec)


@define
class PodTemplate:
    """A template for Pods as an object of its own.

    Attributes:
        api_version: always ``v1``.
        kind: always ``PodTemplate``.
        metadata: name, labels and so on.
        template: the template.

    Example:
        ::

            spec = PodSpec(containers=[Container("main", image="nginx")])
            PodTemplate(metadata=ObjectMeta(name="web"), template=PodTemplateSpec(spec=spec))
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="PodTemplate", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


def _listed(containers: Iterable[Container]) -> list[Container]:
    if isinstance(containers, Container):
        raise TypeError("containers is a list, also if there is only one: containers=[Container(...)]")
    return list(containers)


def _require_known(options: Iterable[str]) -> None:
    """See that what is said of a Pod in short is a field of PodSpec; whoever has YAML in mind writes it in camel case.

    Raises:
        TypeError: it is none.
    """
    from difflib import get_close_matches  # which no program needs that makes no mistake

    known = [one.name for one in fields(PodSpec)]
    for name in options:
        if name not in known:
            in_snake_case = re.sub("(?<=[a-z0-9])([A-Z]+)", r"_\1", name).lower()
            nearest = get_close_matches(in_snake_case, known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise TypeError(f"got an unexpected keyword argument {name!r}, which is no field of PodSpec either{hint}")
