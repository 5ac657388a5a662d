"""NodeAffinity: the labels that a node must have, or would better have.

``nodeSelector`` and the required terms must both be met; of the terms, one. A term without requirements is met by no node.

Source of the rules: ``pkg/scheduler/framework/plugins/nodeaffinity``, component-helpers ``nodeaffinity/nodeaffinity.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.model.pod import PodSpec
from podkit.model.scheduling import NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, Final, NodeFilter, NodeScore, Reasons, normalized
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't match Pod's node affinity/selector"


def node_affinity(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    spec = pod.pod.spec
    if not spec.node_selector and _required(spec) is None:
        return None

    def check(node: NodeInfo) -> Reasons:
        return FITS if is_wanted(spec, node) else Final([REASON])

    return check


def is_wanted(spec: PodSpec, node: NodeInfo) -> bool:
    """Whether a node has the labels that a Pod must have."""
    if any(node.labels.get(key) != value for key, value in spec.node_selector.items()):
        return False
    terms = _required(spec)
    return terms is None or any(_meets(term, node) for term in terms)


def preferred_nodes(pod: PodInfo, _cluster: Snapshot) -> NodeScore | None:
    """The score: the sum of the weights of the preferences that a node meets."""
    affinity = _affinity(pod.pod.spec)
    preferences = affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else []
    if not preferences:
        return None

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        return normalized([sum(wish.weight for wish in preferences if _meets(wish.preference, node)) for node in nodes])

    return score


def _affinity(spec: PodSpec) -> NodeAffinity | None:
    return spec.affinity.node_affinity if spec.affinity is not None else None


def _required(spec: PodSpec) -> Sequence[NodeSelectorTerm] | None:
    affinity = _affinity(spec)
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    return None if required is None else required.node_selector_terms


def _meets(term: NodeSelectorTerm, node: NodeInfo) -> bool:
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {"metadata.name": node.name}
    return all(_holds(rule, node.labels.get(rule.key)) for rule in term.match_expressions) and all(
        _holds(rule, fields.get(rule.key)) for rule in term.match_fields
    )


def _holds(rule: NodeSelectorRequirement, value: str | None) -> bool:
    if rule.operator == "In":
        return value is not None and value in rule.values
    if rule.operator == "NotIn":
        return value is None or value not in rule.values
    if rule.operator == "Exists":
        return value is not None
    if rule.operator == "DoesNotExist":
        return value is None
    return value is not None and _compares(rule, value)


def _compares(rule: NodeSelectorRequirement, value: str) -> bool:
    try:
        number, bound = int(value), int(rule.values[0])
    except (ValueError, IndexError):
        return False
    return number > bound if rule.operator == "Gt" else number < bound
