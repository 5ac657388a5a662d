"""A kubelet that dies after any of the things that it does, and another one that goes on: nobody could tell from the end.

Each case is played once to its end, which counts what the kubelet does in the engine and in the store. Then it is played again
for each number in between: the kubelet dies right after it has done so many, and a new one goes on, at once or after a while.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.errors import NotFound
from podkit.model import (
    Container,
    EmptyDirVolumeSource,
    ExecAction,
    Lifecycle,
    LifecycleHandler,
    Pod,
    Probe,
    SleepAction,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import CONTAINER_NAME, POD_NAME, ContainerState
from tests.unit.kubelet.world import World, main

IN_THE_ENGINE = frozenset(
    {"run_sandbox", "stop_sandbox", "remove_sandbox", "create_container", "start_container", "signal_container"}
    | {"remove_container", "pull_image"}
)
IN_THE_STORE = frozenset({"create", "update", "update_status", "patch", "delete"})
AWAY = (0, 45)
"""Seconds until the next kubelet is there."""


class Died(BaseException):
    """What the kubelet would have done next, it does not do."""


class Life:
    """How many things the present kubelet does before it dies."""

    def __init__(self, left: int | None = None) -> None:
        self.left = left
        self.done = 0

    def begin(self) -> None:
        """Something is about to be done, or looked at."""
        if self.left is not None and self.done >= self.left:
            raise Died

    def has_done(self) -> None:
        """Something has been done."""
        self.done += 1
        self.begin()


class Watched:
    """What a kubelet works with; a kubelet that is dead reaches it no more."""

    def __init__(self, inner: Any, effects: frozenset[str], life: Life) -> None:
        self._inner, self._effects, self._life = inner, effects, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "watch" or name == "subscribe" or not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._life.begin()
            answer = found(*arguments, **named)
            if name == "run_sandbox":  # Podman makes it, and then starts it
                self._life.done += 1
                if self._life.done == self._life.left:
                    self._inner.stop_sandbox(answer)
                    raise Died
            if name in self._effects:
                self._life.has_done()
            return answer

        return call


class MortalWorld(World):
    """A node whose kubelet dies."""

    def __init__(self, root: Path) -> None:
        self.life = Life()
        super().__init__(root)
        self.engine, self.objects = self.runtime, self.store

    def begin(self, left: int | None) -> None:
        """Let another kubelet take over, which does so many things."""
        self.kubelet.stop()
        self.life = Life(left)
        self.runtime = Watched(self.engine, IN_THE_ENGINE, self.life)  # type: ignore[assignment]
        self.store = Watched(self.objects, IN_THE_STORE, self.life)  # type: ignore[assignment]
        self.kubelet = self.new_kubelet()
        self.runtime, self.store = self.engine, self.objects


@define
class Case:
    """Something that happens to a Pod.

    Attributes:
        pod: makes the Pod.
        happens: what happens to it once it runs; None: nothing, it starts.
        over: whether it has come to its end; None: that is when the Pod is not there any more.
        restarts: what the restart counts are then.
        alive: the containers that run then.
    """

    pod: Callable[[World], object]
    over: Callable[[Pod], bool] | None
    happens: Callable[[MortalWorld], object] | None = None
    restarts: tuple[int, ...] = (0,)
    alive: tuple[str, ...] = ("main",)


def is_ready(pod: Pod) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)


def restarted(times: int) -> Callable[[Pod], bool]:
    return lambda pod: is_ready(pod) and (pod.status.container_statuses[0].restart_count or 0) >= times


def has_ended(phase: str) -> Callable[[Pod], bool]:
    return lambda pod: pod.status.phase == phase


def init(name: str, command: str, **fields: Any) -> Container:
    return Container(name, image="busybox", image_pull_policy="IfNotPresent", command=["sh", "-c", command], **fields)


def several(world: World) -> object:
    hook = Lifecycle(post_start=LifecycleHandler(exec=ExecAction(command=["true"])))
    side = init("side", "sleep 3600", restart_policy="Always")
    return world.create(
        main(lifecycle=hook),
        init("other", "sleep 3600"),
        init_containers=[init("first", "true"), side],
        restart_policy="Always",
    )


SHARED = {
    "volumes": [Volume("shared", empty_dir=EmptyDirVolumeSource())],
    "restart_policy": "Always",
}
MOUNTS = [VolumeMount("shared", "/shared")]
FAILS_ONCE = ["sh", "-c", "if [ -e /shared/once ]; then sleep 3600; fi; touch /shared/once; sleep 1; exit 3"]
ONCE_ALIVE = Probe(exec=ExecAction(command=["sh", "-c", "[ ! -e /dead ]"]), period_seconds=1, failure_threshold=1)


def fails_once(world: World) -> object:
    return world.create(main(FAILS_ONCE, volume_mounts=MOUNTS), **SHARED)


def change_image(world: MortalWorld) -> None:
    world.objects.patch(Pod, "web", {"spec": {"containers": [{"name": "main", "image": "late"}]}})


def make_sick(world: MortalWorld) -> None:
    [one] = world.engine.containers({POD_NAME: "web"})
    world.engine.exec(one.id, ["touch", "/dead"])


def lose_sandbox(world: MortalWorld) -> None:
    [one] = world.engine.sandboxes({POD_NAME: "web"})
    world.engine.break_sandbox(one.id)


HOOK = Lifecycle(pre_stop=LifecycleHandler(sleep=SleepAction(seconds=2)))

CASES = {
    "start": Case(lambda world: world.create(main(), restart_policy="Always"), is_ready),
    "start of several": Case(several, is_ready, restarts=(0, 0), alive=("main", "other", "side")),
    "start with a pull": Case(lambda world: world.create(main(image="late"), restart_policy="Always"), is_ready),
    "restart": Case(fails_once, restarted(1), restarts=(1,)),
    "end": Case(lambda world: world.create(main(["sh", "-c", "sleep 1"])), has_ended("Succeeded"), alive=()),
    "failure": Case(lambda world: world.create(main(["sh", "-c", "exit 3"])), has_ended("Failed"), alive=()),
    "change of image": Case(
        lambda world: world.create(main(), restart_policy="Always"), restarted(1), change_image, restarts=(1,)
    ),
    "failed probe": Case(
        lambda world: world.create(main(liveness_probe=ONCE_ALIVE), restart_policy="Always"),
        restarted(1),
        make_sick,
        restarts=(1,),
    ),
    "loss of the sandbox": Case(
        lambda world: world.create(main(), restart_policy="Always"), restarted(1), lose_sandbox, restarts=(1,)
    ),
    "deletion": Case(lambda world: world.create(main()), None, lambda world: world.objects.delete(Pod, "web")),
    "deletion with a hook": Case(
        lambda world: world.create(main(lifecycle=HOOK)), None, lambda world: world.objects.delete(Pod, "web")
    ),
    "deletion at once": Case(several, None, lambda world: world.objects.delete(Pod, "web", grace_period=0)),
}


def play(case: Case, root: Path, lives: Sequence[int], away: float = 0) -> tuple[MortalWorld, int]:
    """Play a case with kubelets that die after so many things each, and one that does not; how many that has done."""
    world = MortalWorld(root)
    case.pod(world)
    if case.happens is not None:
        world.until(is_ready)
        case.happens(world)
    for left in lives:
        with suppress(Died):
            world.begin(left)
            go_on(world, case)
        world.clock.advance(away)
    world.begin(None)
    go_on(world, case)
    return world, world.life.done


def go_on(world: MortalWorld, case: Case) -> None:
    """Let time pass until the case has come to its end."""
    end = world.clock.monotonic() + 300
    while not is_over(world, case):
        assert world.clock.monotonic() < end, world.pod().status
        world.pass_time(0.5)


def is_over(world: MortalWorld, case: Case) -> bool:
    world.settle()
    try:
        pod = world.pod()
    except NotFound:
        return case.over is None
    return case.over is not None and case.over(pod)


def require_whole(world: MortalWorld, case: Case) -> None:
    """Nothing is there twice, nothing is left over, and nothing more comes."""
    world.pass_time(60)
    if case.over is None:
        assert (world.engine.sandboxes({}), world.engine.containers({})) == ([], [])
        assert list((world.root / "pods").iterdir()) == []
        return
    pod = world.pod()
    assert tuple(one.restart_count for one in pod.status.container_statuses) == case.restarts
    assert [one.restart_count for one in pod.status.init_container_statuses] == [0] * len(pod.spec.init_containers)
    containers, sandboxes = world.engine.containers({}), world.engine.sandboxes({})
    running = [one for one in containers if one.state is ContainerState.RUNNING]
    assert sorted(one.labels[CONTAINER_NAME] for one in running) == sorted(case.alive)
    assert {one.sandbox_id for one in running} == {one.id for one in sandboxes if one.ready}
    assert [one.ready for one in sandboxes].count(True) == (1 if case.alive else 0)
    assert all(one.state is not ContainerState.CREATED for one in containers)


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("name", CASES)
def test_a_kubelet_that_dies_after_any_step_is_not_missed(tmp_path: Path, name: str, away: float) -> None:
    case = CASES[name]
    world, steps = play(case, tmp_path / "whole", [])
    require_whole(world, case)
    assert steps > 3
    for number in range(steps + 1):
        require_nobody_notices(case, tmp_path / str(number), [number], away)


@given(name=st.sampled_from(sorted(CASES)), lives=st.lists(st.integers(0, 12), min_size=2, max_size=5))
@settings(max_examples=60)
def test_kubelets_that_die_one_after_the_other_are_not_missed(
    tmp_path_factory: pytest.TempPathFactory, name: str, lives: list[int]
) -> None:
    require_nobody_notices(CASES[name], tmp_path_factory.mktemp("node"), lives, 0)


def require_nobody_notices(case: Case, root: Path, lives: list[int], away: float) -> None:
    world, _ = play(case, root, lives, away)
    try:
        require_whole(world, case)
    except AssertionError as error:
        error.add_note(f"kubelets died after {lives} steps")
        raise
    finally:
        world.kubelet.stop()
