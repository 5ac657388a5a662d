"""What a kubelet makes of an engine, a store and a disk that fail it, over a simulated engine and on a virtual clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from podkit.errors import NotFound, RuntimeFailed
from podkit.model import (
    ConfigMap,
    ConfigMapVolumeSource,
    Event,
    ExecAction,
    Lifecycle,
    LifecycleHandler,
    ObjectMeta,
    Pod,
    PodCondition,
    PodReadinessGate,
    Probe,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import POD_NAME, POD_UID, ContainerState
from tests.unit.kubelet.world import World, is_running, is_waiting, main

HOOK = LifecycleHandler(exec=ExecAction(command=["true"]))


def engine_container(world: World, name: str = "web") -> Any:
    [one] = world.runtime.containers({POD_NAME: name})
    return one


class TestStart:
    def test_a_full_disk_holds_up_a_container_only_as_long_as_it_is_full(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", _full)
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

    def test_a_sandbox_that_cannot_be_made_is_tried_again_after_ten_seconds(self, world: World) -> None:
        world.runtime.faults.fail("run_sandbox", RuntimeFailed("address already in use"), times=1)
        world.create(main())
        world.settle()
        began = world.clock.monotonic()
        assert "FailedCreatePodSandBox" in world.reasons()
        world.pass_time(9)
        assert world.engine_holds() == (0, 0)
        world.until(is_running, within=15)
        assert world.clock.monotonic() - began >= 10

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


class TestChanges:
    def test_a_better_image_is_not_kept_waiting_by_the_back_off_of_the_old_one(self, world: World) -> None:
        world.create(main(image="nowhere"))
        world.until(is_waiting("ImagePullBackOff"))
        world.pass_time(100)
        world.store.patch(Pod, "web", {"spec": {"containers": [{"name": "main", "image": "busybox"}]}})
        world.settle()
        assert is_running(world.pod())

    def test_a_readiness_gate_that_somebody_opens_makes_the_pod_ready_at_once(self, world: World) -> None:
        world.create(main(), readiness_gates=[PodReadinessGate(condition_type="example.com/open")])
        world.until(is_running)
        assert ready(world.pod()).message == (
            'corresponding condition of pod readiness gate "example.com/open" does not exist.'
        )
        pod = world.pod()
        pod.status.conditions.append(PodCondition(type="example.com/open", status="True"))
        world.store.update_status(pod)
        world.settle()
        assert ready(world.pod()).status == "True"

    def test_a_shorter_deadline_ends_a_running_pod_and_is_told(self, world: World) -> None:
        world.create(main(), active_deadline_seconds=600)
        world.until(is_running)
        world.pass_time(30)
        world.store.patch(Pod, "web", {"spec": {"activeDeadlineSeconds": 20}})
        pod = world.until(lambda pod: pod.status.phase == "Failed", within=10)
        assert pod.status.reason == "DeadlineExceeded"
        [event] = [event for event in world.store.list(Event) if event.reason == "DeadlineExceeded"]
        assert event.count == 1

    def test_a_config_map_that_changed_while_no_kubelet_was_there_reaches_the_files(self, world: World) -> None:
        world.store.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"}))
        pod = world.create(main(volume_mounts=[VolumeMount(name="v", mount_path="/v")]), volumes=[SETTINGS])
        world.until(is_running)
        world.kubelet.stop()
        world.store.patch(ConfigMap, "settings", {"data": {"a": "2"}})
        world.kubelet = world.new_kubelet()
        world.settle()
        assert (world.root / "pods" / (pod.metadata.uid or "") / "volumes/v/a").read_text() == "2"

    def test_a_container_restarts_although_its_mounted_config_map_was_deleted(self, world: World) -> None:
        world.store.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"}))
        once = main(["sh", "-c", "sleep 5; exit 1"], volume_mounts=[VolumeMount(name="v", mount_path="/v")])
        world.create(once, volumes=[SETTINGS], restart_policy="Always")
        world.until(is_running)
        world.store.delete(ConfigMap, "settings")
        world.until(lambda _: world.container().restart_count == 1, within=10)
        assert is_running(world.pod())
        assert "FailedMount" in world.reasons()


class TestEnd:
    def test_a_container_whose_monitor_has_died_does_not_keep_its_pod(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.runtime.lose_monitor(engine_container(world).id)
        assert engine_container(world).state is ContainerState.UNKNOWN
        world.store.delete(Pod, "web")
        world.pass_time(10)
        assert world.engine_holds() == (0, 0)
        with pytest.raises(NotFound):
            world.pod()

    def test_an_orphan_whose_monitor_has_died_is_removed(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.runtime.lose_monitor(engine_container(world).id)
        world.store.delete(Pod, "web", grace_period=0)
        world.pass_time(5)
        assert world.engine_holds() == (0, 0)

    def test_a_pod_that_is_not_supported_can_be_deleted_before_anybody_has_looked_at_it(self, world: World) -> None:
        world.create(main(), host_users=False)
        world.store.delete(Pod, "web", grace_period=30)
        world.pass_time(5)
        with pytest.raises(NotFound):
            world.pod()

    def test_the_files_of_a_pod_that_is_gone_are_removed_by_the_next_kubelet(self, world: World) -> None:
        leftover = world.root / "pods" / "0c1b-gone" / "volumes" / "v"
        leftover.mkdir(parents=True)
        world.kubelet.stop()
        world.kubelet = world.new_kubelet()
        world.pass_time(1)
        assert list((world.root / "pods").iterdir()) == []

    def test_a_termination_message_that_cannot_be_read_does_not_keep_a_pod_from_its_end(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unreadable = Path.open

        def opens(path: Path, *arguments: Any, **named: Any) -> Any:
            if path.name == "termination-log" and arguments == ("rb",):
                raise PermissionError(13, "Permission denied")
            return unreadable(path, *arguments, **named)

        monkeypatch.setattr(Path, "open", opens)
        world.create(main(["true"]))
        world.until(lambda pod: pod.status.phase == "Succeeded")
        ended = world.container().state.terminated  # type: ignore[union-attr]
        assert (ended.message or "").startswith("Error on reading termination log")  # type: ignore[union-attr]

    def test_a_log_that_cannot_be_read_does_not_keep_a_pod_from_its_end(self, world: World) -> None:
        world.runtime.faults.fail("logs", RuntimeFailed("the log has been removed"), times=None)
        world.create(main(["false"], termination_message_policy="FallbackToLogsOnError"))
        world.until(lambda pod: pod.status.phase == "Failed")


class TestRestartingForEver:
    def test_nothing_grows(self, world: World) -> None:
        probe = Probe(exec=ExecAction(command=["true"]))
        hooks = Lifecycle(post_start=HOOK, pre_stop=HOOK)
        pod = world.create(main(["sleep", "700"], liveness_probe=probe, lifecycle=hooks), restart_policy="Always")
        world.until(lambda _: world.container().restart_count == 3, within=4000)
        [worker] = world.kubelet._workers.values()
        before = {name: len(value) for name, value in attrs.asdict(worker._memory).items() if hasattr(value, "__len__")}
        world.until(lambda _: world.container().restart_count == 7, within=4000)
        after = {name: len(value) for name, value in attrs.asdict(worker._memory).items() if hasattr(value, "__len__")}
        assert after == before
        files = world.root / "pods" / (pod.metadata.uid or "") / "containers" / "main"
        assert sorted(path.name for path in files.iterdir()) == ["6", "7"]

    def test_each_wait_is_told(self, world: World) -> None:
        world.create(main(["false"]), restart_policy="Always")
        world.until(lambda _: world.container().restart_count == 10, within=3000)
        [event] = [event for event in world.store.list(Event) if event.reason == "BackOff"]
        assert event.count == 10  # all restarts but the first have waited, and the next one waits

    def test_a_container_that_was_lost_keeps_its_count_while_its_image_is_away(self, world: World) -> None:
        world.create(main(["sh", "-c", "sleep 5; exit 1"]), restart_policy="Always")
        world.until(lambda pod: is_running(pod) and world.container().restart_count == 2)
        world.runtime.faults.fail("create_container", RuntimeFailed("busy"), times=3)
        for container in world.runtime.containers({POD_NAME: "web"}):
            world.runtime.remove_container(container.id)
        world.until(is_waiting("CreateContainerError"))
        world.pass_time(12)
        assert world.container().restart_count == 3
        world.until(is_running)
        assert world.container().restart_count == 3


SETTINGS = Volume(name="v", config_map=ConfigMapVolumeSource(name="settings"))


def ready(pod: Pod) -> PodCondition:
    return next(condition for condition in pod.status.conditions if condition.type == "Ready")


class TestIdle:
    def test_a_probe_alone_does_not_make_the_kubelet_ask_the_engine(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.create(main(liveness_probe=Probe(exec=ExecAction(command=["true"]), period_seconds=1)))
        world.until(is_running)
        world.pass_time(10)
        asked: list[Mapping[str, str]] = []
        list_all = world.runtime.containers
        monkeypatch.setattr(world.runtime, "containers", lambda labels: asked.append(labels) or list_all(labels))
        world.pass_time(60)
        assert len(asked) == 12
        assert all(POD_UID not in labels for labels in asked)

    def test_what_no_event_has_told_is_seen_by_the_next_relist(self, world: World) -> None:
        world.create(main(), restart_policy="Always")
        world.until(is_running)
        world.pass_time(20)
        world.kubelet._subscription.close()  # type: ignore[union-attr]
        world.runtime.signal_container(engine_container(world).id, "SIGKILL")
        world.pass_time(6)
        assert world.container().restart_count == 1


class TestRemovalOfEverything:
    def test_what_cannot_be_removed_at_first_is_removed_later_and_nothing_stays(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.kubelet.stop()
        world.runtime.faults.fail("remove_sandbox", RuntimeFailed("device or resource busy"), times=1)
        world.kubelet.evict_all(0)
        assert world.engine_holds() == (0, 0)

    def test_what_can_never_be_removed_is_said(self, world: World) -> None:
        world.create(main())
        world.until(is_running)
        world.kubelet.stop()
        world.runtime.faults.fail("remove_sandbox", RuntimeFailed("device or resource busy"), times=100)
        with pytest.raises(RuntimeFailed, match="resource busy"):
            world.kubelet.evict_all(0)
        world.runtime.faults.heal()
