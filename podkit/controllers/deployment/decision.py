"""What a Deployment needs next: the decision, without doing it.

Source of the rules: ``pkg/controller/deployment/deployment_controller.go`` (syncDeployment), ``sync.go`` (cleanupDeployment).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.numbers import is_rolling, wanted
from podkit.controllers.deployment.recreate import recreate
from podkit.controllers.deployment.replica_sets import by_revision
from podkit.controllers.deployment.rolling import roll
from podkit.controllers.deployment.scaling import is_scaled, scale
from podkit.controllers.deployment.status import is_complete, note_numbers, note_pause, note_progress
from podkit.model.deployment import Deployment
from podkit.model.replicaset import ReplicaSet


def decide(deployment: Deployment, sets: Sequence[ReplicaSet], now: datetime) -> Draft:
    """Decide what is to become of a Deployment and its ReplicaSets.

    Args:
        deployment: the Deployment.
        sets: the ReplicaSets that are its own.
        now: the time of day.
    """
    draft = Draft(deployment, sets, now)
    if deployment.metadata.deletion_timestamp is not None:
        draft.number_revision()
        note_numbers(draft)
        return draft
    note_pause(draft)
    draft.number_revision()
    if deployment.spec.paused or is_scaled(draft):
        scale(draft)
        if deployment.spec.paused:
            _clean_up(draft)
        note_numbers(draft)
        return draft
    moved = roll(draft) if is_rolling(deployment) else recreate(draft)
    if not moved and is_complete(deployment, deployment.status):
        _clean_up(draft)
    note_numbers(draft)
    note_progress(draft, deployment.status)
    return draft


def _clean_up(draft: Draft) -> None:
    """Delete the oldest revisions beyond the history limit, unless they still have Pods."""
    keep = draft.deployment.spec.revision_history_limit
    if keep is None:
        return
    candidates = [one for one in by_revision(draft.old) if one.metadata.deletion_timestamp is None]
    surplus = candidates[: max(0, len(candidates) - keep)]
    draft.deleted = [one for one in surplus if _is_empty(one)]
    draft.old = [one for one in draft.old if one not in draft.deleted]


def _is_empty(one: ReplicaSet) -> bool:
    observed = (one.status.observed_generation or 0) >= (one.metadata.generation or 0)
    return observed and not one.status.replicas and not wanted(one)
