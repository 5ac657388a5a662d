"""NodeName: a Pod that names its node can run only there (``pkg/scheduler/framework/plugins/nodename``).

Such a Pod is bound already, so this says something only when somebody asks about one.
"""

from __future__ import annotations

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, Final, NodeFilter, Reasons
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't match the requested node name"


def node_name(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    wanted = pod.pod.spec.node_name

    def check(node: NodeInfo) -> Reasons:
        return FITS if node.name == wanted else Final([REASON])

    return check if wanted else None
