"""Jobs are deleted some time after their end."""

import pytest

from podkit.controllers import GarbageCollector, JobController, TTLAfterFinishedController
from podkit.model.job import Job
from podkit.model.pod import Pod
from tests.unit.controllers.world import Kubelet, World, job


def world(exit_code: int) -> World:
    made = World(JobController, GarbageCollector, TTLAfterFinishedController)
    made.loops.append(Kubelet(made.store, lambda pod: exit_code, clock=made.clock))
    return made


@pytest.mark.parametrize("exit_code", [0, 1], ids=["succeeded", "failed"])
@pytest.mark.parametrize("ttl", [0, 60])
def test_a_job_goes_with_its_pods_when_its_time_is_up(exit_code, ttl):
    there = world(exit_code)
    there.store.create(job(ttl_seconds_after_finished=ttl, backoff_limit=0))
    if ttl:
        there.advance(ttl - 1)
        assert len(there.store.list(Job)) == 1
    there.advance(1)
    assert there.store.list(Job) == []
    assert there.store.list(Pod) == []


def test_a_job_without_a_time_stays():
    there = world(0)
    there.store.create(job())
    there.advance(100_000)
    assert len(there.store.list(Job)) == 1


def test_the_time_may_be_set_after_the_end():
    there = world(0)
    there.store.create(job())
    there.advance(50)
    there.store.patch(Job, "work", {"spec": {"ttlSecondsAfterFinished": 60}})
    there.advance(9)
    assert len(there.store.list(Job)) == 1
    there.advance(1)
    assert there.store.list(Job) == []


def test_a_job_that_runs_stays():
    there = World(JobController, TTLAfterFinishedController)
    there.store.create(job(ttl_seconds_after_finished=0))
    there.advance(100)
    assert len(there.store.list(Job)) == 1
