"""TaintToleration and NodeUnschedulable: a node's taints keep Pods away that do not tolerate them.

A taint ``NoSchedule`` or ``NoExecute`` keeps them away for good, ``PreferNoSchedule`` only where there is a better node. One
that is cordoned (``spec.unschedulable``) counts as having the taint ``node.kubernetes.io/unschedulable``.

Source of the rules: ``pkg/scheduler/framework/plugins/{tainttoleration,nodeunschedulable}``,
component-helpers ``scheduling/corev1/helpers.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.model import node_taints
from podkit.model.node import Taint
from podkit.model.toleration import tolerates
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, Final, NodeFilter, NodeScore, Reasons, normalized
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

UNSCHEDULABLE = Taint(key=node_taints.UNSCHEDULABLE, effect="NoSchedule")

_UNSCHEDULABLE_REASON = "node(s) were unschedulable"
_TAINT_REASON = "node(s) had untolerated taint(s)"
_FORBIDDING = ("NoSchedule", "NoExecute")


def node_unschedulable(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter NodeUnschedulable."""
    if tolerates(pod.pod.spec.tolerations, UNSCHEDULABLE):
        return None

    def check(node: NodeInfo) -> Reasons:
        return Final([_UNSCHEDULABLE_REASON]) if node.node.spec.unschedulable else FITS

    return check


def taint_toleration(pod: PodInfo, cluster: Snapshot) -> NodeFilter | None:
    """The filter TaintToleration."""
    if not cluster.has_taints:
        return None

    def check(node: NodeInfo) -> Reasons:
        return FITS if tolerates_all(pod, node) else Final([_TAINT_REASON])

    return check


def tolerates_all(pod: PodInfo, node: NodeInfo) -> bool:
    """Whether a Pod tolerates all taints of a node that would keep it away."""
    taints = node.node.spec.taints
    if not taints:  # as most nodes are
        return True
    forbidding = (taint for taint in taints if taint.effect in _FORBIDDING)
    return all(tolerates(pod.pod.spec.tolerations, taint) for taint in forbidding)


def untolerated_preferences(pod: PodInfo, cluster: Snapshot) -> NodeScore | None:
    """The score TaintToleration: the fewer taints ``PreferNoSchedule`` a node has that the Pod does not tolerate, the better."""
    if not cluster.has_taints or not any(map(_preferring, cluster.nodes)):
        return None

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        tolerations = pod.pod.spec.tolerations
        counts = [sum(not tolerates(tolerations, taint) for taint in _preferring(node)) for node in nodes]
        return normalized(counts, reverse=True)

    return score


def _preferring(node: NodeInfo) -> list[Taint]:
    return [taint for taint in node.node.spec.taints if taint.effect == "PreferNoSchedule"]
