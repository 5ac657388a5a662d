"""What controllers ask of a Pod: is it active, is it ready, and which of several goes first when some must go.

Source of the rules: ``pkg/controller/controller_utils.go`` (FilterActivePods, CountTerminatingPods, ActivePods).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from podkit.model.pod import Pod, PodCondition
from podkit.model.pod_state import is_active, is_ready, is_terminal

__all__ = [
    "PHASE_RANK",
    "condition",
    "in_order_of_removal",
    "is_active",
    "is_ready",
    "is_terminal",
    "is_terminating",
    "restarts",
    "seconds_to_available",
    "was_rejected",
]

PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}
"""How far a Pod has come."""

_NEVER = datetime.max.replace(tzinfo=UTC)


def condition(pod: Pod, type_: str) -> PodCondition | None:
    """A Pod's condition of that type; None when it has none."""
    for found in pod.status.conditions:  # asked so often that a generator would be felt
        if found.type == type_:
            return found
    return None


def was_rejected(pod: Pod) -> bool:
    """Whether the node has not taken a Pod at all: it has failed without having begun."""
    return pod.status.phase == "Failed" and pod.status.start_time is None and not pod.status.container_statuses


def is_terminating(pod: Pod) -> bool:
    """Whether a Pod is being stopped and has not ended yet."""
    return not is_terminal(pod) and pod.metadata.deletion_timestamp is not None


def seconds_to_available(pod: Pod, min_ready_seconds: int | None, now: datetime) -> float | None:
    """After how many seconds a Pod counts as available, if it stays ready; 0: it does now; None: it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.status != "True":
        return None
    if not min_ready_seconds:
        return 0.0
    if ready.last_transition_time is None:
        return None
    left = ready.last_transition_time + timedelta(seconds=min_ready_seconds) - now
    return max(0.0, left.total_seconds())


def restarts(pod: Pod) -> int:
    """How often the containers of a Pod were restarted, init containers included."""
    statuses = [*pod.status.init_container_statuses, *pod.status.container_statuses]
    return sum(status.restart_count for status in statuses)


def in_order_of_removal(pods: Iterable[Pod]) -> list[Pod]:
    """Pods in the order in which to give them up, so that the least is lost.

    First those without a node, then the pending before the running, the unready before the ready, those that have been ready
    for less time, those that were restarted more often, the younger ones.
    """
    return sorted(pods, key=_worth)


def _worth(pod: Pod) -> tuple[bool, int, bool, float, int, float]:
    ready = condition(pod, "Ready") if is_ready(pod) else None
    ready_since = (ready.last_transition_time if ready is not None else None) or _NEVER
    most_restarts = max((status.restart_count for status in pod.status.container_statuses), default=0)
    created = pod.metadata.creation_timestamp or _NEVER
    return (
        bool(pod.spec.node_name),
        PHASE_RANK.get(pod.status.phase or "Pending", 1),
        ready is not None,
        -ready_since.timestamp(),
        -most_restarts,
        -created.timestamp(),
    )
