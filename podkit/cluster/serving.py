"""Waiting for the Pods of kinds that have no conditions: ``Ready`` and ``Available`` mean that all Pods are that should be there.

StatefulSets, DaemonSets, ReplicaSets and ReplicationControllers tell of their Pods only in numbers.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.cluster.hopeless import Needs
from podkit.cluster.replicas import replicas_of

READY, AVAILABLE = "ready", "available"

_WITHOUT_CONDITIONS = frozenset({"StatefulSet", "ReplicaSet", "ReplicationController", "DaemonSet"})


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
        found = replicas_of(obj)
        if found is None:
            return False
        serving = found.ready if self.state == READY else found.available
        return found.wanted == found.present == serving

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
    return ServingGoal(state) if kind in _WITHOUT_CONDITIONS and state in (READY, AVAILABLE) else None
