"""Rules for the status of controllers: counts that cannot be, and conditions that cannot be together.

Source of the rules: apps, ``Validate…Status``; batch, ``validateJobStatus``, ``ValidateJobStatusUpdate``.
"""

from __future__ import annotations

from typing import Any

from podkit.admission.validation.collect import Errors
from podkit.admission.validation.job_policy import count_indexes
from podkit.admission.validation.meta import check_labels_and_annotations, check_metadata_update
from podkit.model.conditions import is_true
from podkit.model.daemonset import DaemonSet
from podkit.model.deployment import Deployment
from podkit.model.job import Job, JobSpec, JobStatus
from podkit.model.meta import KubernetesObject
from podkit.model.replicaset import ReplicaSet, ReplicationController
from podkit.model.shape import camel_case
from podkit.model.statefulset import StatefulSet


def check_metadata_only(errors: Errors, new: KubernetesObject, old: KubernetesObject) -> None:
    """Check the metadata that a change of the status brings along."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_labels_and_annotations(errors, "metadata", new.metadata)


def _check_counts(errors: Errors, status: Any, *attributes: str) -> None:
    for attribute in attributes:
        errors.non_negative(f"status.{camel_case(attribute)}", getattr(status, attribute))


def _check_replicas(errors: Errors, status: Any, *parts: str) -> None:
    """No more replicas of any sort than there are replicas, and only what is ready is available.

    Args:
        errors: where what is found goes.
        status: the status.
        parts: the counts of replicas of some sort, beside the ready and the available ones.
    """
    parts = (*parts, "ready_replicas", "available_replicas")
    _check_counts(errors, status, "replicas", *parts, "observed_generation")
    for part in parts:
        count = getattr(status, part) or 0
        if count > (status.replicas or 0):
            errors.invalid(f"status.{camel_case(part)}", count, "may not be greater than status.replicas")
    if (status.available_replicas or 0) > (status.ready_replicas or 0):
        message = "may not be greater than status.readyReplicas"
        errors.invalid("status.availableReplicas", status.available_replicas, message)


def _check_collisions(errors: Errors, new: int | None, old: int | None) -> None:
    errors.non_negative("status.collisionCount", new)
    if old is not None and (new is None or new < old):
        errors.invalid("status.collisionCount", new or 0, "may not be decremented")


def check_replica_status(
    errors: Errors, new: ReplicaSet | ReplicationController, old: ReplicaSet | ReplicationController
) -> None:
    """Check a change of the status of a ReplicaSet or ReplicationController."""
    check_metadata_only(errors, new, old)
    _check_replicas(errors, new.status, "fully_labeled_replicas")


def check_deployment_status(errors: Errors, new: Deployment, old: Deployment) -> None:
    """Check a change of the status of a Deployment."""
    check_metadata_only(errors, new, old)
    _check_replicas(errors, new.status, "updated_replicas")
    _check_counts(errors, new.status, "unavailable_replicas", "terminating_replicas")
    _check_collisions(errors, new.status.collision_count, old.status.collision_count)


def check_daemon_set_status(errors: Errors, new: DaemonSet, old: DaemonSet) -> None:
    """Check a change of the status of a DaemonSet."""
    check_metadata_only(errors, new, old)
    _check_counts(
        errors,
        new.status,
        "current_number_scheduled",
        "number_misscheduled",
        "desired_number_scheduled",
        "number_ready",
        "observed_generation",
        "updated_number_scheduled",
        "number_available",
        "number_unavailable",
    )
    _check_collisions(errors, new.status.collision_count, old.status.collision_count)


def check_stateful_set_status(errors: Errors, new: StatefulSet, old: StatefulSet) -> None:
    """Check a change of the status of a StatefulSet."""
    check_metadata_only(errors, new, old)
    _check_replicas(errors, new.status, "current_replicas", "updated_replicas")
    _check_collisions(errors, new.status.collision_count, old.status.collision_count)


def check_job_status(errors: Errors, new: Job, old: Job) -> None:
    """Check a change of the status of a Job: once it has ended, it has ended."""
    check_metadata_only(errors, new, old)
    status = new.status
    _check_counts(errors, status, "active", "succeeded", "failed", "ready", "terminating")
    _check_uncounted(errors, status)
    _check_conditions(errors, status)
    _check_finished(errors, status)
    _check_indexes(errors, new)
    _check_job_progress(errors, new, old)


def _is_true(status: JobStatus, kind: str) -> bool:
    return is_true(status.conditions, kind)


def _check_uncounted(errors: Errors, status: JobStatus) -> None:
    uncounted = status.uncounted_terminated_pods
    if uncounted is None:
        return
    seen: set[str] = set()
    for name, uids in (("succeeded", uncounted.succeeded), ("failed", uncounted.failed)):
        for index, uid in enumerate(uids):
            at = f"status.uncountedTerminatedPods.{name}[{index}]"
            if not uid:
                errors.invalid(at, uid, "may not be empty")
            elif uid in seen:
                errors.duplicate(at, uid)
            seen.add(uid)


_CONTRADICTIONS = (
    ("Complete", "Failed"),
    ("Complete", "FailureTarget"),
    ("SuccessCriteriaMet", "Failed"),
    ("SuccessCriteriaMet", "FailureTarget"),
)
_STEPS_BEFORE = (("Failed", "FailureTarget"), ("Complete", "SuccessCriteriaMet"))


def _check_conditions(errors: Errors, status: JobStatus) -> None:
    """A Job cannot be both complete and failed, and says that it is about to end before it has ended."""
    for one, other in _CONTRADICTIONS:
        if _is_true(status, one) and _is_true(status, other):
            errors.invalid("status.conditions", one, f"{one} and {other} cannot both be True")
    for end, step in _STEPS_BEFORE:
        if _is_true(status, end) and not _is_true(status, step):
            errors.invalid("status.conditions", end, f"{end} needs {step} to be True")


def _check_finished(errors: Errors, status: JobStatus) -> None:
    complete = _is_true(status, "Complete")
    if status.completion_time is not None and not complete:
        errors.invalid("status.completionTime", status.completion_time, "needs the condition Complete")
    if status.completion_time is None and complete:
        errors.required("status.completionTime", "a complete Job has one")
    if status.completion_time and status.start_time and status.completion_time < status.start_time:
        errors.invalid("status.completionTime", status.completion_time, "may not be before startTime")
    if (status.ready or 0) > (status.active or 0):
        errors.invalid("status.ready", status.ready, "may not be more than the active Pods")
    if not complete and not _is_true(status, "Failed"):
        return
    for name, count in (("active", status.active), ("terminating", status.terminating)):
        if count:
            errors.invalid(f"status.{name}", count, "a finished Job has no such Pods")
    if status.start_time is None:
        errors.required("status.startTime", "a finished Job has one")
    uncounted = status.uncounted_terminated_pods
    if uncounted is not None and (uncounted.failed or uncounted.succeeded):
        errors.invalid("status.uncountedTerminatedPods", uncounted, "a finished Job has counted its Pods")


def _check_indexes(errors: Errors, job: Job) -> None:
    completions = job.spec.completions
    if job.status.completed_indexes and job.spec.completion_mode != "Indexed":
        errors.invalid("status.completedIndexes", job.status.completed_indexes, "is for Indexed Jobs")
    if job.status.failed_indexes is not None and job.spec.backoff_limit_per_index is None:
        errors.invalid("status.failedIndexes", job.status.failed_indexes, "needs backoffLimitPerIndex")
    if completions is None:
        return
    for name, text in (
        ("completedIndexes", job.status.completed_indexes),
        ("failedIndexes", job.status.failed_indexes),
    ):
        try:
            count_indexes(text or "", completions)
        except ValueError as error:
            errors.invalid(f"status.{name}", text, str(error))


def _check_job_progress(errors: Errors, new: Job, old: Job) -> None:
    for kind in ("Failed", "Complete", "FailureTarget", "SuccessCriteriaMet"):
        if _is_true(old.status, kind) and not _is_true(new.status, kind):
            errors.invalid("status.conditions", kind, f"{kind} stays True once it is")
    for name, now, before in (
        ("failed", new.status.failed, old.status.failed),
        ("succeeded", new.status.succeeded, old.status.succeeded),
    ):
        if (now or 0) < (before or 0) and not (name == "succeeded" and _may_shrink(new.spec)):
            errors.invalid(f"status.{name}", now or 0, "may not decrease")
    then, now_time = old.status.completion_time, new.status.completion_time
    if then is not None and now_time is not None and then != now_time:
        errors.invalid("status.completionTime", now_time, "may not change")
    if old.status.start_time not in (None, new.status.start_time) and not new.spec.suspend:
        errors.required("status.startTime", "may be taken away or changed only while the Job is suspended")


def _may_shrink(spec: JobSpec) -> bool:
    """Whether a Job can lose indexes that have succeeded already: an Indexed one whose indexes all run at once."""
    return spec.completion_mode == "Indexed" and spec.completions == spec.parallelism
