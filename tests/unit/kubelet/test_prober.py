"""Probes over virtual time: when they run, and what wakes the Pod."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from builders import NOW, at, container, exited, observed, pod, running, sidecar

from podkit.kubelet.actions import Outcome, Target
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.prober import Prober
from podkit.kubelet.tasks import InlineTasks, Tasks
from podkit.loop.clock import VirtualClock
from podkit.model import Container, ContainerStatus, EnvVar, EnvVarSource, ExecAction, ObjectFieldSelector, Probe

CHECK = Probe(exec=ExecAction(command=["check"]))


class LaterTasks:
    """Tasks that run when the test lets them."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def finish(self) -> None:
        while self.waiting:
            self.waiting.pop()()

    def close(self) -> None:
        """Nothing to do."""


class World:
    """A Pod whose only container is probed by the clock."""

    def __init__(self, of: Container, tasks: Tasks | None = None) -> None:
        self.clock = VirtualClock(NOW)
        self.memory = PodMemory()
        self.pod = pod(of)
        self.container = of
        self.answers: Callable[[float], bool | None] = lambda _: True
        self.probed: list[float] = []
        self.told: list[str] = []
        self.woken = self.synced = 0
        self.prober = Prober(
            self,  # type: ignore[arg-type]  # as much of the actions as is needed
            tasks or InlineTasks(),
            self.clock,
            self.memory,
            lambda _, reason, message: self.told.append(f"{reason}: {message}"),
            self.wake,
        )

    def probe_command(self, target: Target, command: list[str], timeout: float) -> Outcome:
        self.command = command
        self.probed.append(self.clock.monotonic())
        return Outcome(self.answers(self.clock.monotonic()), "said so")

    def wake(self) -> None:
        self.woken += 1

    def running(self, attempt: int = 0) -> ObservedPod:
        return observed(attrs.evolve(running(self.container, attempt), started_at=self.clock.now()))

    def pass_time(self, seconds: float, seen: ObservedPod) -> None:
        """Tick whenever the prober wants to, for so many seconds."""
        end = self.clock.monotonic() + seconds
        while True:
            moment = self.prober.tick(self.pod, seen)
            if self.woken > self.synced:
                self.synced = self.woken
                continue
            wait = 1.0 if moment is None else max(0.001, (moment - self.clock.now()).total_seconds())
            if self.clock.monotonic() + wait > end:
                self.clock.advance(end - self.clock.monotonic())
                return
            self.clock.advance(wait)

    def verdict(self, kind: str) -> bool | None:
        return self.memory.probes["main", kind].verdict


def test_a_readiness_probe_runs_as_soon_as_the_container_has_started_and_then_each_period() -> None:
    world = World(container(readiness_probe=CHECK))
    world.prober.tick(world.pod, observed())
    world.clock.advance(0.5)
    world.pass_time(25, world.running())
    assert world.probed == [0.5, 10.5, 20.5]


def test_an_early_trigger_is_skipped_by_the_initial_delay_and_shifts_the_ticks() -> None:
    world = World(container(readiness_probe=attrs.evolve(CHECK, initial_delay_seconds=5)))
    world.prober.tick(world.pod, observed())
    seen = world.running()
    world.clock.advance(0.5)
    world.pass_time(15, seen)
    assert world.probed == [10.5]


def test_the_ticks_go_on_while_there_is_nothing_to_probe() -> None:
    world = World(container(liveness_probe=CHECK))
    world.prober.tick(world.pod, observed())
    world.clock.advance(33)
    world.pass_time(20, world.running())
    assert world.probed == [40, 50]


def test_a_probe_that_has_nothing_to_do_wakes_nobody() -> None:
    world = World(container(liveness_probe=CHECK))
    assert world.prober.tick(world.pod, observed(exited(world.container))) is None
    world = World(container(startup_probe=CHECK))
    assert world.prober.tick(world.pod, world.running()) is not None
    assert world.prober.tick(world.pod, world.running()) is None


def test_a_probe_that_breaks_is_tried_again() -> None:
    world = World(container(liveness_probe=CHECK))

    def broken(_: float) -> bool:
        raise ZeroDivisionError

    world.answers = broken
    with pytest.raises(ZeroDivisionError):
        world.prober.tick(world.pod, world.running())
    world.answers = lambda _: False
    world.pass_time(35, world.running())
    assert world.verdict("liveness") is False


def test_further_syncs_do_not_shift_the_ticks() -> None:
    world = World(container(readiness_probe=attrs.evolve(CHECK, initial_delay_seconds=15)))
    seen = world.running()
    for _ in range(25):
        world.prober.tick(world.pod, seen)
        world.clock.advance(1)
    assert world.probed == [20]


def test_a_sync_while_a_probe_is_under_way_does_not_lose_the_next_one() -> None:
    """Its result, which changes nothing, wakes nobody: so whoever ticks meanwhile is told when the next one is due."""
    tasks = LaterTasks()
    world = World(container(liveness_probe=CHECK), tasks)
    seen = world.running()
    assert world.prober.tick(world.pod, seen) == at(10)
    assert world.prober.tick(world.pod, seen) == at(10)
    tasks.finish()
    assert world.woken == 0


def test_a_probe_that_takes_longer_than_its_period_is_followed_by_the_next_at_once() -> None:
    tasks = LaterTasks()
    world = World(container(liveness_probe=CHECK), tasks)
    seen = world.running()
    world.prober.tick(world.pod, seen)
    world.clock.advance(11)
    assert world.prober.tick(world.pod, seen) is None
    tasks.finish()
    assert world.woken == 1


def test_a_liveness_probe_ticks_from_when_the_pod_was_first_seen() -> None:
    world = World(container(liveness_probe=CHECK))
    world.prober.tick(world.pod, observed())
    world.clock.advance(4)
    world.pass_time(20, world.running())
    assert world.probed == [10, 20]


def test_a_startup_probe_comes_first_and_ends_with_its_verdict() -> None:
    world = World(container(startup_probe=attrs.evolve(CHECK, period_seconds=5), readiness_probe=CHECK))
    world.answers = lambda now: now >= 9
    world.pass_time(40, world.running())
    assert world.verdict("startup") is True
    assert world.verdict("readiness") is True
    assert world.probed[:4] == [0, 5, 10, 10]
    assert world.probed[4:] == [20, 30, 40]


def test_only_what_changes_the_verdict_wakes_the_pod() -> None:
    world = World(container(readiness_probe=CHECK))
    world.answers = lambda _: False
    world.pass_time(35, world.running())
    assert len(world.probed) == 4
    assert world.woken == 0
    assert world.told == ["Unhealthy: Readiness probe failed: said so"] * 4
    world.answers = lambda _: True
    world.pass_time(10, world.running())
    assert world.woken == 1


def test_a_failing_liveness_probe_condemns_after_three_and_starts_over_with_a_new_container() -> None:
    world = World(container(liveness_probe=CHECK))
    world.answers = lambda _: False
    first = world.running()
    world.pass_time(60, first)
    assert len(world.probed) == 3
    assert world.verdict("liveness") is False
    world.answers = lambda _: True
    world.pass_time(20, world.running(attempt=1))
    assert world.verdict("liveness") is True


def test_a_probe_that_cannot_be_performed_is_tried_three_times_and_says_nothing() -> None:
    world = World(container(liveness_probe=CHECK))
    world.answers = lambda _: None
    world.pass_time(5, world.running())
    assert world.probed == [0, 0, 0]
    assert world.verdict("liveness") is True
    assert world.told == ["Unhealthy: Liveness probe errored and resulted in unknown state: said so"]


def test_of_a_container_that_is_older_than_the_kubelet_the_status_says_whether_it_was_ready() -> None:
    world = World(container(readiness_probe=CHECK))
    world.answers = lambda _: False
    world.pod.status.container_statuses = [
        ContainerStatus(name="main", image="", image_id="", restart_count=0, ready=True, container_id="podman://main-0")
    ]
    old = observed(attrs.evolve(running(world.container), started_at=at(-60)))
    world.prober.tick(world.pod, old)
    assert world.verdict("readiness") is True


def test_sidecars_are_probed_and_dead_containers_are_not() -> None:
    world = World(sidecar("main", readiness_probe=CHECK))
    world.pod = pod(container("app"), init=[world.container])
    world.pass_time(1, world.running())
    assert world.probed == [0]
    world.pass_time(30, observed(exited(world.container, 1)))
    assert world.probed == [0]


def test_the_words_of_a_command_may_refer_to_variables_of_which_only_literal_values_are_known() -> None:
    variables = [
        EnvVar("FILE", "/tmp/ok"),
        EnvVar("EMPTY", ""),
        EnvVar("NAME", value_from=EnvVarSource(field_ref=ObjectFieldSelector("metadata.name"))),
    ]
    words = ["cat", "$(FILE)", "$(EMPTY)", "$(NAME)", "$(OTHER)", "$$(FILE)"]
    world = World(container(readiness_probe=Probe(exec=ExecAction(command=words)), env=variables))
    world.pass_time(1, world.running())
    assert world.command == ["cat", "/tmp/ok", "", "", "$(OTHER)", "$(FILE)"]


def test_a_startup_probe_holds_up_nothing_any_more_when_the_pod_is_being_deleted() -> None:
    world = World(container(startup_probe=CHECK, readiness_probe=CHECK))
    world.answers = lambda _: False
    seen = world.running()
    world.pass_time(5, seen)
    assert world.verdict("startup") is None
    world.pod.metadata.deletion_timestamp = at(60)
    world.answers = lambda _: True
    world.pass_time(20, seen)
    assert (world.verdict("startup"), world.verdict("readiness")) == (True, True)
