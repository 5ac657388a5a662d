"""Where a Pod goes: the decision, without doing it.

The filters say which nodes are possible: of each node the first filter that objects is believed, as in kube-scheduler. Of the
possible ones the scores find the best; among equals the first by name.

Source of the rules: ``pkg/scheduler/schedule_one.go``, ``framework/types.go`` (FitError), ``apis/config/v1/default_plugins.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import Filter, NodeFilter, Reasons, Score, Unresolvable
from podkit.scheduler.plugins.image_locality import image_locality
from podkit.scheduler.plugins.inter_pod_affinity import inter_pod_affinity, preferred_company
from podkit.scheduler.plugins.node_affinity import node_affinity, preferred_nodes
from podkit.scheduler.plugins.node_name import node_name
from podkit.scheduler.plugins.node_ports import node_ports
from podkit.scheduler.plugins.node_resources import balanced_allocation, least_allocated, node_resources_fit
from podkit.scheduler.plugins.pod_topology_spread import pod_topology_spread, spread_score
from podkit.scheduler.plugins.taint_toleration import node_unschedulable, taint_toleration, untolerated_preferences
from podkit.scheduler.plugins.volume_binding import volume_binding
from podkit.scheduler.plugins.volume_restrictions import volume_restrictions
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

FILTERS: tuple[Filter, ...] = (
    node_unschedulable,
    node_name,
    taint_toleration,
    node_affinity,
    node_ports,
    node_resources_fit,
    volume_restrictions,
    volume_binding,
    pod_topology_spread,
    inter_pod_affinity,
)
"""In the order in which they are asked."""

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
    """

    node: str | None
    message: str = ""


def place(pod: PodInfo, cluster: Snapshot) -> Placement:
    """Decide where a Pod goes."""
    if not cluster.nodes:
        return Placement(None, "no nodes available to schedule pods")
    try:
        filters = [check for make in FILTERS if (check := make(pod, cluster)) is not None]
    except Unresolvable as reason:
        return Placement(None, f"0/{len(cluster.nodes)} nodes are available: {reason}.")
    possible: list[NodeInfo] = []
    objections: list[Reasons] = []
    for node in cluster.nodes:
        reasons = _objection(filters, node)
        if reasons:
            objections.append(reasons)
        else:
            possible.append(node)
    if not possible:
        return Placement(None, _explain(objections))
    return Placement(_best(pod, cluster, possible).name)


def _objection(filters: Iterable[NodeFilter], node: NodeInfo) -> Reasons:
    return next((reasons for check in filters if (reasons := check(node))), ())


def _best(pod: PodInfo, cluster: Snapshot, nodes: Sequence[NodeInfo]) -> NodeInfo:
    if len(nodes) == 1:
        return nodes[0]
    totals = [0.0] * len(nodes)
    for make, weight in SCORES:
        score = make(pod, cluster)
        if score is not None:
            totals = [total + weight * points for total, points in zip(totals, score(nodes), strict=True)]
    return nodes[totals.index(max(totals))]


def _explain(objections: Sequence[Reasons]) -> str:
    """Say how many nodes are not possible for which reason."""
    counted = Counter(reason for reasons in objections for reason in reasons)
    summary = ", ".join(sorted(f"{count} {reason}" for reason, count in counted.items()))
    return f"0/{len(objections)} nodes are available: {summary}."
