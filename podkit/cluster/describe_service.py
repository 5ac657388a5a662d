"""What the description of a Service says; see `podkit.cluster.describe`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podkit.cluster.describe_workload import UNSET
from podkit.cluster.related import Related
from podkit.cluster.rows import NONE, Row, Rows, joined, map_row
from podkit.model.pod import Pod
from podkit.model.pod_state import is_ready
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
            Row("Endpoints", joined(_endpoints(related.pods, port))),
        ]
    rows += [
        Row("Session Affinity", spec.session_affinity or ""),
        Row("Internal Traffic Policy", spec.internal_traffic_policy or ""),
    ]
    return [row for row in rows if row.value]


def _endpoints(pods: Sequence[Pod], port: ServicePort) -> list[str]:
    """Where a port of a Service leads: the addresses of the Pods that are ready."""
    found = []
    for pod in pods:
        ready = is_ready(pod)
        target: Any = port.target_port if port.target_port is not None else port.port
        if not str(target).isdigit():
            named = (one for container in pod.spec.containers for one in container.ports if one.name == target)
            target = next((one.container_port for one in named), None)
        if ready and pod.status.pod_ip and target is not None:
            found.append(f"{pod.status.pod_ip}:{target}")
    return found
