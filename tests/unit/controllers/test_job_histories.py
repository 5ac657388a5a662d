"""Whatever happens to a Job and its Pods, in whatever order: each Pod is in the numbers once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.controllers import JobController
from podkit.controllers.job.job_pods import INDEX, is_tracked
from podkit.loop.watch import ChangeType
from podkit.model.job import Job
from podkit.model.pod import Pod
from tests.unit.controllers.world import World, conditions, job

COMPLETIONS = 4

EVENTS = st.one_of(
    st.tuples(st.sampled_from(["run", "succeed", "fail", "delete"]), st.integers(0, 3)),
    st.tuples(st.just("parallelism"), st.integers(0, 4)),
    st.tuples(st.just("suspend"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0, 5, 30])),
    st.tuples(st.sampled_from(["stop deleted", "new controller"]), st.just(0)),
)


class Ledger:
    """Notes of each Pod in which state it was let go, which is when it is counted."""

    def __init__(self, world: World) -> None:
        self.watch = world.store.watch(Pod)
        self.tracked: dict[str, Pod] = {}
        self.succeeded: list[Pod] = []
        self.failed: list[Pod] = []

    def read(self) -> None:
        while (event := self.watch.poll()) is not None:
            pod = event.object
            uid = pod.metadata.uid or ""
            before = self.tracked.pop(uid, None)
            if event.type is not ChangeType.DELETED and is_tracked(pod):
                self.tracked[uid] = pod
            elif before is not None:
                self._note(before)

    def _note(self, pod: Pod) -> None:
        if pod.status.phase == "Succeeded":
            self.succeeded.append(pod)
        elif pod.status.phase == "Failed" or pod.metadata.deletion_timestamp is not None:
            self.failed.append(pod)


def happen(world: World, what: str, value: int) -> None:
    """Let one thing happen; the controller looks only after it."""
    pods = world.active()
    if what in ("run", "succeed", "fail", "delete"):
        if value < len(pods):
            pod = pods[value]
            if what == "delete":
                world.store.delete(Pod, pod.metadata.name)
            else:
                {"run": world.run, "succeed": world.succeed, "fail": world.fail}[what](pod)
    elif what in ("parallelism", "suspend"):
        world.store.patch(Job, "work", {"spec": {what: bool(value) if what == "suspend" else value}})
    elif what == "wait":
        world.advance(value)
    elif what == "stop deleted":
        world.stop_deleted()
    else:
        world.loops = [JobController(world.store, clock=world.clock)]
    world.settle()


@settings(max_examples=50, deadline=None)
@given(st.lists(EVENTS, max_size=25), st.booleans())
def test_each_pod_is_counted_once(events, indexed):
    world = World(JobController)
    ledger = Ledger(world)
    mode = "Indexed" if indexed else "NonIndexed"
    world.store.create(job(completions=COMPLETIONS, parallelism=2, backoff_limit=1000, completion_mode=mode))
    world.settle()
    for what, value in events:
        happen(world, what, value)
        ledger.read()
        status = world.job().status
        assert (status.active or 0) == len(world.active())
        assert (status.failed or 0) == len(ledger.failed)
        if indexed:
            assert (status.succeeded or 0) == len({pod.metadata.annotations[INDEX] for pod in ledger.succeeded})
        else:
            assert (status.succeeded or 0) == len(ledger.succeeded)
    finish(world)
    assert conditions(world.job())[-1][:2] == ("Complete", "True")
    assert world.job().status.succeeded >= COMPLETIONS
    assert all(not is_tracked(pod) for pod in world.pods())


def finish(world: World) -> None:
    """Let the Job come to its end, if it has not yet."""
    happen(world, "parallelism", 2)
    happen(world, "suspend", 0)
    for _ in range(2 * COMPLETIONS):
        world.stop_deleted()
        world.advance(600)
        world.succeed(*world.active())
