"""Where a Pod goes: the decision, without doing it.

The filters say which nodes are possible. Of the possible ones the scores find the best; among equals the first by name. A Pod for
which room has been made on a node goes there as soon as it can.

Source of the rules: ``pkg/scheduler/schedule_one.go``, ``apis/config/v1/default_plugins.go``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from podkit.model.node_selection import named_nodes
from podkit.scheduler.filtering import NodeTest, explain
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import Final, Reasons, Score, Unresolvable
from podkit.scheduler.plugins.image_locality import image_locality
from podkit.scheduler.plugins.inter_pod_affinity import preferred_company
from podkit.scheduler.plugins.node_affinity import preferred_nodes
from podkit.scheduler.plugins.node_resources import balanced_allocation, least_allocated
from podkit.scheduler.plugins.pod_topology_spread import spread_score
from podkit.scheduler.plugins.taint_toleration import untolerated_preferences
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

SCORES: tuple[tuple[Score, int], ...] = (
    (untolerated_preferences, 3),
    (preferred_nodes, 2),
    (spread_score, 2),
    (preferred_company, 2),
    (least_allocated, 1),
    (balanced_allocation, 1),
    (image_locality, 1),
)
"""With their weights."""


@frozen
class Placement:
    """What was decided.

    Attributes:
        node: the name of the node; None when there is none.
        message: why there is none, in kube-scheduler's words.
        objections: by the name of each node, why it is not possible; empty when there is one that is.
    """

    node: str | None
    message: str = ""
    objections: Mapping[str, Reasons] = field(factory=dict)


def place(pod: PodInfo, cluster: Snapshot) -> Placement:
    """Decide where a Pod goes."""
    if not cluster.nodes:
        return Placement(None, "no nodes available to schedule pods")
    try:
        test = NodeTest(pod, cluster)
    except Unresolvable as reason:
        message = f"0/{len(cluster.nodes)} nodes are available: {reason}."
        return Placement(None, message, {node.name: Final([str(reason)]) for node in cluster.nodes})
    if _can_go_where_room_was_made(pod, cluster, test):
        return Placement(pod.pod.status.nominated_node_name)
    named = [node for node in _named(pod, cluster) if not test.objection(node)]
    if named:
        return Placement(_best(pod, cluster, named).name)
    possible = test.possible()
    if not possible:
        objections = {node.name: test.objection(node) for node in cluster.nodes}
        return Placement(None, explain(list(objections.values())), objections)
    return Placement(_best(pod, cluster, possible).name)


def _named(pod: PodInfo, cluster: Snapshot) -> Sequence[NodeInfo]:
    """The nodes that a Pod asks for by their names, as those of DaemonSets do: no others need be looked at (PreFilter)."""
    nodes, found = cluster.nodes, []
    for name in sorted(named_nodes(pod.pod.spec) or ()):
        place = bisect_left(nodes, name, key=lambda node: node.name)
        found += [node for node in nodes[place : place + 1] if node.name == name]
    return found


def _can_go_where_room_was_made(pod: PodInfo, cluster: Snapshot, test: NodeTest) -> bool:
    nominated = pod.pod.status.nominated_node_name
    return bool(nominated) and any(node.name == nominated and not test.objection(node) for node in cluster.nodes)


def _best(pod: PodInfo, cluster: Snapshot, nodes: Sequence[NodeInfo]) -> NodeInfo:
    if len(nodes) == 1:
        return nodes[0]
    totals = [0.0] * len(nodes)
    for make, weight in SCORES:
        score = make(pod, cluster)
        if score is not None:
            totals = [total + weight * points for total, points in zip(totals, score(nodes), strict=True)]
    return nodes[totals.index(max(totals))]
