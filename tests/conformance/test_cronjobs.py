"""CronJobs: Jobs by the clock, and what happens when the last one still runs.

They are created with the first of all tests, because a schedule knows nothing shorter than a minute.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from podkit import CronJob, Job, PodkitError
from tests.conformance.build import SLEEP, shell
from tests.conformance.place import Place, eventually

EACH_MINUTE = "*/1 * * * ?"


def cron_job(name: str, policy: str, script: str = SLEEP) -> CronJob:
    """A CronJob that makes a Job each minute."""
    return CronJob.new(
        name,
        EACH_MINUTE,
        containers=[shell(script)],
        concurrency_policy=policy,
        termination_grace_period_seconds=1,
    )


def now_of(place: Place, name: str) -> CronJob:
    return place.cluster.get(CronJob, name, namespace=place.namespace)


def jobs(place: Place) -> list[Job]:
    return place.cluster.list(Job, namespace=place.namespace)


@pytest.mark.begins_early(cron_job("allow", "Allow"))
@pytest.mark.behaviour("apps/cronjob-allow")
def test_apps_cronjob_allow(place: Place) -> None:
    """Jobs run beside each other; each says for which minute it is."""
    found = place.wait(now_of(place, "allow"), lambda cron_job: len(cron_job.status.active) >= 2)
    eventually(lambda: [pod.status.phase for pod in place.pods()].count("Running") >= 2, "that both run")
    assert {active.uid for active in found.status.active} <= {job.metadata.uid for job in jobs(place)}
    for job in jobs(place):
        due = datetime.fromisoformat(job.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"])
        assert (due.second, job.metadata.name) == (0, f"allow-{int(due.timestamp()) // 60}")


@pytest.mark.begins_early(cron_job("forbid", "Forbid"))
@pytest.mark.behaviour("apps/cronjob-forbid")
def test_apps_cronjob_forbid(place: Place) -> None:
    """A second Job is not begun while the first one runs."""
    found = place.wait(now_of(place, "forbid"), lambda cron_job: cron_job.status.active)
    (first,) = found.status.active
    eventually(lambda: "JobAlreadyActive" in place.events(found), "that a time is skipped")
    assert [job.metadata.uid for job in jobs(place)] == [first.uid]
    assert [active.uid for active in now_of(place, "forbid").status.active] == [first.uid]


@pytest.mark.begins_early(cron_job("replace", "Replace"))
@pytest.mark.behaviour("apps/cronjob-replace")
def test_apps_cronjob_replace(place: Place) -> None:
    """A second Job takes the place of the first one, whose Pods end."""
    found = place.wait(now_of(place, "replace"), lambda cron_job: "SuccessfulDelete" in place.events(cron_job))

    def only_one_runs() -> bool:
        """And not the one that was deleted last. With the next minute, comes the next one."""
        active = [(one.uid, one.name) for one in now_of(place, "replace").status.active]
        made = [(job.metadata.uid, job.metadata.name) for job in jobs(place)]
        alone = [pod.status.phase for pod in place.pods()] == ["Running"] and len(active) == 1 and active == made
        return alone and active[0][1] not in place.events(found)["SuccessfulDelete"]

    eventually(only_one_runs, "that only the newest runs")


@pytest.mark.begins_early(cron_job("ends", "Forbid", "echo done"))
def test_apps_cronjob_that_succeeds(place: Place) -> None:
    """A Job that has succeeded stays, and the CronJob knows when that was."""
    found = place.wait(
        now_of(place, "ends"),
        lambda cron_job: cron_job.status.last_successful_time is not None and cron_job.status.active == [],
    )

    def said() -> bool:
        try:
            return "done\n" in place.cluster.logs(found)
        except PodkitError:  # the next one has just been made, and has not started
            return False

    eventually(said, "that it speaks")
    eventually(lambda: "SawCompletedJob" in place.events(found), "that it is said to have succeeded")
