"""Rules for CronJobs: schedule, time zone, and the template of the Jobs.

Source of the rules: batch, ``validateCronJobSpec``, ``validateTimeZone``.
"""

from __future__ import annotations

import re
import zoneinfo

from podkit.admission.schedule import Schedule, ScheduleError
from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.job import check_job_template
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.job import CronJob, CronJobSpec

_CONCURRENCY_POLICIES = frozenset({"Allow", "Forbid", "Replace"})
# A Job is named after its CronJob and the minute, which takes 11 of the 63 characters.
_MAX_NAME = 52
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


def check_cron_job(errors: Errors, cron_job: CronJob) -> None:
    """Check a new CronJob."""
    check_metadata(errors, cron_job.metadata, names.dns_subdomain)
    if cron_job.metadata.name and len(cron_job.metadata.name) > _MAX_NAME:
        errors.invalid("metadata.name", cron_job.metadata.name, f"may have {_MAX_NAME} characters at most")
    _check_spec(errors, "spec", cron_job.spec, zone_in_schedule=False)
    if cron_job.spec.time_zone is not None:
        errors.problem("spec.timeZone", cron_job.spec.time_zone, time_zone_problem(cron_job.spec.time_zone))


def _check_spec(errors: Errors, path: str, spec: CronJobSpec, *, zone_in_schedule: bool) -> None:
    if not spec.schedule:
        errors.required(f"{path}.schedule")
    else:
        _check_schedule(errors, f"{path}.schedule", spec, zone_in_schedule=zone_in_schedule)
    errors.non_negative(f"{path}.startingDeadlineSeconds", spec.starting_deadline_seconds)
    errors.member(f"{path}.concurrencyPolicy", spec.concurrency_policy, _CONCURRENCY_POLICIES)
    check_job_template(errors, f"{path}.jobTemplate", spec.job_template)
    errors.non_negative(f"{path}.successfulJobsHistoryLimit", spec.successful_jobs_history_limit)
    errors.non_negative(f"{path}.failedJobsHistoryLimit", spec.failed_jobs_history_limit)


def _check_schedule(errors: Errors, path: str, spec: CronJobSpec, *, zone_in_schedule: bool) -> None:
    try:
        Schedule.parse(spec.schedule)
    except ScheduleError as error:
        errors.invalid(path, spec.schedule, str(error))
    if "TZ" in spec.schedule:
        if not zone_in_schedule:
            errors.invalid(path, spec.schedule, "TZ= and CRON_TZ= are not allowed here; use spec.timeZone")
        elif spec.time_zone is not None:
            errors.invalid(path, spec.schedule, "TZ= or CRON_TZ= and spec.timeZone exclude each other")


def time_zone_problem(name: str) -> str | None:
    """Return what is wrong with the name of a time zone, or None: it must be one of the IANA database."""
    if not name:
        return "may not be empty"
    for part in name.split("/"):
        if part in (".", "..") or part.startswith("-") or _ZONE_PART.fullmatch(part) is None:
            return "is no time zone"
    if name.lower() == "local":
        return "must be a time zone of the IANA database, such as Europe/Berlin"
    if name == "UTC":
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return "is no time zone that this machine knows"
    return None


def check_cron_job_update(errors: Errors, new: CronJob, old: CronJob) -> None:
    """Check a change of a CronJob: everything may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_metadata(errors, new.metadata, names.dns_subdomain)
    _check_spec(errors, "spec", new.spec, zone_in_schedule="TZ" in old.spec.schedule)
    zone = new.spec.time_zone
    if zone is not None and zone != old.spec.time_zone:
        errors.problem("spec.timeZone", zone, time_zone_problem(zone))
