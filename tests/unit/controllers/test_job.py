"""Jobs: how many Pods run, when a Job has come to its end, and what its status says on the way."""

from typing import Any

import pytest

from podkit.controllers import JobController
from podkit.controllers.job.job_pods import TRACKING
from podkit.errors import StoreError
from podkit.model.event import Event
from podkit.model.job import Job
from podkit.model.meta import LabelSelector, ObjectMeta, OwnerReference
from podkit.model.pod import Pod
from podkit.store.memory import MemoryStore
from tests.unit.controllers.world import World, conditions, job, later

COMPLETE = [
    ("SuccessCriteriaMet", "True", "CompletionsReached"),
    ("Complete", "True", "CompletionsReached"),
]


@pytest.fixture
def world() -> World:
    return World(JobController)


def start(world: World, **spec) -> None:
    world.store.create(job(**spec))
    world.settle()


class TestPods:
    def test_carry_what_makes_them_the_jobs(self, world):
        start(world)
        (pod,) = world.pods()
        uid = world.job().metadata.uid
        assert pod.metadata.name.startswith("work-")
        assert len(pod.metadata.name) == len("work-") + 5
        assert pod.metadata.owner_references == [
            OwnerReference("batch/v1", "Job", "work", uid, controller=True, block_owner_deletion=True)
        ]
        assert pod.metadata.finalizers == [TRACKING]
        assert pod.metadata.labels == {
            "job-name": "work",
            "controller-uid": uid,
            "batch.kubernetes.io/job-name": "work",
            "batch.kubernetes.io/controller-uid": uid,
        }

    @pytest.mark.parametrize(
        ("spec", "active"),
        [
            ({}, 1),
            ({"completions": 5}, 1),
            ({"completions": 5, "parallelism": 2}, 2),
            ({"completions": 2, "parallelism": 5}, 2),
            ({"parallelism": 3}, 3),
            ({"completions": 3, "parallelism": 0}, 0),
            ({"completions": 0, "parallelism": 2}, 0),
            ({"completions": 700, "parallelism": 700}, 700),
        ],
    )
    def test_as_many_run_as_parallelism_and_completions_allow(self, world, spec, active):
        start(world, **spec)
        assert len(world.active()) == active
        assert (world.job().status.active or 0) == active

    def test_are_made_as_others_succeed(self, world):
        start(world, completions=3, parallelism=2)
        world.succeed(world.active()[0])
        assert (len(world.active()), len(world.pods())) == (2, 3)
        world.succeed(world.active()[0])
        assert (len(world.active()), len(world.pods())) == (1, 3)

    def test_more_are_made_and_surplus_is_deleted_when_parallelism_changes(self, world):
        start(world, completions=9, parallelism=2)
        world.run()
        ready = {pod.metadata.name for pod in world.active()}
        set_spec(world, parallelism=4)
        assert len(world.active()) == 4
        set_spec(world, parallelism=2)
        # Those that have not been bound yet are given up first, and as they run nowhere they go at once.
        assert {pod.metadata.name for pod in world.pods()} == ready
        assert world.job().status.failed is None

    def test_nothing_is_done_for_a_job_of_another_controller(self, world):
        start(world, managed_by="example.com/other")
        assert world.pods() == []
        assert world.job().status.start_time is None


class TestSuccess:
    def test_is_reached_with_the_last_completion(self, world):
        start(world, completions=2, parallelism=2)
        first, second = world.active()
        world.run()
        world.succeed(first)
        assert conditions(world.job()) == []
        world.advance(7)
        world.succeed(second)
        status = world.job().status
        assert conditions(world.job()) == COMPLETE
        assert (status.succeeded, status.failed, status.active, status.ready, status.terminating) == (
            2,
            None,
            None,
            0,
            0,
        )
        assert status.completion_time == later(status.start_time, 7)
        assert status.uncounted_terminated_pods.succeeded == []
        assert status.conditions[1].message == "Reached expected number of succeeded pods"
        assert all(pod.metadata.finalizers == [] for pod in world.pods())

    def test_without_completions_one_success_is_enough_but_the_others_are_waited_for(self, world):
        start(world, parallelism=3)
        first, second, third = world.active()
        world.succeed(first)
        assert conditions(world.job()) == []
        assert len(world.active()) == 2
        world.fail(second)
        world.succeed(third)
        assert conditions(world.job()) == COMPLETE
        assert (world.job().status.succeeded, world.job().status.failed) == (2, 1)

    def test_of_nothing_to_do_is_at_once(self, world):
        start(world, completions=0)
        assert conditions(world.job()) == COMPLETE
        assert world.pods() == []

    def test_is_final(self, world):
        start(world)
        world.succeed(*world.active())
        before = world.job()
        world.store.delete(Pod, world.pods()[0].metadata.name)
        world.advance(1000)
        assert world.job() == before
        assert world.pods() == []

    def test_counts_how_many_are_ready(self, world):
        start(world, completions=3, parallelism=3)
        world.run(*world.active()[:2])
        assert (world.job().status.active, world.job().status.ready) == (3, 2)


class TestFailure:
    def test_is_replaced_after_a_delay_that_doubles(self, world):
        start(world, backoff_limit=3)
        for delay in (10, 20, 40):
            world.fail(*world.active())
            assert world.job().status.active is None
            world.advance(delay - 0.5)
            assert world.active() == []
            world.advance(0.5)
            assert len(world.active()) == 1

    def test_beyond_the_limit_ends_the_job(self, world):
        start(world, backoff_limit=1)
        world.fail(*world.active())
        world.advance(10)
        world.fail(*world.active())
        status = world.job().status
        assert conditions(world.job()) == [
            ("FailureTarget", "True", "BackoffLimitExceeded"),
            ("Failed", "True", "BackoffLimitExceeded"),
        ]
        assert status.conditions[1].message == "Job has reached the specified backoff limit"
        assert (status.failed, status.succeeded, status.completion_time) == (2, None, None)

    def test_stops_the_other_pods_and_waits_until_they_have_ended(self, world):
        start(world, backoff_limit=0, completions=3, parallelism=3)
        world.run()
        world.fail(world.active()[0])
        assert conditions(world.job()) == [("FailureTarget", "True", "BackoffLimitExceeded")]
        assert (world.job().status.active, world.job().status.terminating) == (None, 2)
        world.stop_deleted()
        assert conditions(world.job())[-1] == ("Failed", "True", "BackoffLimitExceeded")
        assert (world.job().status.failed, world.job().status.terminating) == (3, 0)

    def test_of_a_pod_deleted_by_hand_counts_at_once(self, world):
        start(world)
        world.run()
        world.store.delete(Pod, world.active()[0].metadata.name)
        world.settle()
        assert (world.job().status.failed, world.job().status.terminating) == (1, 1)
        world.advance(10)
        assert len(world.active()) == 1
        world.stop_deleted()
        assert world.job().status.failed == 1

    def test_of_a_pod_deleted_by_hand_delays_its_replacement_even_when_it_is_gone(self, world):
        start(world)
        world.run()
        world.store.delete(Pod, world.active()[0].metadata.name, grace_period=1)
        world.settle()
        world.advance(1)
        world.stop_deleted()
        assert world.pods() == []
        world.advance(8.5)
        assert world.pods() == []
        world.advance(0.5)
        assert len(world.active()) == 1

    def test_of_a_pod_that_vanishes_as_soon_as_it_has_ended_is_counted_all_the_same(self, world):
        start(world, backoff_limit=0)
        (pod,) = world.active()
        world.loops, loops = [], world.loops
        world.fail(pod)
        world.store.delete(Pod, pod.metadata.name, grace_period=0)
        world.loops = loops
        world.settle()
        assert world.job().status.failed == 1
        assert conditions(world.job())[-1] == ("Failed", "True", "BackoffLimitExceeded")
        assert world.pods() == []

    def test_of_restarted_containers_counts_when_they_are_restarted_in_place(self, world):
        start(world, restart_policy="OnFailure", backoff_limit=2)
        world.run()
        restart(world, times=1)
        assert conditions(world.job()) == []
        restart(world, times=2)
        assert conditions(world.job()) == [("FailureTarget", "True", "BackoffLimitExceeded")]
        world.stop_deleted()
        assert world.job().status.failed == 1

    def test_of_restarted_containers_ends_a_job_without_any_allowance_at_the_first(self, world):
        start(world, restart_policy="OnFailure", backoff_limit=0)
        world.run()
        assert conditions(world.job()) == []
        restart(world, times=1)
        assert conditions(world.job()) == [("FailureTarget", "True", "BackoffLimitExceeded")]

    def test_after_a_success_begins_with_the_first_delay_again(self, world):
        start(world, completions=2, backoff_limit=9)
        for _ in range(2):
            world.fail(*world.active())
            world.advance(20)
        world.succeed(*world.active())
        world.advance(1)
        world.fail(*world.active())
        world.advance(10)
        assert len(world.active()) == 1

    def test_is_remembered_by_a_controller_that_starts_anew(self, world):
        start(world)
        world.fail(*world.active())
        world.advance(10)
        world.fail(*world.active())
        world.loops = [JobController(world.store, clock=world.clock)]
        world.advance(19.5)
        assert world.active() == []
        world.advance(0.5)
        assert len(world.active()) == 1
        assert world.job().status.failed == 2


class TestDeadline:
    def test_ends_the_job_when_its_time_is_up(self, world):
        start(world, active_deadline_seconds=30)
        world.run()
        world.advance(29.9)
        assert conditions(world.job()) == []
        world.advance(0.1)
        assert conditions(world.job()) == [("FailureTarget", "True", "DeadlineExceeded")]
        world.stop_deleted()
        assert conditions(world.job())[-1] == ("Failed", "True", "DeadlineExceeded")
        assert world.job().status.conditions[-1].message == "Job was active longer than specified deadline"

    def test_stands_still_while_the_job_is_suspended(self, world):
        start(world, active_deadline_seconds=30)
        world.advance(20)
        set_spec(world, suspend=True)
        world.advance(100)
        set_spec(world, suspend=False)
        world.advance(29.9)
        assert not any(type_ == "FailureTarget" for type_, _, _ in conditions(world.job()))
        world.advance(0.1)
        assert conditions(world.job())[-1] == ("Failed", "True", "DeadlineExceeded")


class TestSuspension:
    def test_keeps_a_new_job_from_starting(self, world):
        start(world, suspend=True)
        assert world.pods() == []
        assert world.job().status.start_time is None
        assert conditions(world.job()) == [("Suspended", "True", "JobSuspended")]

    def test_stops_running_pods_without_counting_them_as_failed(self, world):
        start(world, completions=3, parallelism=2)
        world.run()
        set_spec(world, suspend=True)
        assert (world.job().status.active, world.job().status.terminating) == (None, 2)
        world.stop_deleted()
        assert world.pods() == []
        assert (world.job().status.failed, world.job().status.terminating) == (None, 0)

    def test_ends_with_resumption_and_begins_the_time_anew(self, world):
        start(world, suspend=True)
        world.advance(50)
        set_spec(world, suspend=False)
        assert len(world.active()) == 1
        assert world.job().status.start_time == world.clock.now()
        assert conditions(world.job()) == [("Suspended", "False", "JobResumed")]

    def test_is_reported(self, world):
        start(world, suspend=True)
        set_spec(world, suspend=False)
        reported = {event.reason: (event.type, event.message) for event in world.events()}
        assert reported["Suspended"] == ("Normal", "Job suspended")
        assert reported["Resumed"] == ("Normal", "Job resumed")


class TestReplacementPolicy:
    def test_failed_waits_until_a_deleted_pod_has_ended(self, world):
        start(world, pod_replacement_policy="Failed", backoff_limit=6)
        world.run()
        world.store.delete(Pod, world.active()[0].metadata.name)
        world.advance(60)
        assert world.active() == []
        assert (world.job().status.failed, world.job().status.terminating) == (None, 1)
        world.stop_deleted()
        assert world.job().status.failed == 1
        world.advance(10)
        assert len(world.active()) == 1


class TestEvents:
    def test_tell_what_has_become_of_pods_and_job(self, world):
        start(world, completions=1)
        (pod,) = world.active()
        world.succeed(pod)
        assert messages(world) == {
            ("Normal", "SuccessfulCreate", f"Created pod: {pod.metadata.name}"),
            ("Normal", "Completed", "Job completed"),
        }
        assert {event.involved_object.name for event in world.events()} == {"work"}
        assert {event.source.component for event in world.events()} == {"job-controller"}

    def test_tell_why_a_job_has_failed(self, world):
        start(world, backoff_limit=0)
        world.fail(*world.active())
        assert ("Warning", "BackoffLimitExceeded", "Job has reached the specified backoff limit") in messages(world)

    def test_tell_which_pods_were_deleted(self, world):
        start(world)
        (pod,) = world.active()
        set_spec(world, suspend=True)
        assert ("Normal", "SuccessfulDelete", f"Deleted pod: {pod.metadata.name}") in messages(world)

    def test_tell_of_more_successes_than_there_should_be(self, world):
        owner = self_selecting(completions=1)
        world.store.create(owner)
        world.settle()
        world.store.create(
            Pod(metadata=ObjectMeta(name="extra", labels={"app": "mine"}), spec=owner.spec.template.spec)
        )
        pods = world.pods()
        world.loops, loops = [], world.loops
        world.succeed(*pods)
        world.loops = loops
        world.settle()
        message = "Too many succeeded pods running after completion count reached"
        assert ("Warning", "TooManySucceededPods", message) in messages(world)
        assert world.job().status.succeeded == 2

    def test_tell_why_no_pod_can_be_made(self, world):
        refuse = RefusingStore(world.store)
        world.loops = [JobController(refuse, clock=world.clock)]
        start(world, completions=3, parallelism=3)
        assert ("Warning", "FailedCreate", "Error creating: no room") in messages(world)
        assert world.job().status.active is None
        refuse.refuses = False
        world.advance(1)
        assert world.job().status.active == 3


class TestOwnership:
    def test_a_pod_that_matches_is_adopted_and_counts(self, world):
        owner = self_selecting(completions=2, parallelism=2)
        orphan = Pod(metadata=ObjectMeta(name="orphan", labels={"app": "mine"}), spec=owner.spec.template.spec)
        world.store.create(orphan)
        world.store.create(owner)
        world.settle()
        adopted = world.store.get(Pod, "orphan")
        assert adopted.metadata.owner_references[0].uid == world.job().metadata.uid
        assert adopted.metadata.finalizers == [TRACKING]
        assert len(world.pods()) == 2
        world.succeed(*world.active())
        assert conditions(world.job()) == COMPLETE

    def test_a_pod_that_no_longer_matches_is_let_go_and_replaced(self, world):
        start(world)
        (pod,) = world.active()
        world.store.patch(
            Pod, pod.metadata.name, {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "other"}}}
        )
        world.settle()
        released = world.store.get(Pod, pod.metadata.name)
        assert released.metadata.owner_references == []
        assert released.metadata.finalizers == []
        assert len(world.pods()) == 2
        assert world.job().status.failed is None

    def test_pods_of_a_job_that_is_gone_are_not_held_back(self, world):
        start(world, completions=2, parallelism=2)
        world.store.delete(Job, "work")
        world.settle()
        assert [pod.metadata.finalizers for pod in world.pods()] == [[], []]

    def test_pods_of_an_earlier_job_of_the_same_name_are_not_taken_for_its_own(self, world):
        start(world)
        world.run()
        (old,) = world.active()
        world.store.delete(Job, "work")
        start(world)
        assert len(world.pods()) == 2
        assert world.store.get(Pod, old.metadata.name).metadata.finalizers == []
        world.succeed(old)
        assert conditions(world.job()) == []


class TestAlone:
    def test_a_script_can_reconcile_one_job(self, world):
        controller = JobController(world.store, clock=world.clock)
        world.store.create(job(active_deadline_seconds=60))
        assert controller.reconcile(("default", "work")) == 60
        assert len(world.pods()) == 1
        assert controller.reconcile(("default", "nothing")) is None

    def test_it_runs_in_a_thread_of_its_own(self):
        store = MemoryStore()
        watch = store.watch(Pod)
        controller = JobController(store)
        controller.start()
        try:
            store.create(job(completions=1))
            pod = next(watch).object
            assert pod.metadata.owner_references[0].name == "work"
        finally:
            controller.stop()
            watch.close()


class RefusingStore:
    """A store that makes no Pods."""

    def __init__(self, store: Any) -> None:
        self.store, self.refuses = store, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def create(self, obj: Any) -> Any:
        if self.refuses and isinstance(obj, Pod):
            raise StoreError("no room")
        return self.store.create(obj)


def self_selecting(**spec: Any) -> Job:
    """A Job that finds its Pods by a label of the user's."""
    owner = job(manual_selector=True, selector=LabelSelector(match_labels={"app": "mine"}), **spec)
    owner.spec.template.metadata.labels = {"app": "mine"}
    return owner


def set_spec(world: World, **values) -> None:
    changed = world.job()
    for name, value in values.items():
        setattr(changed.spec, name, value)
    world.store.update(changed)
    world.settle()


def restart(world: World, times: int) -> None:
    (pod,) = world.active()
    pod.status.container_statuses[0].restart_count = times
    world.store.update_status(pod)
    world.settle()


def messages(world: World) -> set[tuple[str, str, str]]:
    return {(event.type, event.reason, event.message) for event in world.store.list(Event)}


def test_a_job_can_be_named_as_in_the_work_queues_of_kubernetes() -> None:
    world = World(JobController)
    world.store.create(job(completions=2, parallelism=2))
    assert world.loops[0].reconcile("default/work") is None
    assert len(world.pods()) == 2
