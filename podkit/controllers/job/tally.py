"""A Job's Pods, counted: what its status and its Pods say together.

The status has the Pods that are counted for good. To them come those that have ended since (they still have their finalizer), and
those whose uids the status has noted as ended but not yet counted (see `tracking`).

Source of the rules: ``pkg/controller/job/job_controller.go`` (syncJob, getNewFinishedPods), ``indexed_job_utils.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from podkit.controllers.job.failure_policy import meaning_of_failure
from podkit.controllers.job.history import finish_time
from podkit.controllers.job.indexes import IndexSet
from podkit.controllers.job.job_pods import (
    has_failed,
    has_limit_per_index,
    index_failures,
    index_ignored_failures,
    index_of,
    is_indexed,
    is_tracked,
    is_valid,
)
from podkit.controllers.pod_state import is_active, is_ready, is_terminating
from podkit.model.job import Job, UncountedTerminatedPods
from podkit.model.pod import Pod


@frozen
class Tally:
    """How a Job stands.

    Attributes:
        job: the Job.
        pods: those of its Pods that matter still.
        active: those that run or will run.
        terminating: how many are being stopped.
        ready: how many of the active ones are ready.
        new_succeeded: those that have succeeded and are neither counted nor noted.
        new_failed: those that have failed and are neither counted nor noted, also if their failure does not count.
        succeeded: how many have succeeded in all; of an Indexed Job, how many indexes have.
        failed: how many have failed in all, without those that do not count.
        indexes_before: the indexes that the status says have succeeded.
        indexes: the indexes that have succeeded.
        failed_indexes: the indexes that have failed; None when there is no limit for each.
        awaiting: by index, the Pod that failed last, where no other Pod is there for the index yet. It is kept until its
            replacement is, which has to know how many failures there were.
    """

    job: Job
    pods: Sequence[Pod]
    active: Sequence[Pod]
    terminating: int
    ready: int
    new_succeeded: Sequence[Pod]
    new_failed: Sequence[Pod]
    succeeded: int
    failed: int
    indexes_before: IndexSet
    indexes: IndexSet
    failed_indexes: IndexSet | None
    awaiting: dict[int, Pod]


def count(job: Job, pods: Sequence[Pod]) -> Tally:
    """Count a Job's Pods."""
    status = job.status
    uncounted = status.uncounted_terminated_pods or UncountedTerminatedPods()
    active = [pod for pod in pods if is_active(pod)]
    succeeded = _new(job, pods, uncounted.succeeded, lambda pod: pod.status.phase == "Succeeded")
    failed = _new(job, pods, uncounted.failed, lambda pod: has_failed(job, pod))
    before, indexes = _succeeded_indexes(job, pods)
    failed_indexes = _failed_indexes(job, pods) if has_limit_per_index(job) else None
    all_succeeded = (status.succeeded or 0) + len(succeeded) + len(uncounted.succeeded)
    counting = sum(meaning_of_failure(job, pod).counts for pod in failed)
    return Tally(
        job=job,
        pods=pods,
        active=active,
        terminating=sum(map(is_terminating, pods)),
        ready=sum(map(is_ready, active)),
        new_succeeded=succeeded,
        new_failed=failed,
        succeeded=len(indexes) if is_indexed(job) else all_succeeded,
        failed=(status.failed or 0) + counting + len(uncounted.failed),
        indexes_before=before,
        indexes=indexes,
        failed_indexes=failed_indexes,
        awaiting={} if failed_indexes is None else _awaiting(job, pods, active, indexes | failed_indexes),
    )


def _new(job: Job, pods: Iterable[Pod], noted: Sequence[str], ended: Callable[[Pod], bool]) -> list[Pod]:
    known = set(noted)
    return [
        pod for pod in pods if ended(pod) and is_tracked(pod) and pod.metadata.uid not in known and is_valid(job, pod)
    ]


def _succeeded_indexes(job: Job, pods: Iterable[Pod]) -> tuple[IndexSet, IndexSet]:
    """The indexes that have succeeded, as the status has them and with those of Pods that are not counted yet."""
    if not is_indexed(job):
        return IndexSet(), IndexSet()
    before = IndexSet.parse(job.status.completed_indexes, job.spec.completions or 0)
    new = (index_of(job, pod) for pod in pods if is_tracked(pod) and pod.status.phase == "Succeeded")
    return before, before | IndexSet.of(index for index in new if index is not None)


def _failed_indexes(job: Job, pods: Iterable[Pod]) -> IndexSet:
    before = IndexSet.parse(job.status.failed_indexes, job.spec.completions or 0)
    new = (index_of(job, pod) for pod in pods if is_tracked(pod) and _fails_its_index(job, pod))
    return before | IndexSet.of(index for index in new if index is not None)


def _fails_its_index(job: Job, pod: Pod) -> bool:
    if not has_failed(job, pod):
        return False
    meaning = meaning_of_failure(job, pod)
    return meaning.action == "FailIndex" or (
        meaning.counts and index_failures(pod) >= (job.spec.backoff_limit_per_index or 0)
    )


def _awaiting(job: Job, pods: Iterable[Pod], active: Iterable[Pod], decided: IndexSet) -> dict[int, Pod]:
    running = {index_of(job, pod) for pod in active}
    last: dict[int, Pod] = {}
    for pod in pods:
        index = index_of(job, pod)
        if index is None or index in running or index in decided or not is_tracked(pod) or not has_failed(job, pod):
            continue
        if index not in last or _is_later(pod, last[index]):
            last[index] = pod
    return last


def _is_later(pod: Pod, other: Pod) -> bool:
    def failures(pod: Pod) -> int:
        return index_failures(pod) + index_ignored_failures(pod)

    return failures(other) <= failures(pod) and finish_time(other) <= finish_time(pod)
