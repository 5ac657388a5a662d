"""Waiting for the Pods of kinds that have no conditions: ``Ready`` and ``Available`` mean that all Pods are that should be there.

StatefulSets, DaemonSets, ReplicaSets and ReplicationControllers tell of their Pods only in numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from podkit.cluster.hopeless import Needs

READY, AVAILABLE = "ready", "available"


@frozen
class ServingGoal:
    """All Pods of an object are ready, or available; see `podkit.cluster.until.Goal`.

    Attributes:
        state: ``ready`` or ``available``.
    """

    state: str

    def is_met(self, obj: Any) -> bool:
        """Whether as many Pods are as there should be, no others are there, and the controller has seen what is wanted."""
        if (obj.metadata.generation or 0) > (obj.status.observed_generation or 0):
            return False
        wanted, there, serving = _NUMBERS[obj.kind](obj, self.state)
        return wanted == there == serving

    def excluded_by(self, obj: Any) -> str | None:  # noqa: ARG002  (Pods may always come)
        """They may always come."""
        return None

    @property
    def needs_start(self) -> Needs:
        """All containers of the Pods."""
        return "all"

    def __str__(self) -> str:
        return f"all Pods to be {self.state}"


def serving_goal(kind: str, text: str) -> ServingGoal | None:
    """The goal that a condition means for a kind that has none; None when it means something else."""
    state = text.lower()
    return ServingGoal(state) if kind in _NUMBERS and state in (READY, AVAILABLE) else None


def _replicas(obj: Any, state: str) -> tuple[int, int, int]:
    status, wanted = obj.status, obj.spec.replicas if obj.spec.replicas is not None else 1
    serving = status.ready_replicas if state == READY else status.available_replicas
    return wanted, status.replicas or 0, serving or 0


def _daemons(obj: Any, state: str) -> tuple[int, int, int]:
    status = obj.status
    serving = status.number_ready if state == READY else status.number_available
    return status.desired_number_scheduled or 0, status.current_number_scheduled or 0, serving or 0


_NUMBERS: dict[str, Callable[[Any, str], tuple[int, int, int]]] = {
    "StatefulSet": _replicas,
    "ReplicaSet": _replicas,
    "ReplicationController": _replicas,
    "DaemonSet": _daemons,
}
