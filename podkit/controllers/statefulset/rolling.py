"""Which Pods of an older revision a rolling update replaces next.

Without ``maxUnavailable`` it goes from the highest number down to the partition, and stops at the first Pod that does not serve.
With it, so many Pods may be out of service at a time; old ones that do not serve anyway are replaced in passing.

Source of the rules: ``pkg/controller/statefulset/stateful_set_control.go`` (updateStatefulSet,
updateStatefulSetAfterInvariantEstablished).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podkit.controllers.statefulset.identity import replicas_of
from podkit.controllers.statefulset.members import Member
from podkit.model.int_or_string import resolve
from podkit.model.statefulset import StatefulSet

Judge = Callable[[Member | None], bool]
"""Says whether a Pod does not serve."""


def to_replace(
    owner: StatefulSet, replicas: Sequence[Member | None], update: str, is_unavailable: Judge
) -> list[Member]:
    """The Pods to be deleted now, for the sake of the update.

    Args:
        owner: the StatefulSet.
        replicas: the Pods that there shall be, by number; None: it is to be made.
        update: the name of the latest revision.
        is_unavailable: whether one does not serve.
    """
    strategy = owner.spec.update_strategy
    rolling = strategy.rolling_update if strategy is not None else None
    partition = (rolling.partition or 0) if rolling is not None else 0
    most = rolling.max_unavailable if rolling is not None else None
    reached = [*reversed(replicas[partition:])]
    if most is None:
        return _next(reached, update, is_unavailable)
    budget = max(1, resolve(most, replicas_of(owner), round_up=False)) - sum(map(is_unavailable, replicas))
    return _some(reached, update, is_unavailable, budget)


def _next(reached: Sequence[Member | None], update: str, is_unavailable: Judge) -> list[Member]:
    for pod in reached:
        if pod is not None and _is_old(pod, update):
            return [pod]
        if is_unavailable(pod):
            break
    return []


def _some(reached: Sequence[Member | None], update: str, is_unavailable: Judge, budget: int) -> list[Member]:
    chosen = []
    for pod in reached:
        if pod is None or not _is_old(pod, update):
            continue
        if not is_unavailable(pod):
            if budget <= 0:
                break
            budget -= 1
        chosen.append(pod)
    return chosen


def _is_old(pod: Member, update: str) -> bool:
    return pod.revision != update and not pod.leaves
