"""A step of a rollout of type Recreate: first all old Pods go, and only when the last has ended the new ones come.

Old Pods that are being stopped count as there, those that have ended do not. Both can be read from the old ReplicaSets' status once
that is about their present generation.

Source of the rules: ``pkg/controller/deployment/recreate.go``.
"""

from __future__ import annotations

from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.numbers import wanted
from podkit.model.replicaset import ReplicaSet


def recreate(draft: Draft) -> bool:
    """Take a step; whether there was one to take, or it has to be waited for old Pods."""
    active = [one for one in draft.old if wanted(one)]
    for one in active:
        draft.scale(one, 0)
    if active or any(map(may_have_pods, draft.old)):
        return True
    new = draft.make_new()
    if wanted(new) == wanted(draft.deployment):
        return False
    draft.scale(new, wanted(draft.deployment))
    return True


def may_have_pods(one: ReplicaSet) -> bool:
    """Whether some of the Pods of a ReplicaSet may not have ended."""
    status = one.status
    current = (status.observed_generation or 0) >= (one.metadata.generation or 0)
    return not current or bool(status.replicas) or bool(status.terminating_replicas)
