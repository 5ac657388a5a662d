"""Who has to go so that a more important Pod finds room: the decision, without doing it.

On each node that other Pods keep from being possible, all less important Pods are thought away. If the Pod can go there then, they
are put back one after the other, the most important first, as long as it still can; those for which that fails are the *victims*.
The node is taken whose victims are the least loss: of the lowest importance, then the fewest, then the youngest.

Source of the rules: ``pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go``,
``pkg/scheduler/framework/preemption/preemption.go`` (pickOneNodeForPreemption). There are no PodDisruptionBudgets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from attrs import frozen

from podkit.model.pod import Pod
from podkit.scheduler.filtering import NodeTest, explain
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import Final, Reasons
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "PreemptionByScheduler"
"""The reason in the victim's condition DisruptionTarget."""

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NEVER = "not eligible due to preemptionPolicy=Never."
UNDER_WAY = "not eligible due to terminating pod on the nominated node."

_LOWEST = 2**31
"""Makes every priority a positive number, so that of several victims each adds to the sum."""
_NEVER_STARTED = datetime.max.replace(tzinfo=UTC)


@frozen
class Preemption:
    """What was decided.

    Attributes:
        node: the node that is meant for the Pod; None: none is.
        victims: the Pods there that have to go, the most important first.
        message: why there is nothing to be done, in kube-scheduler's words; empty when there is.
    """

    node: str | None
    victims: Sequence[Pod] = ()
    message: str = ""


def preempt(pod: PodInfo, cluster: Snapshot, objections: Mapping[str, Reasons]) -> Preemption:
    """Decide who has to go for a Pod that no node can take.

    Args:
        pod: the Pod.
        cluster: the cluster.
        objections: by the name of each node, why it is not possible now.
    """
    meant = pod.pod.status.nominated_node_name
    if pod.pod.spec.preemption_policy == "Never":
        return Preemption(meant, message=NEVER)
    if meant and not isinstance(objections.get(meant), Final) and _is_room_being_made(pod, cluster, meant):
        return Preemption(meant, message=UNDER_WAY)
    possible: dict[str, list[PodInfo]] = {}
    impossible: list[Reasons] = []
    for node in cluster.nodes:
        if isinstance(objections[node.name], Final):
            impossible.append([NOT_HELPFUL])
            continue
        victims, reasons = _victims(pod, cluster, node)
        if reasons:
            impossible.append(reasons)
        else:
            possible[node.name] = victims
    if not possible:
        return Preemption(None, message=explain(impossible))
    best = min(possible, key=lambda name: _loss(possible[name]))
    return Preemption(best, [victim.pod for victim in possible[best]])


def _is_room_being_made(pod: PodInfo, cluster: Snapshot, node_name: str) -> bool:
    """Whether Pods are ending on a node because they were preempted."""
    node = next((node for node in cluster.nodes if node.name == node_name), None)
    return node is not None and any(
        other.priority < pod.priority and _is_ending_for_another(other.pod) for other in node.pods.values()
    )


def _is_ending_for_another(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None and any(
        condition.type == "DisruptionTarget" and condition.status == "True" and condition.reason == REASON
        for condition in pod.status.conditions
    )


def _victims(pod: PodInfo, cluster: Snapshot, node: NodeInfo) -> tuple[list[PodInfo], Reasons]:
    """Who would have to go from one node; or why that does not help."""
    lesser = sorted((other for other in node.pods.values() if other.priority < pod.priority), key=_importance)
    if not lesser:
        return [], [NO_VICTIMS]
    left = node.changed(remove=lesser)
    if reasons := _objection(pod, cluster, left):
        return [], reasons
    victims = []
    for other in lesser:
        left.add(other)
        if _objection(pod, cluster, left):
            left.remove(other.uid)
            victims.append(other)
    return victims, ()


def _objection(pod: PodInfo, cluster: Snapshot, node: NodeInfo) -> Reasons:
    return NodeTest(pod, cluster.with_node(node)).objection(node)


def _importance(pod: PodInfo) -> tuple[int, datetime]:
    """What Pods are ordered by, the most important first: the greater priority, then the longer life."""
    return -pod.priority, _started(pod)


def _started(pod: PodInfo) -> datetime:
    return pod.pod.status.start_time or _NEVER_STARTED


def _loss(victims: Sequence[PodInfo]) -> tuple[int, int, int, float]:
    """What nodes are compared by."""
    highest = max(victim.priority for victim in victims)
    oldest = min(_started(victim) for victim in victims if victim.priority == highest)
    total = sum(victim.priority + _LOWEST for victim in victims)
    return highest, total, len(victims), -oldest.timestamp()
