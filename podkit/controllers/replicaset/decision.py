"""What a set of equal Pods needs next: how many to make, which to delete.

Source of the rules: ``pkg/controller/replicaset/replica_set.go`` (manageReplicas), ``pkg/controller/controller_utils.go``
(slowStartBatch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from podkit.controllers.pod_state import was_rejected
from podkit.controllers.replicaset.ranking import pods_to_delete
from podkit.model.pod import Pod

BURST = 500
"""How many Pods are made or deleted at the most before it is looked again (``BurstReplicas``)."""

LONGEST_PAUSE = timedelta(minutes=5)


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


def pause(pods: Sequence[Pod], replicas: int, now: datetime) -> float:
    """For how many seconds no more Pods are made, because nodes have rejected those before; 0: they can be made.

    A Pod that no node takes is rejected as quickly as it is made. Kubernetes makes others all the same, without a pause; here each
    round of them doubles it, from one second to `LONGEST_PAUSE`. It begins with the last one that was rejected.

    Args:
        pods: all Pods of the set, those that have ended too.
        replicas: how many Pods there shall be.
        now: the time of day.
    """
    rejected = [pod.metadata.creation_timestamp for pod in pods if was_rejected(pod)]
    if not rejected:
        return 0.0
    rounds = min(-(-len(rejected) // max(replicas, 1)), 10)
    delay = min(timedelta(seconds=2 ** (rounds - 1)), LONGEST_PAUSE)
    last = max(time for time in rejected if time is not None)
    return max(0.0, (last + delay - now).total_seconds())


def batches(count: int) -> Iterable[int]:
    """How many to make at a time: 1, 2, 4 and so on, so that what cannot succeed is not tried a hundred times at once."""
    size = 1
    while count > 0:
        size = min(size, count)
        yield size
        count -= size
        size *= 2
