"""The conditions of a Job, and when each comes.

A Job that has what it needs, or can no longer get it, first gets ``SuccessCriteriaMet`` or ``FailureTarget``: the verdict, which
is never taken back. Its Pods are then stopped. Only when none is left and all are counted, it gets ``Complete`` or ``Failed``.
``Suspended`` is there once a Job has been suspended, and false when it goes on.

Source of the rules: ``pkg/controller/job/job_controller.go`` (newCondition, ensureJobConditionStatus).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from podkit.model.job import Job, JobCondition

_FINAL = {"SuccessCriteriaMet": "Complete", "FailureTarget": "Failed"}


def true_condition(type_: str, reason: str, message: str, now: datetime) -> JobCondition:
    """A condition that has just become true."""
    return new_condition(type_, reason, message, now, status="True")


def new_condition(type_: str, reason: str, message: str, now: datetime, *, status: str) -> JobCondition:
    """A condition that has just changed; conditions are dated to the second."""
    second = now.replace(microsecond=0)
    return JobCondition(
        type=type_,
        status=status,
        last_probe_time=second,
        last_transition_time=second,
        reason=reason,
        message=message,
    )


def find_condition(conditions: Iterable[JobCondition], type_: str) -> JobCondition | None:
    """The condition of that type; None when there is none."""
    return next((condition for condition in conditions if condition.type == type_), None)


def holds(job: Job, type_: str) -> JobCondition | None:
    """The condition of that type if it is true, else None."""
    condition = find_condition(job.status.conditions, type_)
    return condition if condition is not None and condition.status == "True" else None


def is_finished(job: Job) -> bool:
    """Whether the Job has come to its end, good or bad."""
    return any(holds(job, type_) is not None for type_ in _FINAL.values())


def final_condition(verdict: JobCondition, now: datetime) -> JobCondition:
    """The condition that a Job ends with, given its verdict."""
    return true_condition(_FINAL[verdict.type], verdict.reason or "", verdict.message or "", now)


def set_condition(conditions: list[JobCondition], new: JobCondition) -> bool:
    """Put a condition among others, in the place of the one of its type; whether anything has changed.

    A condition that is false is not added where there was none: from nothing to false is no change.
    """
    old = find_condition(conditions, new.type)
    if old is None:
        if new.status == "False":
            return False
        conditions.append(new)
        return True
    if (old.status, old.reason, old.message) == (new.status, new.reason, new.message):
        return False
    conditions[conditions.index(old)] = new
    return True
