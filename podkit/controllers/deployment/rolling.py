"""A step of a rolling update: the new ReplicaSet grows as far as there is room, or the old ones shrink as far as they may.

Never both in one step: the next one begins with what has become of this one.

Source of the rules: ``pkg/controller/deployment/rolling.go``.
"""

from __future__ import annotations

from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.numbers import available, desired, max_unavailable, new_replicas, wanted
from podkit.model.replicaset import ReplicaSet


def roll(draft: Draft) -> bool:
    """Take a step; whether there was one to take."""
    new = draft.make_new()
    return _grow(draft, new) or _shrink_old(draft, new)


def _grow(draft: Draft, new: ReplicaSet) -> bool:
    goal = wanted(draft.deployment)
    if draft.created or wanted(new) == goal:
        return False
    replicas = goal if wanted(new) > goal else new_replicas(draft.deployment, new, draft.sets)
    if replicas == wanted(new):
        return False
    draft.scale(new, replicas)
    return True


def _shrink_old(draft: Draft, new: ReplicaSet) -> bool:
    """Shrink the old ones: by their Pods that are not available first, as nobody misses those."""
    if desired(draft.old) == 0:
        return False
    floor = wanted(draft.deployment) - max_unavailable(draft.deployment)
    coming = wanted(new) - available([new])
    surplus = desired(draft.sets) - floor - coming
    if surplus <= 0:
        return False
    removed = _drop_unavailable(draft, surplus)
    removed += _drop_available(draft, min(surplus - removed, available(draft.sets) - floor))
    return removed > 0


def _drop_unavailable(draft: Draft, at_most: int) -> int:
    removed = 0
    for one in list(draft.old):
        count = min(at_most - removed, wanted(one) - available([one]))
        if count > 0:
            draft.scale(one, wanted(one) - count)
            removed += count
    return removed


def _drop_available(draft: Draft, at_most: int) -> int:
    removed = 0
    for one in list(draft.old):
        count = min(at_most - removed, wanted(one))
        if count > 0:
            draft.scale(one, wanted(one) - count)
            removed += count
    return removed
