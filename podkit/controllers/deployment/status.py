"""The status of a Deployment: the sum of its ReplicaSets', and how the rollout is going.

Source of the rules: ``pkg/controller/deployment/sync.go`` (calculateStatus), ``progress.go`` (syncRolloutStatus,
requeueStuckDeployment), ``util/deployment_util.go`` (DeploymentComplete, DeploymentProgressing, DeploymentTimedOut).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from podkit.controllers.deployment.conditions import (
    AVAILABLE,
    COMPLETE,
    PAUSED,
    PROGRESSING,
    REPLICA_FAILURE,
    RESUMED,
    TIMED_OUT,
    UPDATED,
    find_condition,
    has_deadline,
    new_condition,
    remove_condition,
    renew_condition,
    set_condition,
)
from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.numbers import desired, max_unavailable, wanted
from podkit.model.deployment import Deployment, DeploymentStatus
from podkit.model.replicaset import ReplicaSet, ReplicaSetCondition


def note_pause(draft: Draft) -> None:
    """Say that a Deployment is paused, or is no more: from then on the progress deadline runs anew."""
    if not has_deadline(draft.deployment):
        return
    known = find_condition(draft.status.conditions, PROGRESSING)
    if known is not None and known.reason == TIMED_OUT:
        return
    paused, said = bool(draft.deployment.spec.paused), known is not None and known.reason == PAUSED
    if paused != said:
        reason, word = (PAUSED, "paused") if paused else (RESUMED, "resumed")
        message = f"Deployment is {word}"
        set_condition(draft.status, new_condition(PROGRESSING, "Unknown", reason, message, draft.now))


def note_numbers(draft: Draft) -> None:
    """Put the numbers of Pods in the status, and whether enough are available."""
    status, sets = draft.status, draft.sets
    status.observed_generation = draft.deployment.metadata.generation
    status.replicas = _sum(sets, lambda one: one.status.replicas)
    status.updated_replicas = (draft.new.status.replicas if draft.new is not None else None) or 0
    status.ready_replicas = _sum(sets, lambda one: one.status.ready_replicas)
    status.available_replicas = _sum(sets, lambda one: one.status.available_replicas)
    status.unavailable_replicas = max(0, desired(sets) - status.available_replicas)
    status.terminating_replicas = _sum(sets, lambda one: one.status.terminating_replicas)
    if status.available_replicas >= wanted(draft.deployment) - max_unavailable(draft.deployment):
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
        set_condition(status, new_condition(AVAILABLE, "True", reason, message, draft.now))
    else:
        reason, message = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        set_condition(status, new_condition(AVAILABLE, "False", reason, message, draft.now))


def note_progress(draft: Draft, before: DeploymentStatus) -> None:
    """Say how the rollout is going.

    Args:
        draft: the Deployment, with its numbers in the status.
        before: the status as it was.
    """
    status = draft.status
    if not has_deadline(draft.deployment):
        remove_condition(status, PROGRESSING)
    elif not _was_complete(status):
        _judge_progress(draft, before)
    failure = _failure(draft)
    if failure is not None:
        reason, message = failure.reason or "", failure.message or ""
        set_condition(status, new_condition(REPLICA_FAILURE, failure.status, reason, message, draft.now))
    else:
        remove_condition(status, REPLICA_FAILURE)


def _judge_progress(draft: Draft, before: DeploymentStatus) -> None:
    status, now = draft.status, draft.now
    name = draft.new.metadata.name if draft.new is not None else draft.deployment.metadata.name
    who = f'{"ReplicaSet" if draft.new is not None else "Deployment"} "{name}"'
    if is_complete(draft.deployment, status):
        set_condition(status, new_condition(PROGRESSING, "True", COMPLETE, f"{who} has successfully progressed.", now))
    elif _has_progressed(before, status):
        renew_condition(status, new_condition(PROGRESSING, "True", UPDATED, f"{who} is progressing.", now))
    elif _is_late(draft.deployment, status, now):
        message = f"{who} has timed out progressing."
        set_condition(status, new_condition(PROGRESSING, "False", TIMED_OUT, message, now))


def is_complete(deployment: Deployment, status: DeploymentStatus) -> bool:
    """Whether all Pods are of the present template and available, and no others are left."""
    replicas = wanted(deployment)
    return status.updated_replicas == status.replicas == status.available_replicas == replicas and (
        status.observed_generation or 0
    ) >= (deployment.metadata.generation or 0)


def seconds_to_deadline(deployment: Deployment, status: DeploymentStatus, now: datetime) -> float | None:
    """After how many seconds to see whether the rollout is late; None: it is complete, late already, or may take its time."""
    known = find_condition(status.conditions, PROGRESSING)
    if not has_deadline(deployment) or known is None or known.last_update_time is None:
        return None
    if known.reason == TIMED_OUT or deployment.spec.paused or is_complete(deployment, status):
        return None
    left = (known.last_update_time + _deadline(deployment) - now).total_seconds()
    return max(0.0, left) + 1  # the condition is dated to the second


def _was_complete(status: DeploymentStatus) -> bool:
    """Whether no rollout is under way, so that there is no progress to be judged."""
    known = find_condition(status.conditions, PROGRESSING)
    return status.replicas == status.updated_replicas and known is not None and known.reason == COMPLETE


def _has_progressed(before: DeploymentStatus, now: DeploymentStatus) -> bool:
    def old(status: DeploymentStatus) -> int:
        return (status.replicas or 0) - (status.updated_replicas or 0)

    return (
        (now.updated_replicas or 0) > (before.updated_replicas or 0)
        or old(now) < old(before)
        or (now.ready_replicas or 0) > (before.ready_replicas or 0)
        or (now.available_replicas or 0) > (before.available_replicas or 0)
    )


def _is_late(deployment: Deployment, status: DeploymentStatus, now: datetime) -> bool:
    known = find_condition(status.conditions, PROGRESSING)
    if known is None or known.reason == COMPLETE or known.last_update_time is None:
        return False
    return known.reason == TIMED_OUT or known.last_update_time + _deadline(deployment) < now


def _deadline(deployment: Deployment) -> timedelta:
    return timedelta(seconds=deployment.spec.progress_deadline_seconds or 0)


def _failure(draft: Draft) -> ReplicaSetCondition | None:
    """Why Pods cannot be made or deleted: what the new ReplicaSet says, or else one of the old ones."""
    sets = [*([draft.new] if draft.new is not None else []), *draft.old]
    found = (condition for one in sets for condition in one.status.conditions if condition.type == REPLICA_FAILURE)
    return next(found, None)


def _sum(sets: Iterable[ReplicaSet], number: Callable[[ReplicaSet], int | None]) -> int:
    return sum(number(one) or 0 for one in sets)
