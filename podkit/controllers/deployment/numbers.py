"""How many Pods a rollout may have, and how many it must leave.

A ReplicaSet that has been scaled down counts with the Pods that it still has, until its controller has deleted them: so at no
moment there are more than ``replicas + maxSurge``. (Kubernetes goes by ``spec.replicas`` alone, and may have more for a moment.)

Source of the rules: ``pkg/controller/deployment/util/deployment_util.go`` (ResolveFenceposts, MaxUnavailable, MaxSurge,
NewRSNewReplicas, GetReplicaSetProportion).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from podkit.controllers.deployment.annotations import MAX_REPLICAS, number_in
from podkit.model.deployment import Deployment
from podkit.model.int_or_string import resolve
from podkit.model.replicaset import ReplicaSet


def fenceposts(max_surge: int | str | None, max_unavailable: int | str | None, replicas: int) -> tuple[int, int]:
    """Surge, rounded up, and unavailability, rounded down, in Pods; not both are 0, as nothing could move then."""
    surge = resolve(max_surge or 0, replicas, round_up=True)
    unavailable = resolve(max_unavailable or 0, replicas, round_up=False)
    return surge, 1 if surge == 0 and unavailable == 0 else unavailable


def wanted(obj: Deployment | ReplicaSet) -> int:
    """How many replicas there shall be."""
    return obj.spec.replicas if obj.spec.replicas is not None else 1


def is_rolling(deployment: Deployment) -> bool:
    """Whether old Pods are replaced by and by."""
    strategy = deployment.spec.strategy
    return strategy is None or strategy.type != "Recreate"


def max_surge(deployment: Deployment) -> int:
    """How many Pods more than wanted there may be."""
    return _fenceposts_of(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Deployment) -> int:
    """How many Pods less than wanted may be available."""
    if not is_rolling(deployment) or wanted(deployment) == 0:
        return 0
    return min(_fenceposts_of(deployment)[1], wanted(deployment))


def _fenceposts_of(deployment: Deployment) -> tuple[int, int]:
    rolling = deployment.spec.strategy.rolling_update if deployment.spec.strategy is not None else None
    surge, unavailable = (rolling.max_surge, rolling.max_unavailable) if rolling is not None else ("25%", "25%")
    return fenceposts(surge, unavailable, wanted(deployment))


def limit(deployment: Deployment) -> int:
    """How many Pods there may be at the most."""
    return wanted(deployment) + max_surge(deployment)


def desired(sets: Iterable[ReplicaSet]) -> int:
    """How many replicas the ReplicaSets shall have together."""
    return sum(map(wanted, sets))


def present(sets: Iterable[ReplicaSet]) -> int:
    """How many Pods the ReplicaSets shall have together, and those that they still have beyond that."""
    return sum(max(wanted(one), one.status.replicas or 0) for one in sets)


def available(sets: Iterable[ReplicaSet]) -> int:
    """How many Pods are available, of those that the ReplicaSets are to keep.

    One that has just been scaled down may still say that it has more; they are as good as gone.
    """
    return sum(min(wanted(one), one.status.available_replicas or 0) for one in sets)


def new_replicas(deployment: Deployment, new: ReplicaSet, sets: Iterable[ReplicaSet]) -> int:
    """How many replicas the new ReplicaSet can have now, beside those that all together have."""
    if not is_rolling(deployment):
        return wanted(deployment)
    room = limit(deployment) - present(sets)
    if room <= 0:
        return wanted(new)
    return wanted(new) + min(room, wanted(deployment) - wanted(new))


def proportion(deployment: Deployment, one: ReplicaSet, to_add: int, added: int) -> int:
    """How many of the replicas to add fall to a ReplicaSet; all numbers are negative when it is to be fewer.

    Args:
        deployment: the Deployment.
        one: the ReplicaSet.
        to_add: how many are to be added to all ReplicaSets together.
        added: how many of them have been given to others.
    """
    if not wanted(one) or to_add == added:
        return 0
    allowed = to_add - added
    return min(_share(deployment, one), allowed) if to_add > 0 else max(_share(deployment, one), allowed)


def _share(deployment: Deployment, one: ReplicaSet) -> int:
    """By how many replicas a ReplicaSet changes to stay the same part of the whole."""
    size = wanted(one)
    if wanted(deployment) == 0:
        return -size
    before = number_in(one, MAX_REPLICAS) or deployment.status.replicas or 0
    return _round(size * limit(deployment) / before) - size if before else 0


def _round(number: float) -> int:
    return math.floor(number + 0.5)
