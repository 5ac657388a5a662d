"""Services give Pods a stable name and address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Self, TypeAlias

from attrs import evolve, field

from podkit.model.container import PortProtocol
from podkit.model.definition import define
from podkit.model.meta import Condition, ObjectMeta

ServiceType: TypeAlias = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
"""How a Service is reached."""

IPFamilyPolicy: TypeAlias = Literal["SingleStack", "PreferDualStack", "RequireDualStack"]
"""Whether a Service has addresses of one family or of two."""

SessionAffinity: TypeAlias = Literal["None", "ClientIP"]
"""Whether a client always gets to the same Pod."""

TrafficPolicy: TypeAlias = Literal["Cluster", "Local"]
"""Whether traffic goes to all Pods, or only to those of the Node."""

HEADLESS = "None"
"""The ``clusterIP`` of a Service that has no address of its own, only those of its Pods."""


@define
class ServiceSpec:
    """Which Pods a Service leads to, and how it is reached.

    Attributes:
        type: how it is reached. Default: ClusterIP.
        selector: labels that the Pods have which it leads to; empty: none, addresses are kept by somebody else.
        ports: the ports that it offers.
        cluster_ip: the address in the cluster; ``None`` as text makes it headless. Default: a free one.
        cluster_ips: the addresses in the cluster, at most one a family.
        ip_families: ``IPv4``, ``IPv6`` or both.
        ip_family_policy: whether one or two families are wanted. Default: SingleStack.
        external_ips: addresses from outside that lead to it.
        external_name: the DNS name that it is an alias of; only for ExternalName.
        session_affinity: whether a client always gets to the same Pod. Default: None.
        session_affinity_config: for how long.
        external_traffic_policy: whether traffic from outside goes to all Pods or those of the Node. Default: Cluster.
        internal_traffic_policy: whether traffic from inside goes to all Pods or those of the Node. Default: Cluster.
        traffic_distribution: a preference, such as ``PreferSameNode``.
        publish_not_ready_addresses: whether Pods that are not ready count too. Default: false.
        health_check_node_port: the port of Nodes on which load balancers ask whether there are Pods.
        allocate_load_balancer_node_ports: whether a load balancer gets ports of Nodes. Default: true.
        load_balancer_class: the kind of load balancer.
        load_balancer_ip: the address that a load balancer should get; no longer recommended.
        load_balancer_source_ranges: the networks that a load balancer lets in.
    """

    type: ServiceType | None = None
    selector: dict[str, str] = field(factory=dict)
    ports: list[ServicePort] = field(factory=list, metadata={"merge_key": "port"})
    cluster_ip: str | None = field(default=None, metadata={"json": "clusterIP"})
    cluster_ips: list[str] = field(factory=list, metadata={"json": "clusterIPs"})
    ip_families: list[str] = field(factory=list)
    ip_family_policy: IPFamilyPolicy | None = None
    external_ips: list[str] = field(factory=list, metadata={"json": "externalIPs"})
    external_name: str | None = None
    session_affinity: SessionAffinity | None = None
    session_affinity_config: SessionAffinityConfig | None = None
    external_traffic_policy: TrafficPolicy | None = None
    internal_traffic_policy: TrafficPolicy | None = None
    traffic_distribution: str | None = None
    publish_not_ready_addresses: bool | None = None
    health_check_node_port: int | None = None
    allocate_load_balancer_node_ports: bool | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = field(default=None, metadata={"json": "loadBalancerIP"})
    load_balancer_source_ranges: list[str] = field(factory=list)


@define
class ServiceStatus:
    """How a Service is reached from outside.

    Attributes:
        load_balancer: its load balancer.
        conditions: the state, aspect by aspect.
    """

    load_balancer: LoadBalancerStatus | None = None
    conditions: list[Condition] = field(factory=list, metadata={"merge_key": "type"})


@define
class Service:
    """Gives a set of Pods one name and address.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Service``.
        metadata: name, labels and so on.
        spec: which Pods, and how.
        status: how it is reached from outside.

    Example:
        ::

            Service.new("web", ports=[ServicePort(80, target_port=8080)])       # of Deployment.new("web", ...)
            Service.new("database", ports=[5432], selector={"tier": "database"})
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Service", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ServiceSpec = field(factory=ServiceSpec)
    status: ServiceStatus = field(factory=ServiceStatus)

    @classmethod
    def new(
        cls,
        name: str,
        *,
        ports: Iterable[ServicePort | int],
        selector: Mapping[str, str] | None = None,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        cluster_ip: str | None = None,
        publish_not_ready_addresses: bool | None = None,
    ) -> Self:
        """A Service, written in short.

        Args:
            name: its name.
            ports: the ports that it offers; a number is also the port of the Pods. Of several, those without a name are
                called by their number.
            selector: labels that the Pods have which it leads to. Default: ``app`` with its name, which is what Pods have that
                ``Deployment.new`` and its like make under this name.
            namespace: its namespace. Default: default.
            labels: its labels.
            cluster_ip: its address; ``None`` as text makes it headless. Default: a free one.
            publish_not_ready_addresses: whether Pods that are not ready count too. Default: false.
        """
        offered = [ServicePort(port) if isinstance(port, int) else port for port in ports]
        if len(offered) > 1:
            offered = [port if port.name else evolve(port, name=str(port.port)) for port in offered]
        spec = ServiceSpec(
            selector=dict({"app": name} if selector is None else selector),
            ports=offered,
            cluster_ip=cluster_ip,
            publish_not_ready_addresses=publish_not_ready_addresses,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels), spec=spec)


@define
class ServicePort:
    """A port that a Service offers.

    Attributes:
        port: the port of the Service.
        name: its name; needed when there are several.
        protocol: the protocol. Default: TCP.
        target_port: the number or name of the Pods' port. Default: ``port``.
        node_port: the port of Nodes that leads to it; for NodePort and LoadBalancer. Default: a free one.
        app_protocol: the protocol on top, as a hint.

    Example:
        ::

            ServicePort(port=80, target_port="http", name="http")
    """

    port: int
    name: str | None = None
    protocol: PortProtocol | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


@define
class SessionAffinityConfig:
    """How a client stays with a Pod.

    Attributes:
        client_ip: by its address.
    """

    client_ip: ClientIPConfig | None = field(default=None, metadata={"json": "clientIP"})


@define
class ClientIPConfig:
    """How a client stays with a Pod by its address.

    Attributes:
        timeout_seconds: for how many seconds. Default: 10800.
    """

    timeout_seconds: int | None = None


@define
class LoadBalancerStatus:
    """The load balancer of a Service.

    Attributes:
        ingress: where it is reached.
    """

    ingress: list[LoadBalancerIngress] = field(factory=list)


@define
class LoadBalancerIngress:
    """Where a load balancer is reached.

    Attributes:
        ip: its address.
        hostname: its name.
        ip_mode: ``VIP`` or ``Proxy``: what packets that reach a Node look like.
        ports: its ports.
    """

    ip: str | None = None
    hostname: str | None = None
    ip_mode: str | None = None
    ports: list[PortStatus] = field(factory=list)


@define
class PortStatus:
    """The state of a port of a load balancer.

    Attributes:
        port: the port.
        protocol: the protocol.
        error: why it does not work.
    """

    port: int
    protocol: str
    error: str | None = None
