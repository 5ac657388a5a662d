"""PodTopologySpread: Pods spread evenly over the values of a label of the nodes, such as zones.

For each constraint the Pods that it is for are counted in each domain (a value of the label, among the nodes that count at all).
A node is possible if its domain, with the new Pod, has at most ``maxSkew`` Pods more than the domain with the fewest; with
``ScheduleAnyway`` it is only the better for it.

Source of the rules: ``pkg/scheduler/framework/plugins/podtopologyspread/{filtering,scoring,common}.go``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen

from podkit.model.pod import Pod
from podkit.model.scheduling import TopologySpreadConstraint
from podkit.model.selector import Selector
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, MAX_SCORE, Final, NodeFilter, NodeScore, Reasons
from podkit.scheduler.plugins.affinity_term import with_own_labels
from podkit.scheduler.plugins.node_affinity import is_wanted
from podkit.scheduler.plugins.taint_toleration import tolerates_all
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't match pod topology spread constraints"
NO_LABEL_REASON = f"{REASON} (missing required label)"


@frozen
class Spread:
    """One constraint, and how things stand.

    Attributes:
        constraint: the constraint.
        matching: by domain, how many Pods there are that it is for.
        itself: whether the new Pod is one of them.
    """

    constraint: TopologySpreadConstraint
    matching: dict[str, int]
    itself: bool

    @property
    def fewest(self) -> int:
        """How many Pods the emptiest domain has; none as long as there are fewer domains than there shall be."""
        if len(self.matching) < (self.constraint.min_domains or 1):
            return 0
        return min(self.matching.values(), default=0)

    def allows(self, node: NodeInfo) -> bool:
        """Whether the new Pod may go to a node."""
        there = self.matching.get(node.labels[self.constraint.topology_key], 0)
        return there + self.itself - self.fewest <= self.constraint.max_skew


def pod_topology_spread(pod: PodInfo, cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    constraints = _constraints(pod.pod, "DoNotSchedule")
    if not constraints:
        return None
    spreads = _spreads(pod, cluster, constraints)

    def check(node: NodeInfo) -> Reasons:
        for spread in spreads:
            if spread.constraint.topology_key not in node.labels:
                return Final([NO_LABEL_REASON])
            if not spread.allows(node):
                return [REASON]
        return FITS

    return check


def spread_score(pod: PodInfo, cluster: Snapshot) -> NodeScore | None:
    """The score: the fewer Pods there are in a node's domains, the better; a label with many values counts more."""
    constraints = _constraints(pod.pod, "ScheduleAnyway")
    if not constraints:
        return None
    spreads = _spreads(pod, cluster, constraints)

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        counts = [_count(node, spreads) for node in nodes]
        known = [count for count in counts if count is not None]
        least, greatest = min(known, default=0.0), max(known, default=0.0)
        return [_turned(count, least, greatest) for count in counts]

    return score


def _count(node: NodeInfo, spreads: Sequence[Spread]) -> float | None:
    """How crowded a node's domains are; None when it has not all of the labels."""
    total = 0.0
    for spread in spreads:
        domain = node.labels.get(spread.constraint.topology_key)
        if domain is None:
            return None
        weight = math.log(len(spread.matching) + 2)
        total += spread.matching.get(domain, 0) * weight + (spread.constraint.max_skew - 1)
    return round(total)


def _turned(count: float | None, least: float, greatest: float) -> float:
    if count is None:
        return 0
    return MAX_SCORE * (greatest + least - count) // greatest if greatest > 0 else MAX_SCORE


def _constraints(pod: Pod, when_unsatisfiable: str) -> list[TopologySpreadConstraint]:
    return [
        constraint
        for constraint in pod.spec.topology_spread_constraints
        if constraint.when_unsatisfiable == when_unsatisfiable
    ]


def _spreads(pod: PodInfo, cluster: Snapshot, constraints: Sequence[TopologySpreadConstraint]) -> list[Spread]:
    keys = [constraint.topology_key for constraint in constraints]
    nodes = [node for node in cluster.nodes if all(key in node.labels for key in keys)]
    return [_spread(pod, nodes, constraint) for constraint in constraints]


def _spread(pod: PodInfo, nodes: Sequence[NodeInfo], constraint: TopologySpreadConstraint) -> Spread:
    selector = Selector.of(with_own_labels(pod.pod, constraint.label_selector, constraint.match_label_keys))
    matching: dict[str, int] = {}
    for node in nodes:
        if _is_counted(pod, node, constraint):
            domain = node.labels[constraint.topology_key]
            here = sum(_matches(other.pod, pod.pod, selector) for other in node.pods.values())
            matching[domain] = matching.get(domain, 0) + here
    return Spread(constraint, matching, selector.matches(pod.pod.metadata.labels))


def _is_counted(pod: PodInfo, node: NodeInfo, constraint: TopologySpreadConstraint) -> bool:
    if (constraint.node_affinity_policy or "Honor") == "Honor" and not is_wanted(pod.pod.spec, node):
        return False
    return constraint.node_taints_policy != "Honor" or tolerates_all(pod, node)


def _matches(other: Pod, new: Pod, selector: Selector) -> bool:
    if other.metadata.deletion_timestamp is not None or other.metadata.namespace != new.metadata.namespace:
        return False
    return selector.matches(other.metadata.labels)
