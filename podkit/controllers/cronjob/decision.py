"""What is to be done about a CronJob now.

A pure function of the CronJob, its Jobs and the time. Only the latest time that has passed without a Job is made up for. The name
of a Job says for which minute it is, so that a second one for the same minute cannot be.

Source of the rules: ``pkg/controller/cronjob/cronjob_controllerv2.go`` (syncCronJob, cleanupFinishedJobs).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain

from attrs import define, field

from podkit.admission.schedule import ScheduleError
from podkit.controllers.controller_ref import controller_reference
from podkit.controllers.cronjob.timetable import Timetable, UnknownTimeZone, zone
from podkit.controllers.job.conditions import holds, is_finished
from podkit.model.copying import clone
from podkit.model.job import CronJob, CronJobStatus, Job
from podkit.model.meta import ObjectMeta

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
"""The annotation of a Job that says for when it is."""

MANY = 100
"""So many times without a Job are worth a warning: most likely a clock was wrong."""

_DELAY = 0.1
"""Seconds after a due time at which to look, so that it has certainly passed."""


@define
class Decision:
    """What is to be done about a CronJob; in the order of the attributes.

    Attributes:
        status: its status, without the Job that is made.
        events: type, reason and message of what there is to say.
        replaced: the Jobs that run and make room for the next one.
        due: for when a Job is to be made; None: for no time.
        outdated: the Jobs that have ended and are no longer kept.
        again: after how many seconds to look again; None: when something has changed.
    """

    status: CronJobStatus
    events: list[tuple[str, str, str]] = field(factory=list)
    replaced: list[Job] = field(factory=list)
    due: datetime | None = None
    outdated: list[Job] = field(factory=list)
    again: float | None = None

    def say(self, type_: str, reason: str, message: str) -> None:
        """Note something to report."""
        self.events.append((type_, reason, message))


def decide(cron_job: CronJob, jobs: Sequence[Job], now: datetime) -> Decision:
    """Decide about a CronJob.

    Args:
        cron_job: the CronJob.
        jobs: the Jobs that belong to it.
        now: the time.
    """
    decision = Decision(clone(cron_job.status))
    _note_ends(decision, jobs)
    _note_missing(decision, jobs)
    if cron_job.metadata.deletion_timestamp is None:
        _schedule(decision, cron_job, jobs, now)
    decision.outdated = list(_outdated(cron_job, jobs))
    return decision


def job_of(cron_job: CronJob, due: datetime) -> Job:
    """The Job of a CronJob for a time."""
    template = clone(cron_job.spec.job_template)
    local = due.astimezone(zone(cron_job.spec.time_zone)) if cron_job.spec.time_zone else due.astimezone(UTC)
    meta = ObjectMeta(
        name=job_name(cron_job, due),
        namespace=cron_job.metadata.namespace,
        labels=template.metadata.labels,
        annotations={**template.metadata.annotations, SCHEDULED: local.isoformat().replace("+00:00", "Z")},
        owner_references=[controller_reference(cron_job)],
    )
    return Job(metadata=meta, spec=template.spec)


def job_name(cron_job: CronJob, due: datetime) -> str:
    """The name of the Job for a time."""
    return f"{cron_job.metadata.name}-{int(due.timestamp()) // 60}"


def seconds_to_next(cron_job: CronJob, timetable: Timetable, now: datetime) -> float | None:
    """How long it is until the next time that is due; None when there is none."""
    since = _since(cron_job, now)
    following = timetable.next_after(timetable.last_until(since, now) or since)
    return None if following is None else (following - now).total_seconds() + _DELAY


def _note_ends(decision: Decision, jobs: Iterable[Job]) -> None:
    """Take Jobs that have ended from those that run, and note when one succeeded last."""
    status = decision.status
    for job in jobs:
        runs = job.metadata.uid in {active.uid for active in status.active}
        if not is_finished(job):
            if not runs:
                message = f"Saw a job that the controller did not create or forgot: {job.metadata.name}"
                decision.say("Warning", "UnexpectedJob", message)
            continue
        if runs:
            status.active = [active for active in status.active if active.uid != job.metadata.uid]
            end = "Complete" if holds(job, "Complete") else "Failed"
            decision.say("Normal", "SawCompletedJob", f"Saw completed job: {job.metadata.name}, condition: {end}")
        done = job.status.completion_time if holds(job, "Complete") else None
        if done is not None and (status.last_successful_time is None or done > status.last_successful_time):
            status.last_successful_time = done


def _note_missing(decision: Decision, jobs: Iterable[Job]) -> None:
    """Take Jobs that are gone from those that run."""
    there = {job.metadata.uid for job in jobs}
    for active in decision.status.active:
        if active.uid not in there:
            decision.say("Normal", "MissingJob", f"Active job went missing: {active.name}")
    decision.status.active = [active for active in decision.status.active if active.uid in there]


def _schedule(decision: Decision, cron_job: CronJob, jobs: Sequence[Job], now: datetime) -> None:
    """See whether a Job is due, and when to look again."""
    spec = cron_job.spec
    try:
        timetable = Timetable.of(spec)
    except UnknownTimeZone as error:
        return decision.say("Warning", "UnknownTimeZone", str(error))
    except ScheduleError as error:
        return decision.say("Warning", "UnparseableSchedule", f"unparseable schedule: {spec.schedule!r} : {error}")
    if spec.suspend:
        return None
    decision.again = seconds_to_next(cron_job, timetable, now)
    due = _unmet(decision, cron_job, timetable, now)
    if due is None or _is_processed(decision.status, cron_job, due):
        return None
    if spec.concurrency_policy == "Forbid" and decision.status.active:
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        return decision.say("Normal", "JobAlreadyActive", message)
    if spec.concurrency_policy == "Replace":
        running = {active.uid for active in decision.status.active}
        decision.replaced = [job for job in jobs if job.metadata.uid in running]
    decision.due = due
    return None


def _unmet(decision: Decision, cron_job: CronJob, timetable: Timetable, now: datetime) -> datetime | None:
    """The latest time that has passed and may still be made up for; None when there is none."""
    since, deadline = _since(cron_job, now), cron_job.spec.starting_deadline_seconds
    if deadline is not None and deadline < (now - since).total_seconds():
        since = now - timedelta(seconds=deadline)
    due = timetable.last_until(since, now)
    if due is None:
        _say_missed(decision, cron_job, timetable, now)
        return None
    if timetable.count_until(since, now) > MANY:
        message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        decision.say("Warning", "TooManyMissedTimes", message)
    return due


def _say_missed(decision: Decision, cron_job: CronJob, timetable: Timetable, now: datetime) -> None:
    """Say that a time has passed and its deadline too."""
    due = timetable.last_until(_since(cron_job, now), now)
    if due is not None and not _is_processed(decision.status, cron_job, due):
        when = format_datetime(due.astimezone(UTC))
        decision.say("Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")


def _since(cron_job: CronJob, now: datetime) -> datetime:
    """The time after which no Job has been made."""
    return cron_job.status.last_schedule_time or cron_job.metadata.creation_timestamp or now


def _is_processed(status: CronJobStatus, cron_job: CronJob, due: datetime) -> bool:
    name = job_name(cron_job, due)
    return any(active.name == name for active in status.active) or status.last_schedule_time == due


def _outdated(cron_job: CronJob, jobs: Sequence[Job]) -> Iterable[Job]:
    """The oldest of the Jobs that have ended, as far as there are more than are to be kept."""
    spec = cron_job.spec
    limits = {"Complete": spec.successful_jobs_history_limit, "Failed": spec.failed_jobs_history_limit}
    ended = {end: [job for job in jobs if holds(job, end)] for end in limits}
    return chain.from_iterable(
        sorted(found, key=_by_start)[: max(0, len(found) - limit)]
        for end, found in ended.items()
        if (limit := limits[end]) is not None
    )


def _by_start(job: Job) -> tuple[datetime, str]:
    start = job.status.start_time or datetime.max.replace(tzinfo=UTC)  # one that never began is the newest
    return start, job.metadata.name or ""
