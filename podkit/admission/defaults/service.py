"""Defaults of Services, Secrets, Namespaces and Nodes.

Source of the rules: ``pkg/apis/core/v1/defaults.go``.
"""

from __future__ import annotations

from podkit.admission.defaults.pod import round_up_to_milli
from podkit.model.config import Secret
from podkit.model.namespace import Namespace
from podkit.model.node import Node
from podkit.model.service import ClientIPConfig, Service, ServiceSpec, SessionAffinityConfig

_AFFINITY_SECONDS = 10800
_NAME_LABEL = "kubernetes.io/metadata.name"


def apply_service_defaults(service: Service) -> None:
    """Fill in the defaults of a Service, in place."""
    spec = service.spec
    _apply_affinity_defaults(spec)
    spec.type = spec.type or "ClusterIP"
    for port in spec.ports:
        port.protocol = port.protocol or "TCP"
        if not port.target_port:
            port.target_port = port.port
    reachable = spec.type in ("NodePort", "LoadBalancer") or (spec.type == "ClusterIP" and spec.external_ips)
    if reachable and not spec.external_traffic_policy:
        spec.external_traffic_policy = "Cluster"
    if spec.internal_traffic_policy is None and spec.type in ("NodePort", "LoadBalancer", "ClusterIP"):
        spec.internal_traffic_policy = "Cluster"
    if spec.type == "LoadBalancer":
        if spec.allocate_load_balancer_node_ports is None:
            spec.allocate_load_balancer_node_ports = True
        for ingress in service.status.load_balancer.ingress if service.status.load_balancer else ():
            if ingress.ip and ingress.ip_mode is None:
                ingress.ip_mode = "VIP"


def _apply_affinity_defaults(spec: ServiceSpec) -> None:
    spec.session_affinity = spec.session_affinity or "None"
    if spec.session_affinity == "None":
        spec.session_affinity_config = None
    elif spec.session_affinity == "ClientIP":
        config = spec.session_affinity_config
        if config is None or config.client_ip is None or config.client_ip.timeout_seconds is None:
            spec.session_affinity_config = SessionAffinityConfig(
                client_ip=ClientIPConfig(timeout_seconds=_AFFINITY_SECONDS)
            )


def apply_secret_defaults(secret: Secret) -> None:
    """Fill in the type of a Secret, in place, and move ``stringData`` into ``data``, which it overrides."""
    secret.type = secret.type or "Opaque"
    for key, text in secret.string_data.items():
        secret.data[key] = text.encode("utf-8", "surrogatepass")
    secret.string_data = {}


def apply_namespace_defaults(namespace: Namespace) -> None:
    """Fill in the defaults of a Namespace, in place: it carries its own name as a label."""
    namespace.status.phase = namespace.status.phase or "Active"
    if namespace.metadata.name:
        namespace.metadata.labels[_NAME_LABEL] = namespace.metadata.name


def apply_node_defaults(node: Node) -> None:
    """Fill in the defaults of a Node, in place: what it has can be allocated."""
    round_up_to_milli(node.status.capacity)
    round_up_to_milli(node.status.allocatable)
    if not node.status.allocatable:
        node.status.allocatable = dict(node.status.capacity)
