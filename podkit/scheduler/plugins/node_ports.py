"""NodePorts: a port of a node is one Pod's at a time (``pkg/scheduler/framework/plugins/nodeports``)."""

from __future__ import annotations

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, NodeFilter, Reasons
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't have free ports for the requested pod ports"


def node_ports(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter."""

    def check(node: NodeInfo) -> Reasons:
        return FITS if node.has_free(pod.host_ports) else [REASON]

    return check if pod.host_ports else None
