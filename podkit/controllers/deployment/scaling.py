"""Scaling a Deployment that is not rolling on at this moment: it is paused, or its number of replicas has just been changed.

In the midst of a rollout each ReplicaSet keeps its part of the whole: that limits the risk, as a new revision that does not work
does not get all the new Pods.

Source of the rules: ``pkg/controller/deployment/sync.go`` (scale, isScalingEvent), ``util/deployment_util.go``
(FindActiveOrLatest, IsSaturated).
"""

from __future__ import annotations

from podkit.controllers.deployment.annotations import DESIRED_REPLICAS, number_in
from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.numbers import desired, is_rolling, limit, proportion, wanted
from podkit.controllers.deployment.replica_sets import oldest_first
from podkit.model.replicaset import ReplicaSet


def is_scaled(draft: Draft) -> bool:
    """Whether the number of replicas has changed since the ReplicaSets were scaled last."""
    noted = [number_in(one, DESIRED_REPLICAS) for one in draft.sets if wanted(one)]
    return any(number is not None and number != wanted(draft.deployment) for number in noted)


def scale(draft: Draft) -> None:
    """Give the ReplicaSets the numbers of replicas that belong to that of the Deployment."""
    only = _active_or_latest(draft)
    if only is not None:
        draft.scale(only, wanted(draft.deployment))
    elif _is_saturated(draft):
        for one in [one for one in draft.old if wanted(one)]:
            draft.scale(one, 0)
    elif is_rolling(draft.deployment) and draft.sets:
        _scale_in_proportion(draft)


def _active_or_latest(draft: Draft) -> ReplicaSet | None:
    """The only ReplicaSet with replicas; if none has any, the new one, or the latest."""
    active = [one for one in draft.sets if wanted(one)]
    if active:
        return active[0] if len(active) == 1 else None
    return draft.new or next(reversed(draft.old), None)


def _is_saturated(draft: Draft) -> bool:
    """Whether the new ReplicaSet alone is enough."""
    new, replicas = draft.new, wanted(draft.deployment)
    return (
        new is not None
        and wanted(new) == number_in(new, DESIRED_REPLICAS) == replicas
        and new.status.available_replicas == replicas
    )


def _scale_in_proportion(draft: Draft) -> None:
    active = [one for one in draft.sets if wanted(one)]
    allowed = limit(draft.deployment) if wanted(draft.deployment) else 0
    to_add = allowed - desired(active)
    newest_first = oldest_first(active)[::-1]
    order = sorted(newest_first if to_add > 0 else newest_first[::-1], key=wanted, reverse=True)
    sizes, added = [], 0
    for one in order:
        share = proportion(draft.deployment, one, to_add, added) if to_add else 0
        sizes.append(wanted(one) + share)
        added += share
    sizes[0] = max(0, sizes[0] + to_add - added)
    for one, size in zip(order, sizes, strict=True):
        draft.scale(one, size)
