"""Which nodes a Pod can go to.

Of each node the first filter that objects is believed, as in kube-scheduler. Where room is being made for Pods that are no less
important, a node must be possible both with them there, so that they keep their room, and without them, because they may never
come.

Source of the rules: ``pkg/scheduler/schedule_one.go``, ``pkg/scheduler/framework/runtime/framework.go``
(RunFilterPluginsWithNominatedPods), ``framework/types.go`` (FitError), ``apis/config/v1/default_plugins.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import Filter, NodeFilter, Reasons
from podkit.scheduler.plugins.inter_pod_affinity import inter_pod_affinity
from podkit.scheduler.plugins.node_affinity import node_affinity
from podkit.scheduler.plugins.node_name import node_name
from podkit.scheduler.plugins.node_ports import node_ports
from podkit.scheduler.plugins.node_resources import node_resources_fit
from podkit.scheduler.plugins.pod_topology_spread import pod_topology_spread
from podkit.scheduler.plugins.taint_toleration import node_unschedulable, taint_toleration
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


class NodeTest:
    """Says of each node of a cluster why a Pod cannot go there.

    Args:
        pod: the Pod.
        cluster: the cluster.

    Raises:
        Unresolvable: no node can take the Pod, whatever the node is.
    """

    def __init__(self, pod: PodInfo, cluster: Snapshot) -> None:
        self._pod = pod
        self._cluster = cluster
        self._filters = _filters(pod, cluster)

    def possible(self) -> Sequence[NodeInfo]:
        """The nodes of the cluster to which the Pod can go, ordered by name."""
        nodes = self._cluster.nodes
        if self._cluster.nominated:
            return [node for node in nodes if not self.objection(node)]
        for check in self._filters:  # asking each node in turn would take a call more for each
            nodes = [node for node in nodes if not check(node)]
        return nodes

    def objection(self, node: NodeInfo) -> Reasons:
        """Why the Pod cannot go to a node of the cluster; nothing when it can."""
        if self._cluster.nominated and (rivals := self._rivals(node)):
            crowded = node.changed(add=rivals)
            reasons = _first_objection(_filters(self._pod, self._cluster.with_node(crowded)), crowded)
            if reasons:
                return reasons
        return _first_objection(self._filters, node)

    def _rivals(self, node: NodeInfo) -> list[PodInfo]:
        """The Pods, no less important, for which room is being made on a node."""
        return [
            other
            for other in self._cluster.nominated.get(node.name, {}).values()
            if other.uid != self._pod.uid and other.priority >= self._pod.priority
        ]


def _filters(pod: PodInfo, cluster: Snapshot) -> list[NodeFilter]:
    return [check for make in FILTERS if (check := make(pod, cluster)) is not None]


def _first_objection(filters: Iterable[NodeFilter], node: NodeInfo) -> Reasons:
    for check in filters:  # for each node and each Pod: a generator would take twice the time
        if reasons := check(node):
            return reasons
    return ()


def explain(objections: Sequence[Reasons]) -> str:
    """Say how many nodes are not possible for which reason, in kube-scheduler's words."""
    counted = Counter(reason for reasons in objections for reason in reasons)
    summary = ", ".join(sorted(f"{count} {reason}" for reason, count in counted.items()))
    return f"0/{len(objections)} nodes are available: {summary}."
