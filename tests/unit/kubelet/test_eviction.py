"""Pods that use more of their node than they may are evicted, on a virtual clock."""

from __future__ import annotations

import pytest

from podkit.errors import RuntimeFailed, RuntimeUnavailable
from podkit.kubelet import Kubelet
from podkit.kubelet.eviction import EvictionConfig
from podkit.kubelet.filesystem import VolumeError
from podkit.kubelet.volumes import VolumeManager
from podkit.model import (
    Container,
    EmptyDirVolumeSource,
    Event,
    Node,
    Pod,
    ResourceRequirements,
    Toleration,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import ContainerStats, MachineStats
from tests.unit.kubelet.world import World, is_running, main

WRITES = "for i in $(seq 400); do echo 0123456789012345678901234567890123456789012345678 >>{}; done; "
"""Writes 20,000 bytes."""
STAYS = "exec sleep 3600"


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


# --- the node is short of something

MEBIBYTE = 1 << 20


def requesting(memory: str | None = None, **fields) -> Container:
    return main(resources=ResourceRequirements(requests={"memory": memory}) if memory else None, **fields)


def start_using(world: World, name: str, used: int, *containers: Container, **spec) -> Pod:
    """Start a Pod whose container uses so many mebibytes."""
    world.create(*containers or [main()], name=name, **spec)
    pod = world.until(is_running, name=name)
    world.runtime.set_stats(container_id(pod), ContainerStats(0.0, used * MEBIBYTE, processes=used))
    return pod


def container_id(pod: Pod) -> str:
    return (pod.status.container_statuses[0].container_id or "").partition("://")[2]


def leave(world: World, memory: int) -> None:
    """Let the machine have so many mebibytes of memory left."""
    world.runtime.set_machine_stats(MachineStats(memory_available=memory * MEBIBYTE))


def condition(world: World, type_: str) -> tuple[str, str | None]:
    node = world.store.get(Node, "node-1")
    found = next(one for one in node.status.conditions if one.type == type_)
    return found.status, found.reason


def phases(world: World) -> dict[str, str | None]:
    return {pod.metadata.name or "": pod.status.phase for pod in world.store.list(Pod)}


def test_a_node_that_is_short_of_memory_evicts_one_pod_after_the_other(world: World) -> None:
    start_using(world, "modest", 300, requesting("400Mi"))
    start_using(world, "greedy", 200, requesting("100Mi"))
    start_using(world, "important", 200, requesting("50Mi"), priority_class_name="system-cluster-critical")
    leave(world, 50)
    pod = world.until(is_evicted, name="greedy", within=20)
    message = (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
        "Container main was using 200Mi, request is 100Mi, has larger consumption of memory. "
    )
    assert (pod.status.reason, pod.status.message) == ("Evicted", message)
    assert phases(world) == {"modest": "Running", "greedy": "Failed", "important": "Running"}
    world.until(is_evicted, name="modest", within=20)
    world.pass_time(60)
    assert is_running(world.pod("important"))


def test_a_pod_that_its_node_evicts_is_told_not_to_have_failed_by_itself(world: World) -> None:
    start_using(world, "web", 300)
    leave(world, 50)
    pod = evicted(world)
    [target] = [one for one in pod.status.conditions if one.type == "DisruptionTarget"]
    assert (target.status, target.reason, target.message) == ("True", "TerminationByKubelet", pod.status.message)
    world.pass_time(30)
    assert [one for one in world.pod().status.conditions if one.type == "DisruptionTarget"] == [target]


def test_the_node_says_what_it_is_short_of_and_for_five_minutes_more(world: World) -> None:
    world.settle()
    assert condition(world, "MemoryPressure") == ("False", "KubeletHasSufficientMemory")
    leave(world, 50)
    world.pass_time(10)
    assert condition(world, "MemoryPressure") == ("True", "KubeletHasInsufficientMemory")
    assert condition(world, "DiskPressure") == ("False", "KubeletHasNoDiskPressure")
    leave(world, 5000)
    world.pass_time(290)
    assert condition(world, "MemoryPressure") == ("True", "KubeletHasInsufficientMemory")
    world.pass_time(20)
    assert condition(world, "MemoryPressure") == ("False", "KubeletHasSufficientMemory")
    told = {"NodeHasInsufficientMemory", "EvictionThresholdMet", "NodeHasSufficientMemory"}
    assert set(world.reasons("node-1")) == told


def test_a_node_that_is_short_of_memory_takes_no_pods_that_request_none(world: World) -> None:
    leave(world, 50)
    world.pass_time(10)
    leave(world, 5000)
    world.create(main(), name="best-effort")
    world.create(requesting("1Mi"), name="burstable")
    tolerant = [Toleration(key="node.kubernetes.io/memory-pressure", operator="Exists", effect="NoSchedule")]
    world.create(main(), name="tolerant", tolerations=tolerant)
    world.create(main(), name="critical", priority_class_name="system-node-critical")
    world.pass_time(5)
    pod = world.pod("best-effort")
    assert (pod.status.phase, pod.status.reason) == ("Failed", "Evicted")
    assert pod.status.message == "Pod was rejected: The node had condition: [MemoryPressure]. "
    assert world.reasons("best-effort") == ["Evicted"]
    for name in ("burstable", "tolerant", "critical"):
        assert is_running(world.pod(name)), name


def test_a_node_whose_disk_is_full_takes_no_pods_at_all_and_evicts_by_what_they_have_written(world: World) -> None:
    world.create(writer("/file"), name="writer")
    world.create(main(), name="reader")
    world.until(is_running, name="writer")
    world.runtime.set_machine_stats(MachineStats(storage_available=MEBIBYTE, storage=1000 * MEBIBYTE))
    pod = evicted(world, "writer")
    assert pod.status.message == (
        "The node was low on resource: ephemeral-storage. Threshold quantity: 100Mi, available: 1Mi. "
        "Container main was using 20000, request is 0, has larger consumption of ephemeral-storage. "
    )
    assert condition(world, "DiskPressure") == ("True", "KubeletHasDiskPressure")
    world.create(requesting("1Mi"), name="late")
    world.pass_time(5)
    assert world.pod("late").status.message == "Pod was rejected: The node had condition: [DiskPressure]. "


def test_pods_that_run_are_not_refused_by_a_kubelet_that_comes_back(world: World) -> None:
    start_using(world, "web", 10, priority_class_name="system-node-critical")
    leave(world, 50)
    world.pass_time(10)
    world.kubelet.stop()
    world.kubelet = world.new_kubelet()
    world.pass_time(30)
    assert is_running(world.pod())


def test_a_soft_threshold_gives_pods_the_time_that_they_want(world: World) -> None:
    world.kubelet.stop()
    config = EvictionConfig(
        hard={},
        soft={"memory.available": "1Gi"},
        soft_grace_period={"memory.available": 60},
        max_pod_grace_period=20,
    )
    world.kubelet = Kubelet(
        "node-1", world.runtime, world.store, root_dir=world.root, clock=world.clock, eviction=config
    )
    stubborn = main(["sh", "-c", "trap '' TERM; while true; do sleep 1; done"])
    start_using(world, "web", 10, stubborn, termination_grace_period_seconds=600)
    leave(world, 500)
    world.pass_time(69)
    assert "Evicted" not in world.reasons()
    world.pass_time(11)
    assert "Evicted" in world.reasons()
    world.pass_time(8)
    assert is_running(world.pod())
    world.pass_time(22)
    assert is_evicted(world.pod())


def test_pods_that_cannot_be_measured_are_evicted_all_the_same(world: World) -> None:
    start_using(world, "web", 10)
    world.runtime.faults.fail("stats", RuntimeFailed("it does not tell", operation="measure", detail=""), times=None)
    leave(world, 50)
    assert evicted(world).status.message == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
    )


def test_a_pod_of_many_processes_goes_when_there_are_no_more(world: World) -> None:
    world.kubelet.stop()
    config = EvictionConfig(hard={"pid.available": "100"})
    world.kubelet = Kubelet(
        "node-1", world.runtime, world.store, root_dir=world.root, clock=world.clock, eviction=config
    )
    start_using(world, "few", 3)
    start_using(world, "many", 5000)
    world.runtime.set_machine_stats(MachineStats(processes_available=50, processes=32768))
    pod = evicted(world, "many")
    assert pod.status.message == "The node was low on resource: pids. Threshold quantity: 100, available: 50. "
    assert is_running(world.pod("few"))


# --- what a node does not have


@pytest.mark.parametrize(
    ("requests", "reason", "message"),
    [
        (
            {"memory": "9Gi"},
            "OutOfmemory",
            "Node didn't have enough resource: memory, requested: 9663676416, used: 0, capacity: 8589934592",
        ),
        (
            {"cpu": "5"},
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 5000, used: 1000, capacity: 4000",
        ),
    ],
)
def test_a_pod_that_was_bound_by_hand_to_a_node_without_room(
    world: World, requests: dict[str, str], reason: str, message: str
) -> None:
    world.create(main(resources=ResourceRequirements(requests={"cpu": "1"})), name="first")
    world.until(is_running, name="first")
    world.create(main(resources=ResourceRequirements(requests=requests)))
    world.pass_time(1)
    pod = world.pod()
    assert (pod.status.phase, pod.status.reason) == ("Failed", reason)
    assert pod.status.observed_generation == 1
    assert pod.status.message == f"Pod was rejected: {message}"
    assert warnings(world) == [(reason, message)]


def test_devices_are_none_of_the_kubelets_business(world: World) -> None:
    devices = ResourceRequirements(requests={"example.com/thing": "1"}, limits={"example.com/thing": "1"})
    world.create(main(resources=devices))
    world.until(is_running)


def test_the_processes_of_a_pod_can_be_limited(world: World) -> None:
    world.kubelet.stop()
    world.kubelet = Kubelet(
        "node-1", world.runtime, world.store, root_dir=world.root, clock=world.clock, pod_pids_limit=50
    )
    world.create(main())
    world.until(is_running)
    [sandbox] = world.runtime.sandboxes({})
    assert world.runtime.sandbox_resources(sandbox.id).pids_limit == 50
