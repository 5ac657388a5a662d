"""NodeAffinity: the labels that a node must have, or would better have.

What a node must have is decided in `podkit.model.node_selection`.

Source of the rules: ``pkg/scheduler/framework/plugins/nodeaffinity``.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.model import node_selection
from podkit.model.pod import PodSpec
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, Final, NodeFilter, NodeScore, Reasons, normalized
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't match Pod's node affinity/selector"


def node_affinity(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    spec = pod.pod.spec
    if not spec.node_selector and node_selection.required_terms(spec) is None:
        return None

    def check(node: NodeInfo) -> Reasons:
        return FITS if is_wanted(spec, node) else Final([REASON])

    return check


def is_wanted(spec: PodSpec, node: NodeInfo) -> bool:
    """Whether a node has the labels that a Pod must have."""
    return node_selection.is_wanted(spec, node.name, node.labels)


def preferred_nodes(pod: PodInfo, _cluster: Snapshot) -> NodeScore | None:
    """The score: the sum of the weights of the preferences that a node meets."""
    affinity = pod.pod.spec.affinity.node_affinity if pod.pod.spec.affinity is not None else None
    preferences = affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else []
    if not preferences:
        return None

    def points(node: NodeInfo) -> int:
        return sum(wish.weight for wish in preferences if node_selection.meets(wish.preference, node.name, node.labels))

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        return normalized([points(node) for node in nodes])

    return score
