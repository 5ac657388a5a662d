"""The controller of CronJobs: does what `decision` says."""

from __future__ import annotations

from collections.abc import Iterable

from podkit.admission.schedule import ScheduleError
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_of, is_controlled_by
from podkit.controllers.cronjob.decision import Decision, decide, job_of, seconds_to_next
from podkit.controllers.cronjob.timetable import Timetable, UnknownTimeZone
from podkit.controllers.failures import Failures
from podkit.errors import AlreadyExists, NotFound, PodkitError
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.job import CronJob, Job
from podkit.store.base import Store
from podkit.store.recorder import refer_to


class CronJobController(Controller[ObjectKey]):
    """Runs CronJobs: makes a Job at each time of the schedule, and deletes old ones.

    The Jobs are run by a `JobController`, which runs beside it.

    Args:
        store: the store with CronJobs and Jobs.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(CronJob.new("nightly", "0 3 * * *", containers=[main], restart_policy="Never"))
            CronJobController(store).step()
            print([made.metadata.name for made in store.list(Job)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("cronjob-controller", store, clock=clock)
        self._cron_jobs = self.loop.follow(lambda wake: store.watch(CronJob, wake=wake), self._cron_job_changed)
        self._jobs = self.loop.follow(
            lambda wake: store.watch(Job, wake=wake), self._job_changed, indexes={"owned": _owner_uid}
        )

    def _reconcile(self, key: ObjectKey) -> float | None:
        cron_job = self._cron_jobs.get(*key)
        if cron_job is None:
            return None
        jobs = self._jobs.by_index("owned", cron_job.metadata.uid or "")
        decision = decide(cron_job, jobs, self._clock.now())
        for type_, reason, message in decision.events:
            self._report(cron_job, reason, message, type=type_)
        failed = Failures()
        failed.attempt(lambda: self._start(cron_job, decision))
        self._delete(cron_job, decision.outdated, failed)
        if decision.status != cron_job.status:
            self._store.update_status(CronJob(metadata=cron_job.metadata, spec=cron_job.spec, status=decision.status))
        failed.raise_first()
        return decision.again

    def _start(self, cron_job: CronJob, decision: Decision) -> None:
        """Make the Job that is due, once those that it replaces are gone."""
        if decision.due is None:
            return
        failed = Failures()
        replaced = self._delete(cron_job, decision.replaced, failed)
        decision.status.active = [active for active in decision.status.active if active.uid not in replaced]
        failed.raise_first()
        job = self._create(cron_job, job_of(cron_job, decision.due))
        if job is not None:
            decision.status.active.append(refer_to(job))
            decision.status.last_schedule_time = decision.due

    def _create(self, cron_job: CronJob, job: Job) -> Job | None:
        """The Job, made now or before; None when another one has its name."""
        meta = job.metadata
        try:
            created = self._store.create(job)
        except AlreadyExists:
            there = self._store.get(Job, meta.name or "", namespace=meta.namespace or "")
            return there if is_controlled_by(there, cron_job) else None
        except PodkitError as error:
            self._report(cron_job, "FailedCreate", f"Error creating job: {error}", type="Warning")
            raise
        self._report(cron_job, "SuccessfulCreate", f"Created job {meta.name}")
        return created

    def _delete(self, cron_job: CronJob, jobs: Iterable[Job], failed: Failures) -> set[str | None]:
        """Delete Jobs, whose Pods go after them; the uids of those that are gone."""
        gone = set()
        for job in jobs:
            meta = job.metadata
            try:
                self._store.delete(Job, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
            except NotFound:
                gone.add(meta.uid)
            except PodkitError as error:
                failed.add(error)
                self._report(cron_job, "FailedDelete", f"Deleted job: {error}", type="Warning")
            else:
                gone.add(meta.uid)
                self._report(cron_job, "SuccessfulDelete", f"Deleted job {meta.name}")
        return gone

    # What has changed

    def _cron_job_changed(self, old: CronJob | None, new: CronJob | None) -> None:
        if new is None:
            return
        delay = 0.0
        if old is not None and (old.spec.schedule, old.spec.time_zone) != (new.spec.schedule, new.spec.time_zone):
            delay = self._seconds_to_next(new)  # a new schedule says nothing of the time before it
        self.loop.enqueue(object_key(new), after=delay)

    def _seconds_to_next(self, cron_job: CronJob) -> float:
        try:
            return seconds_to_next(cron_job, Timetable.of(cron_job.spec), self._clock.now()) or 0.0
        except (ScheduleError, UnknownTimeZone):
            return 0.0  # the reconcile says so

    def _job_changed(self, old: Job | None, new: Job | None) -> None:
        for job in (old, new):
            reference = controller_of(job) if job is not None else None
            if job is not None and reference is not None and reference.kind == "CronJob":
                self.loop.enqueue((job.metadata.namespace, reference.name))


def _owner_uid(job: Job) -> list[str]:
    reference = controller_of(job)
    return [reference.uid] if reference is not None else []
