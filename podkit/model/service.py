"""Services give Pods a stable name and address."""

from __future__ import annotations

from attrs import define, field

from podkit.model.meta import Condition, ObjectMeta


@define
class ServiceSpec:
    """The Kubernetes ServiceSpec."""

    type: str | None = None
    selector: dict[str, str] = field(factory=dict)
    ports: list[ServicePort] = field(factory=list, metadata={"merge_key": "port"})
    cluster_ip: str | None = field(default=None, metadata={"json": "clusterIP"})
    cluster_ips: list[str] = field(factory=list, metadata={"json": "clusterIPs"})
    external_ips: list[str] = field(factory=list, metadata={"json": "externalIPs"})
    session_affinity: str | None = None
    session_affinity_config: SessionAffinityConfig | None = None
    external_name: str | None = None
    external_traffic_policy: str | None = None
    internal_traffic_policy: str | None = None
    health_check_node_port: int | None = None
    publish_not_ready_addresses: bool | None = None
    ip_families: list[str] = field(factory=list)
    ip_family_policy: str | None = None
    allocate_load_balancer_node_ports: bool | None = None
    load_balancer_ip: str | None = field(default=None, metadata={"json": "loadBalancerIP"})
    load_balancer_source_ranges: list[str] = field(factory=list)
    load_balancer_class: str | None = None
    traffic_distribution: str | None = None


@define
class ServiceStatus:
    """The Kubernetes ServiceStatus."""

    load_balancer: LoadBalancerStatus | None = None
    conditions: list[Condition] = field(factory=list, metadata={"merge_key": "type"})


@define
class Service:
    """The Kubernetes Service."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Service", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ServiceSpec = field(factory=ServiceSpec)
    status: ServiceStatus = field(factory=ServiceStatus)


@define
class ServicePort:
    """The Kubernetes ServicePort."""

    port: int
    name: str | None = None
    protocol: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


@define
class SessionAffinityConfig:
    """The Kubernetes SessionAffinityConfig."""

    client_ip: ClientIPConfig | None = field(default=None, metadata={"json": "clientIP"})


@define
class ClientIPConfig:
    """The Kubernetes ClientIPConfig."""

    timeout_seconds: int | None = None


@define
class LoadBalancerStatus:
    """The Kubernetes LoadBalancerStatus."""

    ingress: list[LoadBalancerIngress] = field(factory=list)


@define
class LoadBalancerIngress:
    """The Kubernetes LoadBalancerIngress."""

    ip: str | None = None
    hostname: str | None = None
    ip_mode: str | None = None
    ports: list[PortStatus] = field(factory=list)


@define
class PortStatus:
    """The Kubernetes PortStatus."""

    port: int
    protocol: str
    error: str | None = None
