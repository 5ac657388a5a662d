"""CronJobs on a virtual clock: when Jobs are made, what becomes of them, and what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podkit.controllers import CronJobController, GarbageCollector, JobController
from podkit.model.container import Container
from podkit.model.job import CronJob, Job
from podkit.model.pod import Pod
from tests.unit.controllers.world import Kubelet, World


class Nights(World):
    """A world with CronJobs. It begins at a whole minute."""

    def __init__(self, exit_code: int | None = None) -> None:
        super().__init__(CronJobController, JobController, GarbageCollector)
        self.loops.append(Kubelet(self.store, lambda pod: exit_code, clock=self.clock))
        self.clock.advance(60 - self.clock.now().timestamp() % 60)

    def cron_job(self) -> CronJob:
        return self.store.get(CronJob, "night")

    def jobs(self) -> list[str]:
        """The minutes for which there are Jobs, counted from now."""
        now = int(self.clock.now().timestamp()) // 60
        return sorted(int(job.metadata.name.rpartition("-")[2]) - now for job in self.store.list(Job))

    def stop_controller(self) -> None:
        self.loops.pop(0)

    def start_controller(self) -> None:
        self.loops.insert(0, CronJobController(self.store, clock=self.clock))

    def reasons(self) -> list[str]:
        return [event.reason for event in self.events() if event.involved_object.kind == "CronJob"]


def night(schedule: str = "* * * * *", **fields: Any) -> CronJob:
    cron_job = CronJob.new("night", schedule, containers=[Container("main", image="i")], restart_policy="Never")
    cron_job.spec.time_zone = "UTC"
    for name, value in fields.items():
        setattr(cron_job.spec, name, value)
    return cron_job


def test_makes_a_job_a_minute_with_what_its_template_says() -> None:
    world = Nights(0)
    cron_job = night(time_zone="Asia/Tokyo")
    cron_job.spec.job_template.metadata.labels = {"app": "night"}
    world.store.create(cron_job)
    world.advance(59)
    assert world.jobs() == []
    world.advance(2)
    (job,) = world.store.list(Job)
    assert job.metadata.labels["app"] == "night"
    due = world.clock.now().replace(second=0, microsecond=0)
    stamp = job.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert stamp == (due + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S+09:00")
    (owner,) = job.metadata.owner_references
    assert (owner.kind, owner.name, owner.controller) == ("CronJob", "night", True)
    assert world.cron_job().status.last_schedule_time == due
    assert world.cron_job().status.last_successful_time == job.status.completion_time
    assert set(world.reasons()) == {"SuccessfulCreate", "SawCompletedJob"}


def test_allow_lets_jobs_run_together() -> None:
    world = Nights()
    world.store.create(night())
    world.advance(121)
    assert world.jobs() == [-1, 0]
    assert len(world.cron_job().status.active) == 2


def test_forbid_waits_and_makes_up_for_the_latest_time() -> None:
    world = Nights()
    world.store.create(night(concurrency_policy="Forbid"))
    world.advance(185)
    assert world.jobs() == [-2]
    assert "JobAlreadyActive" in world.reasons()
    world.succeed(*world.active())
    assert world.jobs() == [-2, 0]


def test_replace_ends_the_job_that_runs() -> None:
    world = Nights()
    world.store.create(night(concurrency_policy="Replace"))
    world.advance(61)
    (first,) = world.pods()
    world.advance(60)
    assert world.jobs() == [0]
    assert [active.name for active in world.cron_job().status.active] == [world.store.list(Job)[0].metadata.name]
    assert first.metadata.uid not in [pod.metadata.uid for pod in world.store.list(Pod)]
    assert "SuccessfulDelete" in world.reasons()


def test_suspended_it_makes_none_and_then_only_the_latest() -> None:
    world = Nights(0)
    world.store.create(night(suspend=True))
    world.advance(600)
    assert world.jobs() == []
    world.store.patch(CronJob, "night", {"spec": {"suspend": False}})
    world.advance(1)
    assert world.jobs() == [0]


def test_a_deadline_bounds_what_is_made_up_for() -> None:
    world = Nights(0)
    world.store.create(night("*/10 * * * *", starting_deadline_seconds=30))
    world.settle()
    world.stop_controller()
    minutes = 10 - int(world.clock.now().timestamp()) // 60 % 10
    world.advance(minutes * 60 + 31)
    world.start_controller()
    world.advance(1)
    assert world.jobs() == []
    (event,) = world.events("MissSchedule")
    assert event.message.startswith("Missed scheduled time to start a job: ")
    assert event.message.endswith("+0000")


def test_after_a_long_absence_the_latest_is_made_up_for_with_a_warning() -> None:
    world = Nights(0)
    world.store.create(night())
    world.settle()
    world.stop_controller()
    world.advance(3 * 3600)
    world.start_controller()
    world.settle()
    assert world.jobs() == [0]
    assert "TooManyMissedTimes" in world.reasons()


@pytest.mark.parametrize(("exit_code", "kept"), [(0, 3), (1, 1)])
def test_keeps_the_latest_of_those_that_ended(exit_code: int, kept: int) -> None:
    world = Nights(exit_code)
    cron_job = night()
    cron_job.spec.job_template.spec.backoff_limit = 0
    world.store.create(cron_job)
    world.advance(60 * 8 + 30)
    assert world.jobs() == list(range(1 - kept, 1))


def test_a_crash_before_the_job_is_noted_makes_no_second_one() -> None:
    world = Nights()
    world.store.create(night(concurrency_policy="Forbid"))
    world.advance(61)
    lost = world.cron_job()
    lost.status.active = []
    lost.status.last_schedule_time = None
    world.stop_controller()
    world.store.update_status(lost)
    world.start_controller()
    world.settle()
    assert world.jobs() == [0]
    assert [active.uid for active in world.cron_job().status.active] == [world.store.list(Job)[0].metadata.uid]


def test_somebody_elses_job_of_that_name_is_left_alone() -> None:
    world = Nights()
    world.store.create(night())
    minute = int(world.clock.now().timestamp()) // 60 + 1
    world.store.create(Job.new(f"night-{minute}", containers=[Container("main", image="i")], restart_policy="Never"))
    world.advance(61)
    assert world.cron_job().status.active == []
    world.advance(60)
    assert len(world.cron_job().status.active) == 1


def test_a_job_that_is_deleted_is_missed() -> None:
    world = Nights()
    world.store.create(night())
    world.advance(61)
    world.store.delete(Job, world.store.list(Job)[0].metadata.name)
    world.settle()
    assert world.cron_job().status.active == []
    assert "MissingJob" in world.reasons()


def test_a_new_schedule_says_nothing_of_the_time_before_it() -> None:
    world = Nights(0)
    world.store.create(night("0 0 1 1 *"))
    world.advance(600)
    world.store.patch(CronJob, "night", {"spec": {"schedule": "*/1 * * * *"}})
    world.settle()
    assert world.jobs() == []
    world.advance(61)
    assert world.jobs() == [0]


def test_what_the_store_refuses_is_said_and_tried_again() -> None:
    world = Nights(0)
    cron_job = night()
    cron_job.spec.job_template.metadata.labels = {"job-name": "not mine"}
    world.store.create(cron_job)
    world.advance(70)
    (event,) = world.events("FailedCreate")
    assert event.message.startswith("Error creating job: ")
    world.store.patch(CronJob, "night", {"spec": {"jobTemplate": {"metadata": {"labels": {"job-name": None}}}}})
    world.advance(61)
    assert 0 in world.jobs()


def test_jobs_go_with_their_cron_job() -> None:
    world = Nights()
    world.store.create(night())
    world.advance(61)
    world.store.delete(CronJob, "night")
    world.settle()
    assert (world.jobs(), world.store.list(Pod)) == ([], [])
