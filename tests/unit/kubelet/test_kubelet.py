"""The whole kubelet over a store in memory and a simulated engine, on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from podkit.errors import NotFound, RuntimeFailed
from podkit.kubelet import Kubelet, grpc_health
from podkit.kubelet.filesystem import VolumeError
from podkit.kubelet.volumes import VolumeManager
from podkit.model import (
    AppArmorProfile,
    ConfigMap,
    ConfigMapKeySelector,
    ConfigMapVolumeSource,
    ContainerPort,
    CSIVolumeSource,
    EnvVar,
    EnvVarSource,
    Event,
    ExecAction,
    GRPCAction,
    Lifecycle,
    LifecycleHandler,
    Node,
    ObjectMeta,
    Pod,
    PodOS,
    PodResourceClaim,
    PodSecurityContext,
    PodSpec,
    Probe,
    ResourceRequirements,
    SecurityContext,
    SELinuxOptions,
    SleepAction,
    Sysctl,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import POD_NAME
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.kubelet.world import World, is_running, is_waiting, main


def _busy(*_: object) -> None:
    raise VolumeError("cannot unmount it: it is busy")


def test_the_node_says_what_the_machine_has(world: World) -> None:
    node = world.store.get(Node, "node-1")
    assert node.status.capacity["cpu"] == str(world.runtime.info().cpus)
    assert {"memory", "pods", "ephemeral-storage"} <= node.status.allocatable.keys()
    assert any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)


def test_a_pod_runs_succeeds_and_is_deleted_without_a_trace(world: World) -> None:
    world.create(main(["sh", "-c", "echo hi; sleep 3"]))
    world.until(is_running)
    pod = world.until(lambda pod: pod.status.phase == "Succeeded")
    assert pod.status.pod_ip
    assert world.engine_holds() == (1, 1)
    world.store.delete(Pod, "web")
    world.pass_time(1)
    with pytest.raises(NotFound):
        world.pod()
    assert world.engine_holds() == (0, 0)
    assert list((world.root / "pods").iterdir()) == []


def test_a_pod_of_another_node_is_left_alone(world: World) -> None:
    pod = Pod(metadata=ObjectMeta(name="web"), spec=PodSpec(containers=[main()], node_name="node-2"))
    world.store.create(pod)
    world.pass_time(10)
    assert world.engine_holds() == (0, 0)


def test_a_missing_config_map_holds_up_the_container_until_it_is_there(world: World) -> None:
    source = EnvVarSource(config_map_key_ref=ConfigMapKeySelector(name="late", key="a"))
    world.create(main(env=[EnvVar(name="A", value_from=source)]))
    world.until(is_waiting("CreateContainerConfigError"))
    assert world.container().state.waiting.message == 'configmap "late" not found'  # type: ignore[union-attr]
    world.store.create(ConfigMap(metadata=ObjectMeta(name="late"), data={"a": "1"}))
    world.settle()
    assert is_running(world.pod())


def test_a_missing_volume_holds_up_the_sandbox_until_it_is_there(world: World) -> None:
    volume = Volume(name="v", config_map=ConfigMapVolumeSource(name="late"))
    world.create(main(volume_mounts=[VolumeMount(name="v", mount_path="/v")]), volumes=[volume])
    world.until(is_waiting("ContainerCreating"))
    assert "FailedMount" in world.reasons()
    assert world.engine_holds() == (0, 0)
    world.store.create(ConfigMap(metadata=ObjectMeta(name="late"), data={"a": "1"}))
    world.settle()
    assert is_running(world.pod())


def test_a_changed_config_map_reaches_the_files_of_a_running_pod(world: World) -> None:
    world.store.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"}))
    volume = Volume(name="v", config_map=ConfigMapVolumeSource(name="settings"))
    pod = world.create(main(volume_mounts=[VolumeMount(name="v", mount_path="/v")]), volumes=[volume])
    world.until(is_running)
    file = world.root / "pods" / (pod.metadata.uid or "") / "volumes/v/a"
    assert file.read_text() == "1"
    world.store.patch(ConfigMap, "settings", {"data": {"a": "2"}})
    world.settle()
    assert file.read_text() == "2"
    assert world.container().restart_count == 0


def test_an_image_that_is_not_there_is_pulled_and_one_that_is_nowhere_is_waited_for(world: World) -> None:
    world.create(main(image="late"))
    assert is_running(world.until(is_running))
    world.create(main(image="never"), name="lost")
    world.until(is_waiting("ErrImagePull"), name="lost")
    world.until(is_waiting("ImagePullBackOff"), name="lost")
    world.pass_time(200)
    pulls = next(e for e in world.store.list(Event) if e.reason == "Pulling" and e.involved_object.name == "lost")
    assert pulls.count == 5  # after 0, 10, 30, 70 and 150 seconds


def test_a_pull_policy_of_never_pulls_nothing(world: World) -> None:
    world.create(attrs.evolve(main(image="late"), image_pull_policy="Never"))
    world.until(is_waiting("ErrImageNeverPull"))
    assert "Pulling" not in world.reasons()


def test_a_pod_that_asks_for_what_is_not_supported_is_refused_with_the_names_of_the_fields(world: World) -> None:
    mount = VolumeMount("v", "/v", read_only=True, recursive_read_only="Enabled")
    world.create(
        main(volume_mounts=[mount]),
        resource_claims=[PodResourceClaim("gpu", resource_claim_name="mine")],
        volumes=[Volume("v", csi=CSIVolumeSource("example.com"))],
    )
    pod = world.until(lambda pod: pod.status.phase == "Failed")
    assert pod.status.reason == "UnsupportedField"
    fields = [
        "spec.resourceClaims",
        "volumes[0].csi",
        "containers[0].volumeMounts[0].recursiveReadOnly",
    ]
    message = pod.status.message or ""
    assert all(field in message for field in fields)
    assert message.startswith("Pod was rejected: ")
    assert [event.message for event in world.store.list(Event)] == [message.removeprefix("Pod was rejected: ")]
    assert world.engine_holds() == (0, 0)


def test_a_grpc_probe_needs_an_extra(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_health, "available", lambda: False)
    world.create(main(liveness_probe=Probe(grpc=GRPCAction(port=50051))))
    pod = world.until(lambda pod: pod.status.phase == "Failed")
    assert "spec.containers[0].livenessProbe.grpc (install podkit[grpc])" in (pod.status.message or "")


def test_limits_that_have_no_effect_are_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    weak = attrs.evolve(world.runtime.info(), limits_enforced=False)
    world.runtime = SimulatedRuntime(world.clock, info=weak)
    world.kubelet = world.new_kubelet()
    world.create(main(resources=ResourceRequirements(limits={"memory": "64Mi"})))
    world.until(is_running)
    assert "LimitsNotEnforced" in world.reasons()


def test_what_will_not_happen_is_told_once_for_each_field(world: World) -> None:
    world.create(
        main(security_context=SecurityContext(app_armor_profile=AppArmorProfile("RuntimeDefault"))),
        security_context=PodSecurityContext(se_linux_options=SELinuxOptions(level="s0")),
    )
    world.until(is_running)
    world.kubelet = world.new_kubelet()
    world.pass_time(120)
    events = [event for event in world.store.list(Event) if event.reason == "FieldNotHonoured"]
    paths = sorted((event.message or "").partition(":")[0] for event in events)
    assert paths == ["spec.containers[0].securityContext.appArmorProfile", "spec.securityContext.seLinuxOptions"]
    assert {(event.type, event.count) for event in events} == {("Warning", 1)}


def test_an_unsafe_sysctl_needs_the_consent_of_the_node(world: World) -> None:
    context = PodSecurityContext(sysctls=[Sysctl("kernel.msgmax", "10000")])
    world.create(main(), security_context=context)
    pod = world.until(lambda pod: pod.status.phase == "Failed")
    message = 'forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert (pod.status.reason, pod.status.message) == ("SysctlForbidden", f"Pod was rejected: {message}")
    assert [(event.reason, event.message) for event in world.store.list(Event)] == [("SysctlForbidden", message)]
    world.kubelet = Kubelet(
        "node-1",
        world.runtime,
        world.store,
        root_dir=world.root,
        clock=world.clock,
        allowed_unsafe_sysctls=["kernel.msg*"],
    )
    world.create(main(), name="consented", security_context=context)
    world.until(is_running, name="consented")


class TestEnd:
    def test_a_container_that_hears_nothing_is_killed_when_its_time_is_up(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        begin = world.clock.monotonic()
        world.store.delete(Pod, "web")
        world.pass_time(4.9)
        assert is_running(world.pod())
        world.pass_time(0.2)
        with pytest.raises(NotFound):
            world.pod()
        assert world.clock.monotonic() - begin == pytest.approx(5.1)

    def test_a_container_that_hears_its_signal_ends_at_once(self, world: World) -> None:
        world.create(main(["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"]))
        world.until(is_running)
        world.store.delete(Pod, "web")
        world.pass_time(2)
        with pytest.raises(NotFound):
            world.pod()

    def test_the_stop_signal_may_be_another_one(self, world: World) -> None:
        script = "trap '' TERM; trap 'exit 0' USR1; while true; do sleep 0.1; done"
        world.create(main(["sh", "-c", script], lifecycle=Lifecycle(stop_signal="SIGUSR1")), os=PodOS(name="linux"))
        world.until(is_running)
        world.store.delete(Pod, "web")
        world.pass_time(1)
        with pytest.raises(NotFound):
            world.pod()

    def test_the_prestop_hook_delays_the_signal(self, world: World) -> None:
        hook = Lifecycle(pre_stop=LifecycleHandler(sleep=SleepAction(seconds=3)))
        world.create(main(["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"], lifecycle=hook))
        world.until(is_running)
        world.store.delete(Pod, "web")
        world.pass_time(2.9)
        assert is_running(world.pod())
        world.pass_time(1)
        with pytest.raises(NotFound):
            world.pod()

    def test_a_pod_that_was_removed_by_force_is_ended_all_the_same(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.store.delete(Pod, "web", grace_period=0)
        with pytest.raises(NotFound):
            world.pod()
        world.pass_time(3)
        assert world.engine_holds() == (0, 0)

    def test_what_cannot_be_removed_does_not_keep_the_rest(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("one", "two"):
            world.create(main(), name=name)
            world.until(is_running, name=name)
        world.kubelet.stop()
        stuck = world.pod("one").metadata.uid
        tear_down = VolumeManager.tear_down

        def busy(manager: VolumeManager, uid: str) -> None:
            if uid == stuck:
                raise VolumeError("cannot unmount it: it is busy")
            tear_down(manager, uid)

        monkeypatch.setattr(VolumeManager, "tear_down", busy)
        world.runtime.faults.fail("signal_container", RuntimeFailed("the engine has a bad day"))
        with pytest.raises(VolumeError, match="busy"):
            world.kubelet.evict_all(grace=1)
        assert world.engine_holds("one") == world.engine_holds("two") == (0, 0)
        assert [directory.name for directory in (world.root / "pods").iterdir()] == [stuck]

    def test_a_volume_that_cannot_be_unmounted_keeps_its_pod_until_it_can(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.create(main())
        world.until(is_running)
        with monkeypatch.context() as patch:
            patch.setattr(VolumeManager, "tear_down", _busy)
            world.store.delete(Pod, "web")
            world.pass_time(30)
            assert world.pod().metadata.deletion_timestamp is not None
        world.pass_time(60)
        with pytest.raises(NotFound):
            world.pod()
        assert "bug of podkit" not in caplog.text

    def test_evict_all_leaves_nothing(self, world: World) -> None:
        for name in ("one", "two"):
            world.create(main(), name=name)
            world.until(is_running, name=name)
        world.kubelet.stop()
        world.kubelet.evict_all(grace=0)
        assert world.engine_holds("one") == world.engine_holds("two") == (0, 0)
        assert list((world.root / "pods").iterdir()) == []


class TestProbesAndHooks:
    def test_a_liveness_probe_that_fails_restarts_the_container(self, world: World) -> None:
        probe = Probe(exec=ExecAction(command=["false"]), period_seconds=2, failure_threshold=2)
        world.create(main(liveness_probe=probe), restart_policy="Always")
        world.until(lambda pod: is_running(pod) and world.container().restart_count == 1)
        assert world.container().last_state.terminated.exit_code == 137  # type: ignore[union-attr]
        assert {"Unhealthy", "Killing"} <= set(world.reasons())

    def test_a_post_start_hook_that_fails_ends_the_container(self, world: World) -> None:
        hook = Lifecycle(post_start=LifecycleHandler(exec=ExecAction(command=["false"])))
        world.create(main(lifecycle=hook))
        world.until(lambda pod: pod.status.phase == "Failed")
        assert "FailedPostStartHook" in world.reasons()


class TestCrash:
    def test_a_new_kubelet_goes_on_with_what_runs(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        before = world.container()
        world.kubelet.stop()
        world.kubelet = world.new_kubelet()
        world.pass_time(20)
        assert world.container() == before

    def test_a_new_kubelet_removes_what_nobody_wants_any_more(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.kubelet.stop()
        world.store.delete(Pod, "web", grace_period=0)
        world.kubelet = world.new_kubelet()
        world.pass_time(10)
        assert world.engine_holds() == (0, 0)

    @pytest.mark.parametrize(
        "operation",
        [
            "run_sandbox",
            "sandbox",
            "create_container",
            "start_container",
            "container",
            "containers",
            "sandboxes",
            "image",
            "remove_container",
            "signal_container",
            "remove_sandbox",
            "stop_sandbox",
        ],
    )
    @pytest.mark.parametrize("fault", ["fail", "lose_answer"])
    def test_an_operation_that_fails_once_changes_nothing_in_the_end(
        self, world: World, operation: str, fault: str
    ) -> None:
        if fault == "fail":
            world.runtime.faults.fail(operation, RuntimeFailed("the engine has a bad day"))
        else:
            world.runtime.faults.lose_answer(operation)
        world.create(main(["sh", "-c", "sleep 3; exit 1"]), restart_policy="OnFailure")
        world.until(lambda pod: is_running(pod) and world.container().restart_count >= 2, within=300)
        assert len(world.runtime.sandboxes({POD_NAME: "web"})) == 1
        world.store.delete(Pod, "web")
        world.pass_time(90)
        with pytest.raises(NotFound):
            world.pod()
        assert world.engine_holds() == (0, 0)
        assert list((world.root / "pods").iterdir()) == []

    def test_an_engine_that_is_away_for_a_while_is_waited_for(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        with world.runtime.faults.unavailable():
            world.create(main(), name="second")
            world.pass_time(120)
        world.settle()
        assert is_running(world.pod("second"))
        assert world.container().restart_count == 0


def phases_while_stopping(world: World, monkeypatch: pytest.MonkeyPatch, **container: Any) -> list[str | None]:
    """What the store says of a Pod at the moment at which its sandbox is stopped."""
    told: list[str | None] = []
    stop = world.runtime.stop_sandbox

    def stop_sandbox(sandbox_id: str) -> None:
        told.append(world.pod().status.phase)
        stop(sandbox_id)

    monkeypatch.setattr(world.runtime, "stop_sandbox", stop_sandbox)
    world.create(main(["sh", "-c", "exit 3"], **container))
    world.until(lambda pod: pod.status.phase == "Failed")
    return told


def test_a_pod_is_said_to_be_over_before_its_network_is_taken_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert phases_while_stopping(world, monkeypatch) == ["Failed"]


def test_a_pod_gives_ports_of_the_node_back_before_it_is_said_to_be_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ContainerPort(container_port=80, host_port=8080)
    assert "Failed" not in phases_while_stopping(world, monkeypatch, ports=[port])


def test_the_end_of_an_attempt_is_told_before_the_next_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    states = []
    create = world.runtime.create_container

    def create_container(*arguments: Any) -> str:
        if world.pod().status.container_statuses:
            states.append(world.container().state)
        return create(*arguments)

    monkeypatch.setattr(world.runtime, "create_container", create_container)
    world.create(
        main(["sh", "-c", "exit 3"]),
        restart_policy="OnFailure",
    )
    world.until(lambda _: world.container().restart_count == 1)
    [ended] = [state.terminated for state in states if state is not None]
    assert ended is not None
    assert ended.exit_code == 3
