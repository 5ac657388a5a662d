"""Whether a Job is to end, and why.

The reasons are asked for in Kubernetes' order, and the first one that holds decides: an earlier verdict, a failure that the policy
says is fatal, too many failures, the deadline, failed indexes, the success policy. That it has simply done its work is found
last, once its Pods are planned (`plan`), because then none must run any more.

Source of the rules: ``pkg/controller/job/job_controller.go`` (syncJob, pastBackoffLimitOnFailure, pastActiveDeadline).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from podkit.controllers.job.conditions import holds, true_condition
from podkit.controllers.job.failure_policy import meaning_of_failure
from podkit.controllers.job.job_pods import has_failed, is_indexed, is_suspended
from podkit.controllers.job.success_policy import matched_rule
from podkit.controllers.job.tally import Tally
from podkit.controllers.pod_state import restarts
from podkit.model.job import Job, JobCondition

_Reason = Callable[[Tally, datetime], JobCondition | None]


def verdict(tally: Tally, now: datetime) -> JobCondition | None:
    """The condition ``SuccessCriteriaMet`` or ``FailureTarget`` that holds for a Job; None: it goes on."""
    return next((found for reason in _REASONS if (found := reason(tally, now)) is not None), None)


def work_done(now: datetime) -> JobCondition:
    """The verdict on a Job of which enough Pods have succeeded."""
    return true_condition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", now)


def seconds_to_deadline(job: Job, now: datetime) -> float | None:
    """How long a Job may still be active; None: as long as it likes."""
    limit, start = job.spec.active_deadline_seconds, job.status.start_time
    if limit is None or start is None or is_suspended(job):
        return None
    return limit - (now - start).total_seconds()


def _earlier_verdict(tally: Tally, _now: datetime) -> JobCondition | None:
    return holds(tally.job, "SuccessCriteriaMet") or holds(tally.job, "FailureTarget")


def _failure_policy(tally: Tally, now: datetime) -> JobCondition | None:
    if tally.job.spec.pod_failure_policy is None:
        return None
    for pod in tally.pods:
        meaning = meaning_of_failure(tally.job, pod) if has_failed(tally.job, pod) else None
        if meaning is not None and meaning.action == "FailJob":
            return _failure("PodFailurePolicy", meaning.message, now)
    return None


def _backoff_limit(tally: Tally, now: datetime) -> JobCondition | None:
    limit = tally.job.spec.backoff_limit
    if limit is None or not (tally.failed > limit or _restarted_too_often(tally, limit)):
        return None
    return _failure("BackoffLimitExceeded", "Job has reached the specified backoff limit", now)


def _restarted_too_often(tally: Tally, limit: int) -> bool:
    """Whether containers that are restarted in their Pods have used up the limit, each restart being one failure."""
    if tally.job.spec.template.spec.restart_policy != "OnFailure":
        return False
    restarted = sum(restarts(pod) for pod in tally.pods if pod.status.phase in ("Running", "Pending"))
    return restarted >= max(limit, 1)


def _deadline(tally: Tally, now: datetime) -> JobCondition | None:
    left = seconds_to_deadline(tally.job, now)
    if left is None or left > 0:
        return None
    return _failure("DeadlineExceeded", "Job was active longer than specified deadline", now)


def _failed_indexes(tally: Tally, now: datetime) -> JobCondition | None:
    spec, failed = tally.job.spec, tally.failed_indexes
    if not failed:
        return None
    if spec.max_failed_indexes is not None and len(failed) > spec.max_failed_indexes:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return _failure("MaxFailedIndexesExceeded", message, now)
    if len(failed) + len(tally.indexes) >= (spec.completions or 0):
        return _failure("FailedIndexes", "Job has failed indexes", now)
    return None


def _success_policy(tally: Tally, now: datetime) -> JobCondition | None:
    if not is_indexed(tally.job):
        return None
    rule = matched_rule(tally.job, tally.indexes)
    return None if rule is None else true_condition("SuccessCriteriaMet", "SuccessPolicy", rule, now)


def _failure(reason: str, message: str, now: datetime) -> JobCondition:
    return true_condition("FailureTarget", reason, message, now)


_REASONS: tuple[_Reason, ...] = (
    _earlier_verdict,
    _failure_policy,
    _backoff_limit,
    _deadline,
    _failed_indexes,
    _success_policy,
)
