"""Which of several equal Pods go first, when some must: those that are missed least.

In this order: Pods without a node; pending before unknown before running; unready before ready; a lower deletion cost (annotation
`DELETION_COST`) before a higher; those with more siblings on their node; those that have been ready for less time; those that were
restarted more often; the younger. Times are compared by their orders of magnitude only (powers of two), and of equal ones the
uid decides: so it is not always the youngest, nor the same failure domain, that loses its Pods.

Source of the rules: ``pkg/controller/controller_utils.go`` (ActivePodsWithRanks), ``replica_set.go`` (getPodsToDelete).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cmp_to_key, partial

from attrs import frozen

from podkit.controllers.pod_state import PHASE_RANK, condition, is_active
from podkit.model.pod import Pod

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_GREATEST_COST = 2**31 - 1


@frozen
class _Worth:
    """What a Pod is worth.

    Attributes:
        pod: the Pod.
        plain: what is compared first.
        ready_since: since when it is ready; None: it is not, or it is not known.
        restarts: how often its container was restarted that was restarted most.
        created: when it came into being.
    """

    pod: Pod
    plain: tuple[bool, int, bool, int, int]
    ready_since: datetime | None
    restarts: int
    created: datetime | None


def pods_to_delete(pods: Sequence[Pod], siblings: Iterable[Pod], count: int, now: datetime) -> list[Pod]:
    """The ``count`` Pods to delete first.

    Args:
        pods: active Pods.
        siblings: these and all others that count as siblings: those of the ReplicaSets of the same Deployment.
        count: how many are to go.
        now: the time of day.
    """
    if count >= len(pods):
        return list(pods)
    crowd = Counter(pod.spec.node_name for pod in siblings if is_active(pod))
    worths = [_worth(pod, crowd[pod.spec.node_name]) for pod in pods]
    in_order = sorted(worths, key=cmp_to_key(partial(_compare, now)))
    return [worth.pod for worth in in_order[:count]]


def _worth(pod: Pod, crowd: int) -> _Worth:
    found = condition(pod, "Ready")
    ready = found if found is not None and found.status == "True" else None
    return _Worth(
        pod,
        (
            bool(pod.spec.node_name),
            PHASE_RANK.get(pod.status.phase or "Pending", 1),
            ready is not None,
            deletion_cost(pod),
            -crowd,
        ),
        ready.last_transition_time if ready is not None else None,
        max((status.restart_count for status in pod.status.container_statuses), default=0),
        pod.metadata.creation_timestamp,
    )


def deletion_cost(pod: Pod) -> int:
    """What its annotation says that deleting a Pod costs; 0 when that is no number of 32 bits."""
    text = pod.metadata.annotations.get(DELETION_COST, "0")
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdecimal() and (digits == "0" or not digits.startswith("0"))
    cost = int(text) if plain and len(digits) <= len(str(_GREATEST_COST)) else 0
    return cost if -_GREATEST_COST - 1 <= cost <= _GREATEST_COST else 0


def _compare(now: datetime, one: _Worth, other: _Worth) -> int:
    """Negative: the one goes before the other."""
    if one.plain != other.plain:
        return -1 if one.plain < other.plain else 1
    if one.ready_since != other.ready_since:
        return _compare_ages(one, other, one.ready_since, other.ready_since, now)
    if one.restarts != other.restarts:
        return other.restarts - one.restarts
    if one.created != other.created:
        return _compare_ages(one, other, one.created, other.created, now)
    return 0


def _compare_ages(
    one: _Worth, other: _Worth, since: datetime | None, since_other: datetime | None, now: datetime
) -> int:
    """The one without a time goes first, then the one with the shorter time, by orders of magnitude."""
    if since is None or since_other is None:
        return -1 if since is None else 1
    difference = _magnitude(now - since) - _magnitude(now - since_other)
    if difference:
        return difference
    return -1 if (one.pod.metadata.uid or "") < (other.pod.metadata.uid or "") else 1


def _magnitude(passed: timedelta) -> int:
    """The power of two that a time is of, in nanoseconds; -1 for none."""
    microseconds = passed // timedelta(microseconds=1)
    return int(math.log2(microseconds * 1000)) if microseconds > 0 else -1
