"""What a StatefulSet says of its Pods.

Source of the rules: ``pkg/controller/statefulset/stateful_set_control.go`` (computeReplicaStatus), ``stateful_set_utils.go``
(completeRollingUpdate).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from podkit.controllers.pod_state import seconds_to_available
from podkit.controllers.statefulset.identity import replicas_of
from podkit.controllers.statefulset.members import Member
from podkit.model.statefulset import StatefulSet, StatefulSetStatus


def count(owner: StatefulSet, pods: Sequence[Member], current: str, update: str, now: datetime) -> StatefulSetStatus:
    """The status with the numbers of Pods.

    Args:
        owner: the StatefulSet.
        pods: its Pods.
        current: the name of the revision that Pods are updated from.
        update: the name of the one that they are updated to.
        now: the time of day.
    """
    seconds = owner.spec.min_ready_seconds
    ready = [pod for pod in pods if pod.serves]
    available = sum(pod.is_available(seconds, now) for pod in ready) if seconds else len(ready)
    staying = [pod.revision for pod in pods if not pod.leaves]
    return StatefulSetStatus(
        observed_generation=owner.metadata.generation,
        replicas=len(pods),
        ready_replicas=len(ready),
        available_replicas=available,
        current_replicas=staying.count(current),
        updated_replicas=staying.count(update),
        current_revision=current,
        update_revision=update,
        collision_count=owner.status.collision_count or 0,
        conditions=list(owner.status.conditions),
    )


def complete(owner: StatefulSet, status: StatefulSetStatus) -> None:
    """Where all Pods have the latest revision and are ready, let it be the one that there is."""
    if not is_rolling(owner):
        return
    if status.updated_replicas == status.replicas == status.ready_replicas == replicas_of(owner):
        status.current_replicas = status.updated_replicas
        status.current_revision = status.update_revision


def is_rolling(owner: StatefulSet) -> bool:
    """Whether old Pods are replaced by and by."""
    strategy = owner.spec.update_strategy
    return strategy is None or strategy.type != "OnDelete"


def seconds_to_next_available(owner: StatefulSet, pods: Iterable[Member], now: datetime) -> float | None:
    """After how many seconds the next of the Pods that are ready counts as available; None: none is awaited."""
    if not owner.spec.min_ready_seconds:
        return None
    waits = (seconds_to_available(pod.pod, owner.spec.min_ready_seconds, now) for pod in pods)
    return min((wait for wait in waits if wait), default=None)
