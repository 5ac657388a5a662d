"""Whatever write a controller dies at, before or after it is done: the next one comes to the same end.

And whatever write is refused: the controller itself does.
"""

from typing import Any

import pytest

from podkit.controllers import GarbageCollector, JobController
from podkit.controllers.job.job_pods import INDEX
from podkit.errors import Conflict, StoreError
from podkit.loop.clock import VirtualClock
from podkit.model.job import Job
from podkit.model.pod import Pod
from podkit.store.memory import MemoryStore
from tests.unit.controllers.world import Kubelet, World, conditions, job

WRITES = ("create", "update", "update_status", "patch", "delete")


class Crash(BaseException):
    """Ends a process, as it were: nothing catches it."""


class MortalStore:
    """A store at whose n-th write its user dies, or is refused.

    Args:
        store: the store.
        dies_at: the number of the write.
        done: whether the write is done before.
        error: how it ends.
    """

    def __init__(self, store: MemoryStore, dies_at: int, *, done: bool, error: type[BaseException] = Crash) -> None:
        self.store, self.left, self.done, self.error = store, dies_at, done, error

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if name not in WRITES:
            return method

        def write(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.done:
                raise self.error("before it was done")
            result = method(*args, **kwargs)
            if self.left == 0:
                raise self.error("after it was done")
            return result

        return write


def run(spec: dict[str, Any], exit_code: Any, dies_at: int, *, done: bool) -> tuple[World, bool]:
    """Run a Job to its end, letting the controller die once; whether it has come to that."""
    clock = VirtualClock()
    store = MemoryStore(clock)
    mortal = MortalStore(store, dies_at, done=done)
    world = World(store=store)
    world.clock = clock
    kubelet = Kubelet(store, exit_code, clock=clock)
    world.loops = [JobController(mortal, clock=clock), kubelet]
    store.create(job(**spec))
    try:
        world.advance(2000)
    except Crash:
        world.loops = [JobController(store, clock=clock), kubelet]
        world.advance(2000)
        return world, True
    return world, False


class Flaky:
    """Lets the first so many Pods fail."""

    def __init__(self, failures: int) -> None:
        self.left = failures

    def __call__(self, pod: Pod) -> int:
        self.left -= 1
        return int(self.left >= 0)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
class TestJob:
    def test_counts_each_pod_once(self, done):
        died, number = True, 0
        while died:
            number += 1
            world, died = run({"completions": 3, "parallelism": 2}, Flaky(1), number, done=done)
            status = world.job().status
            assert (status.succeeded, status.failed, status.active) == (3, 1, None), f"died at write {number}"
            assert conditions(world.job())[-1] == ("Complete", "True", "CompletionsReached")
            assert len(world.pods("Succeeded")) == 3
            assert all(not pod.metadata.finalizers for pod in world.pods())
        assert number > 15

    def test_that_fails_fails_for_the_same_reason(self, done):
        died, number = True, 0
        while died:
            number += 1
            spec = {"completions": 4, "parallelism": 2, "backoff_limit": 1}
            world, died = run(spec, Flaky(100), number, done=done)
            assert conditions(world.job())[-1] == ("Failed", "True", "BackoffLimitExceeded"), f"died at write {number}"
            assert world.job().status.failed == 2
            assert len(world.pods()) == 2
        assert number > 8

    def test_runs_each_index_to_success(self, done):
        died, number = True, 0
        while died:
            number += 1
            spec = {
                "completions": 3,
                "parallelism": 3,
                "completion_mode": "Indexed",
                "backoff_limit_per_index": 3,
            }
            world, died = run(spec, Flaky(2), number, done=done)
            status = world.job().status
            assert (status.completed_indexes, status.failed, status.failed_indexes) == ("0-2", 2, ""), f"write {number}"
            succeeded = world.pods("Succeeded")
            assert sorted(pod.metadata.annotations[INDEX] for pod in succeeded) == ["0", "1", "2"]
        assert number > 15


@pytest.mark.parametrize("error", [StoreError, Conflict])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("spec", "failures", "end", "failed"),
    [
        ({"completions": 3, "parallelism": 2}, 1, "Complete", 1),
        ({"completions": 4, "parallelism": 4, "backoff_limit": 0}, 1, "Failed", None),
        ({"completions": 3, "parallelism": 3, "completion_mode": "Indexed"}, 1, "Complete", 1),
    ],
)
def test_a_write_that_is_refused_is_made_good(spec, failures, end, failed, done, error):
    number, reached = 0, True
    while reached:
        number += 1
        clock = VirtualClock()
        store = MemoryStore(clock)
        mortal = MortalStore(store, number, done=done, error=error)
        world = World(store=store)
        world.clock = clock
        world.loops = [JobController(mortal, clock=clock), Kubelet(store, Flaky(failures), clock=clock)]
        store.create(job(**spec))
        world.advance(2000)
        reached = mortal.left <= 0
        assert conditions(world.job())[-1][0] == end, f"refused write {number}"
        if failed is not None:
            assert (world.job().status.succeeded, world.job().status.failed) == (3, failed), f"refused write {number}"
    assert number > 10


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_deleted_job_takes_its_pods_with_it(done):
    died, number = True, 0
    while died:
        number += 1
        clock = VirtualClock()
        store = MemoryStore(clock)
        mortal = MortalStore(store, 10_000, done=done)
        world = World(store=store)
        world.clock = clock
        kubelet = Kubelet(store, lambda pod: None, clock=clock)
        world.loops = [JobController(mortal, clock=clock), GarbageCollector(mortal, clock=clock), kubelet]
        store.create(job(completions=3, parallelism=3))
        world.settle()
        store.delete(Job, "work", propagation="Foreground")
        mortal.left = number
        try:
            world.advance(100)
            died = False
        except Crash:
            world.loops = [JobController(store, clock=clock), GarbageCollector(store, clock=clock), kubelet]
            world.advance(100)
        assert world.pods() == [], f"died at write {number}"
        assert store.list(Job) == []
    assert number > 6
