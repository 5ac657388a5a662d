"""The Pods of a DaemonSet, node by node.

Source of the rules: ``pkg/controller/daemon/daemon_controller.go`` (getNodesToDaemonPods, podByCreationTimestampAndPhase),
``update.go`` (findUpdatedPodsOnNode).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from attrs import frozen

from podkit.controllers.daemonset.placement import node_of
from podkit.controllers.pod_state import is_terminal, seconds_to_available
from podkit.controllers.revisions import HASH
from podkit.model.pod import Pod

_NEVER = datetime.max.replace(tzinfo=UTC)


def by_node(pods: Iterable[Pod]) -> dict[str, list[Pod]]:
    """Pods by the node that each is on or was made for; those that have ended and are being removed do not count."""
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        if pod.metadata.deletion_timestamp is None or not is_terminal(pod):
            found.setdefault(node_of(pod), []).append(pod)
    return found


def oldest_first(pods: Iterable[Pod]) -> list[Pod]:
    """Pods by age; those that are bound come first."""
    return sorted(
        pods,
        key=lambda pod: (not pod.spec.node_name, pod.metadata.creation_timestamp or _NEVER, pod.metadata.name or ""),
    )


def staying(pods: Iterable[Pod]) -> list[Pod]:
    """The Pods whose end nobody has asked for."""
    return [pod for pod in pods if pod.metadata.deletion_timestamp is None]


def is_updated(pod: Pod, revision: str) -> bool:
    """Whether a Pod was made of the present template."""
    return pod.metadata.labels.get(HASH) == revision


def is_available(pod: Pod, min_ready_seconds: int | None, now: datetime) -> bool:
    """Whether a Pod has been ready for long enough."""
    return seconds_to_available(pod, min_ready_seconds, now) == 0


@frozen
class Pair:
    """What there is on a node.

    Attributes:
        new: the Pod of the present template.
        old: the Pod of an earlier one.
    """

    new: Pod | None
    old: Pod | None


def pair_of(pods: Sequence[Pod], revision: str) -> Pair | None:
    """The new and the old Pod of a node, of those that stay; None when there are several of one sort."""
    new = [pod for pod in staying(pods) if is_updated(pod, revision)]
    old = [pod for pod in staying(pods) if not is_updated(pod, revision)]
    if len(new) > 1 or len(old) > 1:
        return None
    return Pair(next(iter(new), None), next(iter(old), None))
