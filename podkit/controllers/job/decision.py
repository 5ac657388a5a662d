"""What a Job needs next: the decision, without doing it.

`decide` counts the Pods (`tally`), asks whether the Job is to end (`verdict`), else which Pods it needs (`plan`), and notes which
Pods have ended (`tracking`). What it returns is carried out in the order of its attributes, and may be broken off anywhere: the
next decision begins with what is there then.

Source of the rules: ``pkg/controller/job/job_controller.go`` (syncJob).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import define, field

from podkit.controllers.job.conditions import final_condition, new_condition, set_condition
from podkit.controllers.job.history import History
from podkit.controllers.job.job_pods import is_suspended, is_tracked
from podkit.controllers.job.plan import NewPod, Plan, is_done, plan
from podkit.controllers.job.tally import Tally, count
from podkit.controllers.job.tracking import all_counted, note, settle
from podkit.controllers.job.verdict import seconds_to_deadline, verdict, work_done
from podkit.controllers.pod_state import is_ready
from podkit.model.copying import clone
from podkit.model.job import Job, JobCondition, JobStatus
from podkit.model.pod import Pod


@define
class Decision:
    """What is to be done for a Job.

    Attributes:
        history: how its Pods have ended, the new ones included.
        delete: Pods to delete.
        let_go: whether those lose their finalizer first, because they are not to be counted.
        create: Pods to make.
        status: the status to store then.
        release: Pods whose finalizer is to be taken away then.
        tracked: the uids of the Pods that have their finalizer before that.
        end: the condition that ends the Job, once all its Pods have ended and are counted.
        all_noted: whether no other Pods are left to be counted.
        events: reason and message of what has happened to the Job.
        again: seconds after which to decide anew; None: when something changes.
    """

    history: History
    delete: Sequence[Pod] = ()
    let_go: bool = True
    create: Sequence[NewPod] = ()
    status: JobStatus = field(factory=JobStatus)
    release: Sequence[Pod] = ()
    tracked: frozenset[str] = frozenset()
    end: JobCondition | None = None
    all_noted: bool = True
    events: list[tuple[str, str]] = field(factory=list)
    again: float | None = None


def decide(job: Job, pods: Sequence[Pod], now: datetime, history: History, *, may_manage: bool = True) -> Decision:
    """Decide what is to be done for a Job that has not come to its end.

    Args:
        job: the Job.
        pods: those of its Pods that are not counted yet, or have not ended.
        now: the time of day.
        history: how its Pods have ended until now.
        may_manage: whether Pods may be deleted and made, because it is certain which there are.
    """
    job = _started(job, now)
    tally = count(job, pods)
    decision = Decision(history.and_then(tally.new_succeeded, tally.new_failed), status=job.status)
    judgement = verdict(tally, now)
    if judgement is not None:
        decision.delete, decision.let_go = tally.active, False
    elif may_manage and job.metadata.deletion_timestamp is None:
        judgement = _manage(decision, tally, now)
    elif is_done(tally, len(tally.active)):
        judgement = work_done(now)
    _count_running(decision, tally)
    _track(decision, tally, judgement)
    if judgement is not None:
        set_condition(decision.status.conditions, judgement)
        decision.end = final_condition(judgement, now)
    else:
        decision.again = _sooner(decision.again, seconds_to_deadline(job, now))
    return decision


def end(decision: Decision, status: JobStatus) -> bool:
    """Put the end of a Job in its status, which is changed, unless something is still to come; whether it was put there."""
    finished = decision.end
    if finished is None or not decision.all_noted or status.terminating or not all_counted(status):
        return False
    set_condition(status.conditions, finished)
    if finished.type == "Complete":
        status.completion_time = finished.last_transition_time
    return True


def _started(job: Job, now: datetime) -> Job:
    """The Job with a status that may be changed, and the time of its start in it.

    A suspended Job has not started. When it is resumed it starts anew, as its deadline limits the time that it is active
    without a break.
    """
    started = Job(metadata=job.metadata, spec=job.spec, status=clone(job.status))
    if is_suspended(job):
        started.status.start_time = None
    elif started.status.start_time is None:
        started.status.start_time = now.replace(microsecond=0)
    return started


def _manage(decision: Decision, tally: Tally, now: datetime) -> JobCondition | None:
    """Plan the Pods; return the verdict when the Job is done."""
    planned = plan(tally, decision.history, now)
    decision.delete, decision.create, decision.again = planned.delete, planned.create, planned.wait
    if is_done(tally, _active_after(tally, planned)):
        return work_done(now)
    _suspend_or_resume(decision, tally.job, now)
    return None


def _active_after(tally: Tally, planned: Plan) -> int:
    return len(tally.active) - len(planned.delete) + len(planned.create)


def _suspend_or_resume(decision: Decision, job: Job, now: datetime) -> None:
    """Say in the status whether the Job is suspended."""
    suspended = is_suspended(job)
    word = "suspended" if suspended else "resumed"
    condition = new_condition("Suspended", f"Job{word.capitalize()}", f"Job {word}", now, status=str(suspended))
    if set_condition(decision.status.conditions, condition):
        decision.events.append((word.capitalize(), f"Job {word}"))


def _count_running(decision: Decision, tally: Tally) -> None:
    status = decision.status
    status.active = (len(tally.active) - len(decision.delete) + len(decision.create)) or None
    status.ready = tally.ready - sum(map(is_ready, decision.delete))
    status.terminating = tally.terminating + len(decision.delete)


def _track(decision: Decision, tally: Tally, judgement: JobCondition | None) -> None:
    decision.tracked = frozenset(pod.metadata.uid or "" for pod in tally.pods if is_tracked(pod))
    settle(decision.status, decision.tracked)
    noted = note(decision.status, tally, judgement)
    let_go = {pod.metadata.uid for pod in decision.delete} if decision.let_go else set()
    decision.release = [pod for pod in noted.release if pod.metadata.uid not in let_go]
    decision.all_noted = noted.all


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((seconds for seconds in (one, other) if seconds is not None), default=None)
