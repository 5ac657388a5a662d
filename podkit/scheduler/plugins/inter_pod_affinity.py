"""InterPodAffinity: near to some Pods, and away from others.

Near means: on nodes with the same value of a label. Three things are asked of a node, in this order: that all Pods that the new one
must be near to are near; that none is near that it must be away from; and that none of those that are there must be away from
the new one. The first Pod of a group that must be near to its own kind may go anywhere.

Source of the rules: ``pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring}.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from podkit.model.pod import Pod
from podkit.model.scheduling import PodAffinityTerm, WeightedPodAffinityTerm
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, MAX_SCORE, Final, NodeFilter, NodeScore, Reasons
from podkit.scheduler.plugins.affinity_term import AffinityTerm
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

AFFINITY_REASON = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY_REASON = "node(s) didn't match pod anti-affinity rules"
EXISTING_REASON = "node(s) didn't satisfy existing pods anti-affinity rules"

HARD_WEIGHT = 1
"""What it counts that a Pod there must be near to the new one (``hardPodAffinityWeight``)."""

_Place: TypeAlias = tuple[str, str]
"""A label of nodes and its value."""


def inter_pod_affinity(pod: PodInfo, cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    new = pod.pod
    near, away = _required_near(new), _required_away(new)
    forbidden = _forbidden_by_others(new, cluster)
    if not near and not away and not forbidden:
        return None
    near_places = _places(near, cluster, all_of=near)
    away_places = set().union(*(_places([term], cluster, all_of=[term]) for term in away))
    first_of_its_kind = bool(near) and not near_places and all(term.means(new, cluster.namespaces) for term in near)

    def check(node: NodeInfo) -> Reasons:
        there = [(term.topology_key, node.labels.get(term.topology_key)) for term in near]
        labelled = all(value is not None for _, value in there)
        if not labelled or not (first_of_its_kind or near_places.issuperset(there)):
            return Final([AFFINITY_REASON])
        if not away_places.isdisjoint(node.labels.items()):
            return [ANTI_AFFINITY_REASON]
        return FITS if forbidden.isdisjoint(node.labels.items()) else [EXISTING_REASON]

    return check


def preferred_company(pod: PodInfo, cluster: Snapshot) -> NodeScore | None:
    """The score: the weights of the wishes that a node meets, of the new Pod and of those that are there."""
    places: Counter[_Place] = Counter()
    wishes = _wishes(pod.pod)
    for node in cluster.nodes if wishes else ():
        for term in wishes:
            met = sum(term.means(other.pod, cluster.namespaces) for other in node.pods.values())
            _add(places, term, node, term.weight * met)
    for node in _with_choosy_pods(cluster):
        for other in node.choosy.values():
            for term in [*_wishes(other.pod), *_as_wishes(other.pod)]:
                if term.means(pod.pod, cluster.namespaces):
                    _add(places, term, node, term.weight)
    if not any(places.values()):
        return None

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        sums = [sum(places[place] for place in node.labels.items()) for node in nodes]
        least, greatest = min(sums), max(sums)
        return [MAX_SCORE * (total - least) // (greatest - least) if greatest > least else 0 for total in sums]

    return score


def _places(terms: Iterable[AffinityTerm], cluster: Snapshot, *, all_of: Sequence[AffinityTerm]) -> set[_Place]:
    """The places, by the labels of the terms, where there are Pods that all of some terms mean."""
    if not all_of:
        return set()
    return {
        (term.topology_key, node.labels[term.topology_key])
        for node in cluster.nodes
        if any(all(term.means(other.pod, cluster.namespaces) for term in all_of) for other in node.pods.values())
        for term in terms
        if term.topology_key in node.labels
    }


def _forbidden_by_others(new: Pod, cluster: Snapshot) -> set[_Place]:
    """The places where there are Pods that must be away from the new one."""
    return {
        (term.topology_key, node.labels[term.topology_key])
        for node in _with_choosy_pods(cluster)
        for other in node.choosy.values()
        for term in _required_away(other.pod)
        if term.topology_key in node.labels and term.means(new, cluster.namespaces)
    }


def _with_choosy_pods(cluster: Snapshot) -> list[NodeInfo]:
    return [node for node in cluster.nodes if node.choosy]


def _add(places: Counter[_Place], term: AffinityTerm, node: NodeInfo, weight: int) -> None:
    value = node.labels.get(term.topology_key)
    if value is not None:
        places[term.topology_key, value] += weight


def _required_near(pod: Pod) -> list[AffinityTerm]:
    affinity = pod.spec.affinity
    part = affinity.pod_affinity if affinity is not None else None
    return _terms(pod, part.required_during_scheduling_ignored_during_execution if part is not None else ())


def _required_away(pod: Pod) -> list[AffinityTerm]:
    affinity = pod.spec.affinity
    part = affinity.pod_anti_affinity if affinity is not None else None
    return _terms(pod, part.required_during_scheduling_ignored_during_execution if part is not None else ())


def _terms(pod: Pod, terms: Iterable[PodAffinityTerm]) -> list[AffinityTerm]:
    return [AffinityTerm.of(pod, term) for term in terms]


def _wishes(pod: Pod) -> list[AffinityTerm]:
    """What a Pod would like; to be away counts as a negative weight."""
    affinity = pod.spec.affinity
    if affinity is None:
        return []
    near, away = affinity.pod_affinity, affinity.pod_anti_affinity
    return [
        *_weighted(pod, near.preferred_during_scheduling_ignored_during_execution if near is not None else (), 1),
        *_weighted(pod, away.preferred_during_scheduling_ignored_during_execution if away is not None else (), -1),
    ]


def _weighted(pod: Pod, terms: Iterable[WeightedPodAffinityTerm], sign: int) -> list[AffinityTerm]:
    return [AffinityTerm.of(pod, wish.pod_affinity_term, sign * wish.weight) for wish in terms]


def _as_wishes(pod: Pod) -> list[AffinityTerm]:
    """What a Pod must be near to, as a wish: where it is, its like is welcome."""
    affinity = pod.spec.affinity
    part = affinity.pod_affinity if affinity is not None else None
    required = part.required_during_scheduling_ignored_during_execution if part is not None else ()
    return [AffinityTerm.of(pod, term, HARD_WEIGHT) for term in required]
