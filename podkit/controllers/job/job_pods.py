"""What a Pod says about the Job that it is of: is it counted yet, has it failed, which index is it for.

A Pod is *tracked* as long as it has the finalizer `TRACKING`: it is not in the Job's numbers yet, and cannot vanish before it is.
Once it is counted, its finalizer is taken away.

Source of the rules: ``pkg/controller/job/job_controller.go`` (isPodFailed, onlyReplaceFailedPods), ``indexed_job_utils.go``.
"""

from __future__ import annotations

from podkit.controllers.pod_state import is_active, is_terminal
from podkit.model.job import Job
from podkit.model.pod import Pod

TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count"
INDEX_IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"

_GREATEST_COUNT = 2**31 - 1


def is_indexed(job: Job) -> bool:
    """Whether each index of the Job must succeed, rather than so many Pods."""
    return job.spec.completion_mode == "Indexed"


def has_limit_per_index(job: Job) -> bool:
    """Whether failures are counted index by index."""
    return is_indexed(job) and job.spec.backoff_limit_per_index is not None


def is_suspended(job: Job) -> bool:
    """Whether the Job's Pods are not to run now."""
    return bool(job.spec.suspend)


def replaces_only_failed(job: Job) -> bool:
    """Whether a Pod that is being stopped is replaced only once it has ended, and counts as failed only then."""
    return job.spec.pod_replacement_policy == "Failed" or job.spec.pod_failure_policy is not None


def is_tracked(pod: Pod) -> bool:
    """Whether the Pod is not in its Job's numbers yet."""
    return TRACKING in pod.metadata.finalizers


def matters(pod: Pod) -> bool:
    """Whether the Pod can still change anything for its Job: it is not counted yet, or has not ended."""
    return is_tracked(pod) or not is_terminal(pod)


def has_failed(job: Job, pod: Pod) -> bool:
    """Whether a Pod counts as failed: it ended so, or somebody has deleted it before it could succeed."""
    if pod.status.phase == "Failed":
        return True
    deleted = not is_active(pod) and pod.status.phase != "Succeeded"
    return deleted and not replaces_only_failed(job)


def index_of(job: Job, pod: Pod) -> int | None:
    """The index that a Pod is for; None when it is for none that the Job has."""
    text = pod.metadata.annotations.get(INDEX, "")
    index = int(text) if text.isdecimal() else -1
    return index if 0 <= index < (job.spec.completions or 0) else None


def is_valid(job: Job, pod: Pod) -> bool:
    """Whether a Pod can count: for an Indexed Job it must be for an index that the Job has."""
    return not is_indexed(job) or index_of(job, pod) is not None


def index_failures(pod: Pod) -> int:
    """How many Pods of the same index have failed before this one."""
    return _count(pod, INDEX_FAILURES)


def index_ignored_failures(pod: Pod) -> int:
    """How many Pods of the same index have failed before this one without that it counts."""
    return _count(pod, INDEX_IGNORED_FAILURES)


def _count(pod: Pod, annotation: str) -> int:
    """The number in an annotation; 0 when it is not there, or is no number that podkit could have written."""
    text = pod.metadata.annotations.get(annotation, "")
    return int(text) if text.isdecimal() and int(text) <= _GREATEST_COUNT else 0
