"""Counting each of a Job's Pods exactly once, whatever dies in between.

A Pod that has ended goes into the Job's numbers in three steps, each of which may be the last before a crash:

1. its uid is noted in ``status.uncountedTerminatedPods`` (of an Indexed Job, a success in ``completedIndexes``), and stored;
2. its finalizer is taken away, so that it may vanish;
3. a uid that is noted and whose Pod has no finalizer any more goes into the number, and the note is dropped.

So a Pod with a finalizer that is not noted is not counted yet; one that is noted and has its finalizer will be counted
when that is gone; one without has been counted. There is no other case, and nothing is counted twice.

Source of the rules: ``pkg/controller/job/job_controller.go`` (trackJobStatusAndRemoveFinalizers).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import frozen

from podkit.controllers.job.failure_policy import meaning_of_failure
from podkit.controllers.job.indexes import IndexSet
from podkit.controllers.job.job_pods import has_failed, has_limit_per_index, index_of, is_indexed, is_tracked, is_valid
from podkit.controllers.job.tally import Tally
from podkit.model.job import JobCondition, JobStatus, UncountedTerminatedPods
from podkit.model.pod import Pod

MOST_NOTED = 500
"""How many Pods are noted at a time, so that the status stays small (``MaxUncountedPods``)."""


@frozen
class Noted:
    """What step 1 does.

    Attributes:
        release: the Pods whose finalizer is to be taken away once the status is stored.
        all: whether these are all that there are now.
    """

    release: Sequence[Pod]
    all: bool


def note(status: JobStatus, tally: Tally, verdict: JobCondition | None) -> Noted:
    """Note the Pods that have ended in a status, which is changed.

    With a verdict all others are let go too: those of a Job that has failed count as failed.
    """
    uncounted = _uncounted(status)
    release: list[Pod] = []
    successes: list[int] = []
    for pod in tally.pods:
        if not is_tracked(pod) or not _may_go(pod, tally, verdict):
            continue
        if len(successes) + len(uncounted.succeeded) + len(uncounted.failed) >= MOST_NOTED:
            return _noted(status, tally, release, successes, everything=False)
        release.append(pod)
        uid = pod.metadata.uid or ""
        if pod.status.phase == "Succeeded" and uid not in uncounted.failed:
            index = index_of(tally.job, pod) if is_indexed(tally.job) else None
            if index is not None and index not in tally.indexes_before:
                successes.append(index)
            elif not is_indexed(tally.job) and uid not in uncounted.succeeded:
                uncounted.succeeded.append(uid)
        elif uid not in uncounted.failed and _counts_as_failed(pod, tally, verdict):
            uncounted.failed.append(uid)
    return _noted(status, tally, release, successes, everything=True)


def settle(status: JobStatus, with_finalizer: Collection[str]) -> None:
    """Move the Pods that are noted, and no longer have their finalizer, into the numbers of a status, which is changed.

    Args:
        status: the status.
        with_finalizer: the uids of the Pods that have their finalizer still.
    """
    uncounted = _uncounted(status)
    counted = len(uncounted.succeeded) + len(uncounted.failed)
    if counted == 0:
        return
    waiting = UncountedTerminatedPods(
        succeeded=[uid for uid in uncounted.succeeded if uid in with_finalizer],
        failed=[uid for uid in uncounted.failed if uid in with_finalizer],
    )
    succeeded = (status.succeeded or 0) + len(uncounted.succeeded) - len(waiting.succeeded)
    failed = (status.failed or 0) + len(uncounted.failed) - len(waiting.failed)
    status.succeeded, status.failed = succeeded or None, failed or None
    status.uncounted_terminated_pods = waiting


def all_counted(status: JobStatus) -> bool:
    """Whether no Pod is noted and waits for its finalizer to go."""
    uncounted = _uncounted(status)
    return not uncounted.succeeded and not uncounted.failed


def _uncounted(status: JobStatus) -> UncountedTerminatedPods:
    if status.uncounted_terminated_pods is None:
        status.uncounted_terminated_pods = UncountedTerminatedPods()
    return status.uncounted_terminated_pods


def _may_go(pod: Pod, tally: Tally, verdict: JobCondition | None) -> bool:
    job = tally.job
    if job.metadata.deletion_timestamp is not None or verdict is not None or pod.status.phase == "Succeeded":
        return True
    if not has_failed(job, pod):
        return False
    # The last Pod that failed for an index stays until its replacement is there, which has to know the failures before it.
    index = index_of(job, pod) if has_limit_per_index(job) else None
    return index is None or tally.awaiting.get(index) is not pod


def _counts_as_failed(pod: Pod, tally: Tally, verdict: JobCondition | None) -> bool:
    job = tally.job
    ended_by_verdict = verdict is not None and verdict.type == "FailureTarget"
    if not is_valid(job, pod) or not (has_failed(job, pod) or ended_by_verdict):
        return False
    return meaning_of_failure(job, pod).counts


def _noted(
    status: JobStatus, tally: Tally, release: Sequence[Pod], successes: Sequence[int], *, everything: bool
) -> Noted:
    """Complete the status of an Indexed Job: there the set of indexes is the count."""
    if is_indexed(tally.job):
        indexes = tally.indexes_before | IndexSet.of(successes)
        status.succeeded, status.completed_indexes = len(indexes) or None, str(indexes) or None
        status.failed_indexes = None if tally.failed_indexes is None else str(tally.failed_indexes)
    return Noted(release, everything)
