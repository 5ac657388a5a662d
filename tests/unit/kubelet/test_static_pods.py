"""Static Pods: what is in the directory runs, whatever the store says, and the store shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podkit.codec import dump
from podkit.errors import NotFound
from podkit.kubelet import Kubelet
from podkit.kubelet.static.notice import Notice
from podkit.loop.clock import VirtualClock
from podkit.model import ConfigMapEnvSource, Container, EnvFromSource, Event, Pod
from podkit.runtime.base import CONTAINER_NAME
from podkit.runtime.simulated import Images, SimulatedRuntime
from podkit.store.memory import MemoryStore
from tests.unit.kubelet.world import Stepped


class World(Stepped):
    """A node that supervises a directory."""

    def __init__(self, root: Path, *, with_store: bool = True) -> None:
        self.root, self.directory = root / "node", root / "manifests"
        self.root.mkdir()
        self.directory.mkdir()
        self.clock = VirtualClock()
        self.runtime = SimulatedRuntime(self.clock, images=Images(local=["busybox"]))
        self.store = MemoryStore(self.clock) if with_store else None
        self.kubelet = self.new_kubelet()

    def new_kubelet(self) -> Kubelet:
        kubelet = Kubelet(
            "node-1", self.runtime, self.store, root_dir=self.root, static_pod_path=self.directory, clock=self.clock
        )
        kubelet.register()
        return kubelet

    def write(self, name: str = "web.yaml", script: str = "sleep 3600", **fields: Any) -> None:
        fields = {"restart_policy": "Always", "termination_grace_period_seconds": 5, **fields}
        main = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["sh", "-c", script])
        dump(Pod.new(fields.pop("pod", "web"), containers=[main], **fields), self.directory / name)

    def mirror(self, name: str = "web-node-1") -> Pod:
        return self.kubelet.store.get(Pod, name)

    def running(self) -> list[str]:
        """The ids of the containers that run."""
        return [one.id for one in self.runtime.containers({CONTAINER_NAME: "main"}) if one.state.value == "running"]

    def messages(self, reason: str) -> list[str]:
        return [event.message or "" for event in self.kubelet.store.list(Event) if event.reason == reason]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.kubelet.stop()


def test_a_file_is_a_pod_which_the_store_shows(world: World) -> None:
    world.write()
    world.pass_time(3)
    mirror = world.mirror()
    assert mirror.status.phase == "Running"
    assert mirror.status.container_statuses[0].ready
    notes = mirror.metadata.annotations
    assert notes["kubernetes.io/config.source"] == "file"
    assert notes["kubernetes.io/config.hash"] == notes["kubernetes.io/config.mirror"] != mirror.metadata.uid
    assert notes["kubernetes.io/config.seen"].endswith("Z")
    (owner,) = mirror.metadata.owner_references
    assert (owner.kind, owner.name, owner.controller) == ("Node", "node-1", True)
    assert ("Exists", "NoExecute") in [(one.operator, one.effect) for one in mirror.spec.tolerations]


def test_the_directory_decides_and_not_the_store(world: World) -> None:
    world.write()
    world.pass_time(3)
    (container,) = world.running()
    first = world.mirror()
    world.store.delete(Pod, "web-node-1")
    world.pass_time(3)
    assert world.mirror().metadata.uid != first.metadata.uid
    assert world.mirror().status.phase == "Running"
    assert world.running() == [container]


def test_a_pod_goes_with_its_file(world: World) -> None:
    world.write()
    world.pass_time(3)
    (world.directory / "web.yaml").unlink()
    world.pass_time(10)
    assert world.running() == []
    assert world.runtime.sandboxes({}) == []
    with pytest.raises(NotFound):
        world.mirror()


def test_a_changed_file_is_another_pod_that_begins_when_the_first_one_has_ended(world: World) -> None:
    world.write(script="trap '' TERM; while true; do sleep 1; done")
    world.pass_time(3)
    (first,), uid = world.running(), world.mirror().metadata.annotations["kubernetes.io/config.hash"]
    world.write(script="sleep 3601")
    world.pass_time(3)
    assert world.running() == [first], "it has 5 s to end"
    world.pass_time(10)
    (second,) = world.running()
    assert second != first
    assert world.mirror().metadata.annotations["kubernetes.io/config.hash"] != uid


def test_a_container_that_ends_is_restarted(world: World) -> None:
    world.write(script="exit 1")
    world.pass_time(15)
    (status,) = world.mirror().status.container_statuses
    assert status.restart_count >= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {container: []}\n", "container"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "Pod"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n", "spec.containers"),
        ("{", "bad.yaml:2:1: "),
    ],
)
def test_a_bad_file_is_named_and_the_others_are_run(world: World, text: str, message: str) -> None:
    (world.directory / "bad.yaml").write_text(text)
    (world.directory / ".hidden").write_text(text)
    world.write()
    world.pass_time(3)
    assert world.mirror().status.phase == "Running"
    (said,) = world.messages("FailedStaticPod")
    assert f"{world.directory}/bad.yaml gives no static Pod: " in said
    assert message in said


def test_references_to_other_objects_are_refused(world: World) -> None:
    main = Container("main", image="busybox", env_from=[EnvFromSource(config_map_ref=ConfigMapEnvSource("settings"))])
    dump(Pod.new("web", containers=[main]), world.directory / "web.yaml")
    world.pass_time(3)
    (said,) = world.messages("FailedStaticPod")
    assert "cannot refer to other objects, and this one does, to ConfigMap 'settings'" in said


def test_of_two_files_of_one_name_the_first_counts(world: World) -> None:
    world.write("a.yaml")
    world.write("b.yaml", script="sleep 5000")
    world.pass_time(3)
    assert len(world.running()) == 1
    (said,) = world.messages("FailedStaticPod")
    assert "b.yaml gives no static Pod: another file gives a Pod of the name 'web-node-1' too" in said


def test_a_directory_that_comes_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.directory.rmdir()
    world.pass_time(3)
    world.directory.mkdir()
    world.write()
    world.pass_time(3)
    assert len(world.running()) == 1
    world.kubelet.stop()


def test_another_pod_of_that_name_is_left_alone(world: World) -> None:
    there = world.store.create(Pod.new("web-node-1", containers=[Container("main", image="busybox")]))
    world.write()
    world.pass_time(3)
    assert world.mirror().metadata.uid == there.metadata.uid
    assert len(world.running()) == 1
    assert "web-node-1 runs, and the store does not show it" in world.messages("FailedMirrorPod")[0]


def test_another_kubelet_goes_on_with_what_runs(world: World) -> None:
    world.write()
    world.pass_time(3)
    containers, uid = world.running(), world.mirror().metadata.uid
    world.kubelet.stop()
    world.kubelet = world.new_kubelet()
    world.pass_time(3)
    assert (world.running(), world.mirror().metadata.uid) == (containers, uid)


def test_what_went_while_nobody_was_there_is_cleaned_up(world: World) -> None:
    world.write()
    world.pass_time(3)
    world.kubelet.stop()
    (world.directory / "web.yaml").unlink()
    world.kubelet = world.new_kubelet()
    world.pass_time(10)
    assert world.running() == []
    with pytest.raises(NotFound):
        world.mirror()


def test_a_kubelet_needs_no_store(tmp_path: Path) -> None:
    world = World(tmp_path, with_store=False)
    world.write(restart_policy="OnFailure", script="echo done")
    world.pass_time(3)
    assert world.mirror().status.phase == "Succeeded"
    world.kubelet.stop()


def test_a_change_is_noticed_at_once(tmp_path: Path) -> None:
    seen = threading.Event()
    notice = Notice(tmp_path / "there", seen.set)
    assert not notice.begin(), "nothing is there"
    (tmp_path / "there").mkdir()
    assert notice.begin()
    (tmp_path / "there" / "one").write_text("x")
    assert seen.wait(10)
    notice.close()
    notice.close()
    assert "podkit-static-pods" not in {thread.name for thread in threading.enumerate()}
