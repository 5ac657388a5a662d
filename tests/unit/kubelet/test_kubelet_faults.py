"""What a kubelet makes of an engine, a store and a disk that fail it, over a simulated engine and on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_kubelet import World, is_running, is_waiting, main

from podkit.errors import RuntimeFailed
from podkit.kubelet.files import PodFiles
from podkit.model import (
    Event,
    ExecAction,
    Lifecycle,
    LifecycleHandler,
)
from podkit.runtime.base import POD_NAME

HOOK = LifecycleHandler(exec=ExecAction(command=["true"]))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.kubelet.stop()


def engine_container(world: World, name: str = "web") -> Any:
    [one] = world.runtime.containers({POD_NAME: name})
    return one


class TestStart:
    def test_a_full_disk_holds_up_a_container_only_as_long_as_it_is_full(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(PodFiles, "write_hosts", _full)
            world.create(main())
            world.until(is_waiting("CreateContainerConfigError"))
        world.until(is_running, within=15)

    def test_an_engine_that_refuses_to_start_is_asked_again_after_a_while_and_the_status_says_why(
        self, world: World
    ) -> None:
        world.runtime.faults.fail("start_container", RuntimeFailed("no space left on device"), times=2)
        world.create(main())
        world.until(is_waiting("RunContainerError"))
        world.pass_time(9)
        assert world.engine_holds() == (1, 1)
        world.until(is_running, within=15)
        assert world.reasons().count("Created") == 1
        created = next(event for event in world.store.list(Event) if event.reason == "Created")
        assert created.count == 3

    @pytest.mark.parametrize("operation", ["start_container", "container"])
    def test_a_post_start_hook_runs_although_the_answer_was_lost(self, world: World, operation: str) -> None:
        world.runtime.faults.lose_answer(operation)
        failing = LifecycleHandler(exec=ExecAction(command=["false"]))
        world.create(main(lifecycle=Lifecycle(post_start=failing)))
        world.until(lambda pod: pod.status.phase == "Failed")
        assert "FailedPostStartHook" in world.reasons()

    def test_a_new_kubelet_runs_no_post_start_hook_again(self, world: World) -> None:
        failing = LifecycleHandler(exec=ExecAction(command=["test", "-e", "/ready"]))
        world.create(main(["sh", "-c", "touch /ready; sleep 3600"], lifecycle=Lifecycle(post_start=failing)))
        world.until(is_running)
        world.runtime.exec(engine_container(world).id, ["rm", "/ready"])
        world.kubelet.stop()
        world.kubelet = world.new_kubelet()
        world.pass_time(20)
        assert is_running(world.pod())
        assert world.container().started


def _full(*_: object) -> Path:
    raise OSError(28, "No space left on device")
