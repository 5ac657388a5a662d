"""A container whose end starts its whole Pod over, over a simulated engine and on a virtual clock."""

from __future__ import annotations

from typing import Any

from podkit.errors import RuntimeFailed
from podkit.model import (
    Container,
    ContainerRestartRule,
    ContainerRestartRuleOnExitCodes,
    ContainerStatus,
    Pod,
    PodCondition,
    Volume,
    VolumeMount,
)
from podkit.model.volume import EmptyDirVolumeSource
from podkit.runtime.base import CONTAINER_NAME, POD_NAME
from tests.unit.kubelet.world import SLEEPS, World

RULE = ContainerRestartRule(
    action="RestartAllContainers", exit_codes=ContainerRestartRuleOnExitCodes(operator="In", values=[88])
)
SHARED = {"volumes": [Volume("shared", empty_dir=EmptyDirVolumeSource())]}


def box(name: str, script: str = "", **fields: Any) -> Container:
    command = ["sh", "-c", script] if script else SLEEPS
    mounts = [VolumeMount("shared", "/shared")]
    return Container(
        name, image="busybox", image_pull_policy="IfNotPresent", command=command, volume_mounts=mounts, **fields
    )


def watcher(script: str, **fields: Any) -> Container:
    """A container with the rule, whose own policy is not to restart."""
    return box("watcher", script, restart_policy="Never", restart_policy_rules=[RULE], **fields)


ONCE = "if [ -e /shared/mark ]; then sleep 3600; fi; sleep 5; echo > /shared/mark; exit 88"


def status(world: World, name: str) -> ContainerStatus:
    found = world.pod().status
    everything = [*found.init_container_statuses, *found.container_statuses]
    return next(one for one in everything if one.name == name)


def condition(world: World) -> PodCondition | None:
    return next((one for one in world.pod().status.conditions if one.type == "AllContainersRestarting"), None)


def restarted(pod: Pod) -> bool:
    mains = pod.status.container_statuses
    return bool(mains) and all(one.restart_count == 1 and one.state and one.state.running for one in mains)


def test_all_containers_start_over_in_the_same_sandbox(world: World) -> None:
    init = box("setup", "echo ran >> /shared/setups")
    world.create(box("main"), watcher(ONCE), init_containers=[init], **SHARED)
    world.until(lambda pod: pod.status.phase == "Running")
    address = world.pod().status.pod_ip
    [sandbox] = world.runtime.sandboxes({POD_NAME: "web"})
    pod = world.until(restarted)
    assert pod.status.phase == "Running"
    assert pod.status.pod_ip == address
    assert [one.id for one in world.runtime.sandboxes({POD_NAME: "web"})] == [sandbox.id]
    assert status(world, "setup").restart_count == 1
    for name in ("main", "watcher"):
        last = status(world, name).last_state
        assert last is not None
        assert last.terminated is not None
        assert (last.terminated.exit_code, last.terminated.reason) == (137, "RestartingAllContainers")
    found = condition(world)
    assert found is not None
    assert (found.status, found.reason) == ("False", "ContainerExited")
    assert found.message == "Container watcher exited with code 88, triggering pod restart"


def test_the_way_is_told(world: World) -> None:
    world.create(box("main"), watcher(ONCE), **SHARED)
    changes = world.store.watch(Pod)
    world.until(restarted)
    seen = [change.object for change in iter(changes.poll, None)]
    changes.close()
    told = [
        (one.status.phase, value.status)
        for one in seen
        for value in one.status.conditions
        if value.type == "AllContainersRestarting"
    ]
    assert told[0] == ("Pending", "True")
    assert told[-1] == ("Running", "False")
    waiting = [
        one.state.waiting.reason
        for pod in seen
        for one in pod.status.container_statuses
        if one.state is not None and one.state.waiting is not None
    ]
    assert waiting.count("RestartingAllContainers") >= 2
    assert {pod.status.phase for pod in seen} <= {"Pending", "Running"}


def test_another_exit_code_starts_nothing_over(world: World) -> None:
    world.create(box("main"), watcher("sleep 1; exit 3"), **SHARED)
    world.until(lambda _: status(world, "watcher").state.terminated is not None)
    world.pass_time(30)
    assert (status(world, "main").restart_count, status(world, "watcher").restart_count) == (0, 0)
    assert condition(world) is None


def test_containers_that_had_ended_run_again(world: World) -> None:
    world.create(box("done", "exit 0"), watcher(ONCE), **SHARED)
    world.until(lambda _: status(world, "watcher").restart_count == 1)
    world.pass_time(3)
    assert status(world, "done").restart_count == 1


def test_a_sidecar_and_an_init_container_can_demand_it(world: World) -> None:
    sidecar = box("watcher", ONCE, restart_policy="Always", restart_policy_rules=[RULE])
    world.create(box("main"), init_containers=[sidecar], **SHARED)
    world.until(restarted)
    failing = box(
        "first", "if [ -e /shared/mark ]; then exit 0; fi; echo > /shared/mark; exit 88", restart_policy_rules=[RULE]
    )
    failing.restart_policy = "Never"
    world.create(box("main"), init_containers=[failing], name="other", **SHARED)
    pod = world.until(lambda pod: pod.status.phase == "Running", name="other")
    assert pod.status.init_container_statuses[0].restart_count == 1


def test_an_end_each_time_waits_for_the_back_off(world: World) -> None:
    world.create(box("main"), watcher("exit 88"), **SHARED)
    world.pass_time(5)
    assert status(world, "main").restart_count == 1
    waits = status(world, "watcher").state
    assert waits is not None
    assert waits.waiting is not None
    assert waits.waiting.reason == "CrashLoopBackOff"
    world.pass_time(10)
    assert status(world, "main").restart_count == 2
    world.pass_time(12)
    assert status(world, "main").restart_count == 2
    world.pass_time(10)
    assert status(world, "main").restart_count == 3


def test_a_kubelet_that_is_started_anew_goes_on_with_it(world: World) -> None:
    world.create(box("main"), watcher(ONCE), **SHARED)
    world.until(lambda pod: pod.status.phase == "Running")
    world.runtime.faults.fail("remove_container", RuntimeFailed("power cut"), times=None)
    world.until(lambda _: condition(world) is not None)
    found = condition(world)
    assert found is not None
    assert found.status == "True"
    assert len(world.runtime.containers({POD_NAME: "web"})) == 2
    world.kubelet.stop()
    world.runtime.faults.heal()
    world.kubelet = world.new_kubelet()
    world.until(restarted)
    names = sorted(one.labels[CONTAINER_NAME] for one in world.runtime.containers({POD_NAME: "web"}))
    assert names == ["main", "watcher"]
