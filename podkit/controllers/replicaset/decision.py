"""What a set of equal Pods needs next: how many to make, which to delete.

Source of the rules: ``pkg/controller/replicaset/replica_set.go`` (manageReplicas), ``pkg/controller/controller_utils.go``
(slowStartBatch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from attrs import frozen

from podkit.controllers.replicaset.ranking import pods_to_delete
from podkit.model.pod import Pod

BURST = 500
"""How many Pods are made or deleted at the most before it is looked again (``BurstReplicas``)."""


@frozen
class Decision:
    """What is to be done.

    Attributes:
        create: how many Pods to make.
        delete: which Pods to delete.
    """

    create: int = 0
    delete: Sequence[Pod] = ()


def decide(replicas: int, active: Sequence[Pod], siblings: Callable[[], Iterable[Pod]], now: datetime) -> Decision:
    """Decide what is to be done.

    Args:
        replicas: how many Pods there shall be.
        active: those that run or will run.
        siblings: gives these and all others that count as siblings when it comes to deleting.
        now: the time of day.
    """
    surplus = len(active) - replicas
    if surplus < 0:
        return Decision(create=min(-surplus, BURST))
    if surplus > 0:
        return Decision(delete=pods_to_delete(active, siblings(), min(surplus, BURST), now))
    return Decision()


def batches(count: int) -> Iterable[int]:
    """How many to make at a time: 1, 2, 4 and so on, so that what cannot succeed is not tried a hundred times at once."""
    size = 1
    while count > 0:
        size = min(size, count)
        yield size
        count -= size
        size *= 2
