"""What the description of a Service says; see `podkit.cluster.describe`."""

from __future__ import annotations

from collections.abc import Sequence

from podkit.cluster.describe_workload import UNSET
from podkit.cluster.related import Related
from podkit.cluster.rows import NONE, Row, Rows, joined, map_row
from podkit.kubelet.network.endpoints import serves, target_port
from podkit.model.pod import Pod
from podkit.model.service import Service, ServicePort


def service_rows(service: Service, related: Related) -> Rows:
    """What is said of a Service: which names and addresses it has, and where its ports lead."""
    spec = service.spec
    rows = [
        map_row("Selector", spec.selector),
        Row("Type", spec.type or ""),
        Row("IP Family Policy", spec.ip_family_policy or NONE),
        Row("IP Families", joined(spec.ip_families)),
        Row("IP", spec.cluster_ip or NONE),
        Row("IPs", joined(spec.cluster_ips)),
        Row("External Name", spec.external_name or ""),
    ]
    for port in spec.ports:
        protocol = port.protocol or "TCP"
        rows += [
            Row("Port", f"{port.name or UNSET}  {port.port}/{protocol}"),
            Row("TargetPort", f"{port.target_port if port.target_port is not None else port.port}/{protocol}"),
            Row("NodePort", f"{port.name or UNSET}  {port.node_port}/{protocol}" if port.node_port else ""),
            Row("Endpoints", joined(_endpoints(service, related.pods, port))),
        ]
    rows += [
        Row("Session Affinity", spec.session_affinity or ""),
        Row("Internal Traffic Policy", spec.internal_traffic_policy or ""),
    ]
    return [row for row in rows if row.value]


def _endpoints(service: Service, pods: Sequence[Pod], port: ServicePort) -> list[str]:
    """Where a port of a Service leads."""
    serving = [(pod, target_port(pod, port)) for pod in pods if serves(pod, service)]
    return [f"{pod.status.pod_ip}:{number}" for pod, number in serving if number is not None]
