"""The first container is made while the sandbox is being started; nobody can tell from the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podkit.errors import RuntimeFailed
from podkit.model import ConfigMap, ConfigMapKeySelector, EnvVar, EnvVarSource, ObjectFieldSelector, Pod
from podkit.runtime.base import ContainerConfig, SandboxConfig
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.kubelet.world import World, main


class Diary:
    """An engine whose calls are written down. What is to happen before a sandbox is up can be set."""

    def __init__(self, engine: SimulatedRuntime) -> None:
        self.engine = engine
        self.calls: list[str] = []
        self.before_it_is_up: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None = None) -> str:
        found = self.engine.run_sandbox(config, meanwhile)
        self.before_it_is_up()
        self.calls.append("sandbox")
        return found

    def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        self.calls.append("create")
        return self.engine.create_container(sandbox_id, config)

    def start_container(self, container_id: str) -> None:
        self.calls.append("start")
        self.engine.start_container(container_id)

    def remove_container(self, container_id: str) -> None:
        self.calls.append("remove")
        self.engine.remove_container(container_id)


class DiaryWorld(World):
    """A node that notes what its engine is told."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.kubelet.stop()
        self.diary = Diary(self.runtime)
        self.runtime = self.diary  # type: ignore[assignment]
        self.kubelet = self.new_kubelet()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DiaryWorld]:
    world = DiaryWorld(tmp_path)
    yield world
    world.kubelet.stop()


def env_of(world: DiaryWorld, variable: str) -> str:
    log = world.runtime.logs(world.runtime.containers({})[0].id)
    return next(entry.content.decode() for entry in log).removeprefix(f"{variable}=").strip()


def test_the_first_container_is_made_before_the_sandbox_is_up(world: DiaryWorld) -> None:
    world.create(main())
    world.until(lambda pod: pod.status.phase == "Running")
    assert world.diary.calls == ["create", "sandbox", "start"]
    assert world.container().restart_count == 0


def test_one_that_must_know_an_address_is_made_when_there_is_one(world: DiaryWorld) -> None:
    address = EnvVar(name="IP", value_from=EnvVarSource(field_ref=ObjectFieldSelector(field_path="status.podIP")))
    world.create(main(["sh", "-c", "echo IP=$IP; sleep 3600"], env=[address]))
    pod = world.until(lambda pod: pod.status.phase == "Running")
    assert world.diary.calls == ["sandbox", "create", "start"]
    assert env_of(world, "IP") == pod.status.pod_ip


def test_what_has_changed_meanwhile_is_not_missed(world: DiaryWorld) -> None:
    source = EnvVarSource(config_map_key_ref=ConfigMapKeySelector(key="word", name="words"))
    world.store.create(ConfigMap.new("words", {"word": "old"}, namespace="default"))
    world.create(main(["sh", "-c", "echo WORD=$WORD; sleep 3600"], env=[EnvVar(name="WORD", value_from=source)]))

    def change() -> None:
        words = world.store.get(ConfigMap, "words")
        words.data["word"] = "new"
        world.store.update(words)
        world.kubelet._loop.pump()  # as another one of its threads does

    world.diary.before_it_is_up = change
    world.until(lambda pod: pod.status.phase == "Running")
    assert world.diary.calls == ["create", "sandbox", "remove", "create", "start"]
    assert env_of(world, "WORD") == "new"


def test_what_cannot_be_made_ahead_is_told_when_it_is_due(world: DiaryWorld) -> None:
    source = EnvVarSource(config_map_key_ref=ConfigMapKeySelector(key="word", name="none"))
    world.create(main(env=[EnvVar(name="WORD", value_from=source)]))
    world.until(lambda pod: bool(pod.status.container_statuses))
    assert world.diary.calls == ["sandbox"]
    waiting = world.container().state.waiting
    assert waiting is not None
    assert waiting.reason == "CreateContainerConfigError"


def test_a_sandbox_that_fails_takes_it_along(world: DiaryWorld) -> None:
    failed: list[None] = []

    def fail_once() -> None:
        if not failed:
            failed.append(None)
            world.diary.engine.remove_sandbox(world.runtime.sandboxes({})[0].id)
            raise RuntimeFailed("no network")

    world.diary.before_it_is_up = fail_once
    world.create(main())
    world.until(lambda pod: pod.status.phase == "Running")
    assert world.diary.calls == ["create", "create", "sandbox", "start"]
    assert world.engine_holds() == (1, 1)


def test_a_pod_that_goes_before_its_sandbox_is_up_leaves_nothing(world: DiaryWorld) -> None:
    world.create(main())
    world.diary.before_it_is_up = lambda: world.store.delete(Pod, "web", grace_period=0)
    world.pass_time(30)
    assert world.engine_holds() == (0, 0)


def test_nothing_is_made_ahead_for_a_pod_that_has_run(world: DiaryWorld) -> None:
    world.create(main(), restart_policy="Always")
    world.until(lambda pod: pod.status.phase == "Running")
    world.diary.calls.clear()
    world.diary.engine.remove_sandbox(world.runtime.sandboxes({})[0].id)
    world.until(lambda pod: bool(world.diary.calls) and world.container().started is True)
    assert world.diary.calls == ["sandbox", "create", "start"]
    assert world.container().restart_count == 1
