"""Which Pods a Job needs now, and which it has too many of.

It wants as many to run as ``parallelism`` allows and successes are missing. Without ``completions`` it wants ``parallelism`` until
one has succeeded, and then lets the others come to their own end. In one go there are either deletions or creations,
deletions first, and at most `MOST_AT_ONCE` of them; what is missing comes with the next.

Source of the rules: ``pkg/controller/job/job_controller.go`` (manageJob, activePodsForRemoval),
``indexed_job_utils.go`` (firstPendingIndexes, appendDuplicatedIndexPodsForRemoval).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from attrs import field, frozen

from podkit.controllers.job.failure_policy import meaning_of_failure
from podkit.controllers.job.history import History, index_delay
from podkit.controllers.job.indexes import IndexSet
from podkit.controllers.job.job_pods import (
    has_limit_per_index,
    index_failures,
    index_ignored_failures,
    index_of,
    is_indexed,
    is_suspended,
    replaces_only_failed,
)
from podkit.controllers.job.tally import Tally
from podkit.controllers.pod_state import in_order_of_removal, is_terminating
from podkit.model.job import Job
from podkit.model.pod import Pod

MOST_AT_ONCE = 500


@frozen
class NewPod:
    """A Pod that is to be made.

    Attributes:
        index: the index that it is for; None unless the Job is Indexed.
        failures: how many Pods of this index have failed; None unless there is a limit for each index.
        ignored_failures: how many have failed without that it counts.
    """

    index: int | None = None
    failures: int | None = None
    ignored_failures: int = 0


@frozen
class Plan:
    """What is to be done.

    Attributes:
        delete: Pods to delete; they are not counted as failures.
        create: Pods to make.
        wait: seconds after which something can be made; None: not a matter of time.
    """

    delete: Sequence[Pod] = ()
    create: Sequence[NewPod] = field(default=())
    wait: float | None = None


def plan(tally: Tally, history: History, now: datetime) -> Plan:
    """Decide which of a Job's Pods to delete, or how many to make."""
    active = len(tally.active)
    if is_suspended(tally.job):
        return Plan(delete=_surplus(tally, active))
    wanted = _wanted(tally)
    surplus = _surplus(tally, max(0, active - wanted))
    if surplus:
        return Plan(delete=surplus[:MOST_AT_ONCE])
    leaving = tally.terminating if replaces_only_failed(tally.job) else 0
    missing = min(wanted - leaving - active, MOST_AT_ONCE)
    return _creation(tally, missing, history, now) if missing > 0 else Plan()


def is_done(tally: Tally, active: int) -> bool:
    """Whether a Job has what it needs, when so many Pods are active after the plan has been carried out."""
    needed = tally.job.spec.completions
    return active == 0 and tally.succeeded >= (1 if needed is None else needed)


def _wanted(tally: Tally) -> int:
    spec = tally.job.spec
    parallelism = 1 if spec.parallelism is None else spec.parallelism
    if spec.completions is None:
        return len(tally.active) if tally.succeeded > 0 else parallelism
    return max(0, min(parallelism, spec.completions - tally.succeeded))


def _creation(tally: Tally, missing: int, history: History, now: datetime) -> Plan:
    job = tally.job
    per_index = has_limit_per_index(job)
    delay = 0.0 if per_index else history.delay(now)
    if delay > 0:
        return Plan(wait=delay)
    if not is_indexed(job):
        return Plan(create=[NewPod()] * missing)
    indexes = list(islice(_taken_indexes(tally).missing(job.spec.completions or 0), missing))
    if not per_index:
        return Plan(create=[NewPod(index) for index in indexes])
    delays = {index: index_delay(tally.awaiting.get(index), now) for index in indexes}
    due = [index for index in indexes if delays[index] == 0]
    return Plan(
        create=[_replacement(job, index, tally.awaiting.get(index)) for index in due],
        wait=min((delay for delay in delays.values() if delay > 0), default=None),
    )


def _taken_indexes(tally: Tally) -> IndexSet:
    """The indexes that need no Pod: they are decided, or have one."""
    job = tally.job
    there = list(tally.active)
    if replaces_only_failed(job):
        there += [pod for pod in tally.pods if is_terminating(pod)]
    running = IndexSet.of(index for pod in there if (index := index_of(job, pod)) is not None)
    return tally.indexes | (tally.failed_indexes or IndexSet()) | running


def _replacement(job: Job, index: int, replaced: Pod | None) -> NewPod:
    if replaced is None:
        return NewPod(index, failures=0)
    failures, ignored = index_failures(replaced), index_ignored_failures(replaced)
    if meaning_of_failure(job, replaced).counts:
        return NewPod(index, failures + 1, ignored)
    return NewPod(index, failures, ignored + 1)


def _surplus(tally: Tally, at_least: int) -> list[Pod]:
    """Active Pods to delete: those of an Indexed Job that have no index or share one, and more if need be."""
    if not is_indexed(tally.job):
        return in_order_of_removal(tally.active)[:at_least] if at_least else []
    by_index: dict[int | None, list[Pod]] = {}
    for pod in tally.active:
        by_index.setdefault(index_of(tally.job, pod), []).append(pod)
    surplus = by_index.pop(None, [])
    left: list[Pod] = []
    for pods in by_index.values():
        *worse, best = in_order_of_removal(pods) if len(pods) > 1 else pods
        surplus += worse
        left.append(best)
    if len(surplus) < at_least:
        surplus += in_order_of_removal(left)[: at_least - len(surplus)]
    return surplus
