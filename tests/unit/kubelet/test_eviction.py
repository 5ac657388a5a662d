"""Pods that use more of their node than they may are evicted, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.errors import RuntimeUnavailable
from podkit.kubelet.volumes import VolumeManager
from podkit.model import Container, EmptyDirVolumeSource, Event, Pod, ResourceRequirements, Volume, VolumeMount
from tests.unit.kubelet.test_kubelet import World, is_running, main

WRITES = "for i in $(seq 400); do echo 0123456789012345678901234567890123456789012345678 >>{}; done; "
"""Writes 20,000 bytes."""
STAYS = "exec sleep 3600"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.kubelet.stop()


def writer(path: str, **fields) -> Container:
    return main(["sh", "-c", WRITES.format(path) + STAYS], **fields)


def limited(limit: str) -> ResourceRequirements:
    return ResourceRequirements(limits={"ephemeral-storage": limit})


def scratch(size_limit: str | None = None) -> list[Volume]:
    return [Volume("scratch", empty_dir=EmptyDirVolumeSource(size_limit=size_limit))]


MOUNTS = [VolumeMount("scratch", "/scratch")]


def is_evicted(pod: Pod) -> bool:
    return pod.status.phase == "Failed"


def evicted(world: World, name: str = "web") -> Pod:
    return world.until(is_evicted, within=30, name=name)


def warnings(world: World) -> list[tuple[str, str]]:
    return [(event.reason or "", event.message or "") for event in world.store.list(Event) if event.type == "Warning"]


def test_an_empty_dir_that_has_outgrown_its_limit(world: World) -> None:
    world.create(writer("/scratch/file", volume_mounts=MOUNTS), volumes=scratch("10Ki"), restart_policy="Always")
    pod = evicted(world)
    message = 'Usage of EmptyDir volume "scratch" exceeds the limit "10Ki". '
    assert (pod.status.reason, pod.status.message) == ("Evicted", message)
    assert warnings(world) == [("Evicted", message)]
    assert not any(condition.type == "DisruptionTarget" for condition in pod.status.conditions)
    assert world.container().state.terminated.exit_code in (137, 143)


def test_a_container_that_has_written_too_much_to_its_own_files(world: World) -> None:
    world.create(writer("/file", resources=limited("10Ki")), Container("b", image="busybox", command=["sleep", "9999"]))
    pod = world.pod()
    assert pod.status.phase != "Failed"
    pod = evicted(world)
    assert pod.status.reason == "Evicted"
    assert pod.status.message == "Pod ephemeral local storage usage exceeds the total limit of containers 10Ki. "


def test_a_container_whose_log_is_too_long(world: World) -> None:
    roomy = main(resources=limited("10Mi"))
    roomy.name = "roomy"
    world.create(writer("/dev/stdout", resources=limited("10Ki")), roomy)
    assert evicted(world).status.message == 'Container main exceeded its local ephemeral storage limit "10Ki". '


def test_who_stays_within_its_limits_stays(world: World) -> None:
    world.create(writer("/scratch/file", volume_mounts=MOUNTS, resources=limited("1Mi")), volumes=scratch("1Mi"))
    world.until(is_running)
    world.pass_time(60)
    assert is_running(world.pod())


def test_an_evicted_pod_leaves_nothing_on_the_disk_and_is_there_until_it_is_deleted(world: World) -> None:
    world.create(writer("/scratch/file", volume_mounts=MOUNTS), volumes=scratch("10Ki"))
    before = evicted(world)
    world.pass_time(5)
    after = world.pod()
    assert world.engine_holds() == (1, 0)
    assert not list(world.root.rglob("scratch"))
    assert after.status.container_statuses == before.status.container_statuses
    assert (after.status.phase, after.status.reason) == ("Failed", "Evicted")
    world.store.delete(Pod, "web")
    world.pass_time(5)
    assert world.engine_holds() == (0, 0)


def test_an_evicted_pod_has_a_second_and_the_two_that_everybody_has(world: World) -> None:
    stubborn = main(["sh", "-c", WRITES.format("/scratch/file") + "trap '' TERM; while true; do sleep 1; done"])
    stubborn.volume_mounts = MOUNTS
    world.create(stubborn, volumes=scratch("10Ki"), termination_grace_period_seconds=600)
    start = world.clock.monotonic()
    evicted(world)
    assert world.clock.monotonic() - start <= 10 + 2 + 1
    assert world.container().state.terminated.exit_code == 137


def test_the_phase_and_the_reason_are_told_together(world: World) -> None:
    """As long as something runs, the Pod is not told to have failed, nor why it will."""
    stubborn = main(["sh", "-c", WRITES.format("/scratch/file") + "trap '' TERM; while true; do sleep 1; done"])
    stubborn.volume_mounts = MOUNTS
    world.create(stubborn, volumes=scratch("10Ki"))
    world.until(is_running)
    world.pass_time(10.5)
    assert "Evicted" in world.reasons()
    assert (world.pod().status.phase, world.pod().status.reason) == ("Running", None)
    assert evicted(world).status.reason == "Evicted"


def test_a_critical_pod_is_spared(world: World) -> None:
    world.create(
        writer("/scratch/file", volume_mounts=MOUNTS),
        volumes=scratch("10Ki"),
        priority_class_name="system-node-critical",
    )
    world.until(is_running)
    world.pass_time(60)
    assert is_running(world.pod())


def test_an_engine_that_is_away_is_asked_again(world: World) -> None:
    world.create(writer("/file", resources=limited("10Ki")))
    world.until(is_running)
    world.runtime.faults.fail("storage_used", RuntimeUnavailable("the engine does not answer"), times=2)
    world.pass_time(25)
    assert is_running(world.pod())
    assert evicted(world).status.reason == "Evicted"


def test_volumes_that_are_busy_are_removed_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from podkit.kubelet.filesystem import VolumeError

    world.create(writer("/scratch/file", volume_mounts=MOUNTS), volumes=scratch("10Ki"))
    world.until(is_running)

    def busy(*_: object) -> None:
        raise VolumeError("cannot unmount it: it is busy")

    with monkeypatch.context() as patch:
        patch.setattr(VolumeManager, "tear_down", busy)
        evicted(world)
        world.pass_time(5)
        assert list(world.root.rglob("scratch"))
    world.pass_time(120)
    assert not list(world.root.rglob("scratch"))


def test_a_kubelet_that_ends_in_between_begins_again(world: World) -> None:
    world.create(writer("/scratch/file", volume_mounts=MOUNTS), volumes=scratch("10Ki"), restart_policy="Always")
    world.until(is_running)
    world.pass_time(9)
    world.kubelet.stop()
    world.kubelet = world.new_kubelet()
    assert evicted(world).status.reason == "Evicted"
