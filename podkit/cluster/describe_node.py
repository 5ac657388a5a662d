"""What the description of a Node says; see `podkit.cluster.describe`."""

from __future__ import annotations

from attrs import asdict

from podkit.cluster.related import Related
from podkit.cluster.rows import NONE, Row, Rows, Table, map_row, time_text
from podkit.model.node import Node, NodeCondition
from podkit.model.pod_state import is_terminal

_SYSTEM_INFO = {
    "machine_id": "Machine ID",
    "kernel_version": "Kernel Version",
    "os_image": "OS Image",
    "operating_system": "Operating System",
    "architecture": "Architecture",
    "container_runtime_version": "Container Runtime Version",
    "kubelet_version": "Kubelet Version",
}


def node_rows(node: Node, related: Related) -> Rows:
    """What is said of a Node: what it is, how it is, what it has, and which Pods run there."""
    spec, status = node.spec, node.status
    info = asdict(status.node_info, recurse=False) if status.node_info is not None else {}
    head = ("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
    pods = [pod for pod in related.pods if not is_terminal(pod)]
    return [
        Row("Taints", [f"{taint.key}={taint.value or ''}:{taint.effect}" for taint in spec.taints] or NONE),
        Row("Unschedulable", str(bool(spec.unschedulable)).lower()),
        Table("Conditions", head, [_condition(one) for one in status.conditions]),
        Row("Addresses", [f"{address.type}: {address.address}" for address in status.addresses]),
        map_row("Capacity", status.capacity, ": "),
        map_row("Allocatable", status.allocatable, ": "),
        Row("System Info", below=[Row(title, str(info.get(name) or "")) for name, title in _SYSTEM_INFO.items()]),
        Table(
            "Non-terminated Pods",
            ("Namespace", "Name", "Status"),
            [(pod.metadata.namespace or "", pod.metadata.name or "", pod.status.phase or "") for pod in pods],
        ),
    ]


def _condition(condition: NodeCondition) -> tuple[str, ...]:
    times = map(time_text, (condition.last_heartbeat_time, condition.last_transition_time))
    return (condition.type, condition.status, *times, condition.reason or "", condition.message or "")
