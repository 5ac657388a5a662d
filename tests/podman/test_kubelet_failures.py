"""The kubelet on real Podman when a Pod cannot run as it is: it says why in Kubernetes' words, and leaves nothing behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.model import (
    ConfigMap,
    ConfigMapKeySelector,
    ConfigMapVolumeSource,
    Container,
    ContainerPort,
    EnvVar,
    EnvVarSource,
    ExecAction,
    HostPathVolumeSource,
    Lifecycle,
    LifecycleHandler,
    Pod,
    ResourceRequirements,
    Volume,
    VolumeMount,
)
from tests.environment import Environment
from tests.podman.kubelet_node import IMAGE, Node, main_of, restarted, runs, shell, soon_again, waits_for
from tests.podman.runtime_pods import eventually


@pytest.fixture
def node(podman_environment: Environment, tmp_path: Path) -> Iterator[Node]:
    node = Node(podman_environment, tmp_path / "node")
    yield node
    node.close()


def waiting(pod: Pod) -> tuple[str | None, str]:
    """Why a Pod's first container waits."""
    state = main_of(pod).state.waiting
    return state.reason, state.message or ""


def test_a_crashing_container_backs_off_for_all_to_see(node: Node) -> None:
    pod = node.create(shell("exit 3"))
    pod = node.wait(pod, waits_for("CrashLoopBackOff"))
    assert pod.status.phase == "Running"
    assert main_of(pod).restart_count == 1
    assert main_of(pod).last_state.terminated.exit_code == 3
    assert waiting(pod)[1].startswith("back-off 10s restarting failed container=main pod=")
    assert node.events(pod)["BackOff"].startswith("Back-off restarting failed container main")
    before = main_of(pod).last_state.terminated.finished_at
    pod = node.wait(pod, lambda pod: main_of(pod).restart_count == 2)
    pod = node.wait(pod, waits_for("CrashLoopBackOff"))
    assert (main_of(pod).last_state.terminated.started_at - before).total_seconds() >= 10
    node.delete(pod)
    assert node.leaves_nothing(pod)


def test_an_image_that_no_registry_has(node: Node) -> None:
    pod = node.create(Container("main", image="docker.io/library/nowhere:1"))
    pod = node.wait(pod, lambda pod: waiting(pod)[0] in ("ErrImagePull", "ImagePullBackOff"))
    assert pod.status.phase == "Pending"
    pod = node.wait(pod, waits_for("ImagePullBackOff"))
    assert "nowhere" in waiting(pod)[1]
    assert "nowhere" in node.events(pod)["Failed"] or "nowhere" in node.events(pod)["BackOff"]
    node.delete(pod)
    assert node.leaves_nothing(pod)


def test_a_command_that_does_not_exist(node: Node) -> None:
    pod = node.create(Container("main", image=IMAGE, command=["no-such-program"]), restart_policy="Never")
    pod = node.wait(pod, lambda pod: pod.status.phase == "Failed")
    ended = main_of(pod).state.terminated
    assert (ended.reason, ended.exit_code) == ("StartError", 128)
    assert "no-such-program" in ended.message
    assert "no-such-program" in node.events(pod)["Failed"]
    node.delete(pod)
    assert node.leaves_nothing(pod)


def test_a_command_that_does_not_exist_is_tried_again(node: Node) -> None:
    pod = node.create(Container("main", image=IMAGE, command=["no-such-program"]))
    pod = node.wait(pod, lambda pod: main_of(pod).restart_count == 1 and waiting(pod)[0])
    assert waiting(pod)[0] in ("RunContainerError", "CrashLoopBackOff")
    node.delete(pod)
    assert node.leaves_nothing(pod)


def test_a_host_port_that_is_taken(node: Node) -> None:
    with soon_again(), socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        pod = node.create(shell("exec sleep 3600", ports=[ContainerPort(8080, host_port=port)]))
        pod = node.wait(pod, lambda pod: "FailedCreatePodSandBox" in node.events(pod))
        assert "address already in use" in node.events(pod)["FailedCreatePodSandBox"]
        assert node.get(pod).status.phase == "Pending"
    node.wait(pod, runs)
    assert node.engine_pod(pod)  # there is but one: of the attempts before nothing is left
    node.delete(pod)
    assert node.leaves_nothing(pod)


def test_a_variable_from_a_config_map_that_comes_later(node: Node) -> None:
    source = EnvVarSource(config_map_key_ref=ConfigMapKeySelector("word", "late"))
    pod = node.create(shell("echo $WORD; exec sleep 3600", env=[EnvVar("WORD", value_from=source)]))
    pod = node.wait(pod, waits_for("CreateContainerConfigError"))
    assert waiting(pod)[1] == 'configmap "late" not found'
    node.store.create(ConfigMap.new("late", {"word": "hello"}))
    assert main_of(node.wait(pod, runs)).restart_count == 0


def test_a_volume_from_a_config_map_that_comes_later(node: Node) -> None:
    volume = Volume("config", config_map=ConfigMapVolumeSource("late"))
    pod = node.create(shell("exec sleep 3600", volume_mounts=[VolumeMount("config", "/config")]), volumes=[volume])
    pod = node.wait(pod, lambda pod: "FailedMount" in node.events(pod))
    assert "late" in node.events(pod)["FailedMount"]
    assert waiting(node.get(pod))[0] == "ContainerCreating"
    node.store.create(ConfigMap.new("late", {"word": "hello"}))
    node.wait(pod, runs)


@pytest.mark.needs("limits_enforced")
def test_a_container_that_takes_too_much_memory(node: Node) -> None:
    limits = ResourceRequirements(limits={"memory": "24Mi"})
    pod = node.create(
        Container("main", image=IMAGE, command=["tail", "/dev/zero"], resources=limits), restart_policy="Never"
    )
    pod = node.wait(pod, lambda pod: pod.status.phase == "Failed")
    ended = main_of(pod).state.terminated
    assert (ended.reason, ended.exit_code) == ("OOMKilled", 137)


def test_a_post_start_hook_that_fails_ends_its_container(node: Node) -> None:
    hook = Lifecycle(post_start=LifecycleHandler(exec=ExecAction(["sh", "-c", "echo no; exit 1"])))
    pod = node.create(shell("exec sleep 3600", lifecycle=hook))
    pod = node.wait(pod, lambda pod: main_of(pod).restart_count >= 1)
    assert node.events(pod)["FailedPostStartHook"] == "PostStartHook failed"


def test_graceful_termination_goes_in_order(node: Node, tmp_path: Path) -> None:
    """The preStop hooks of all, the signal to the main container, and to each sidecar when what it serves has ended."""
    mount = VolumeMount("seen", "/seen")

    def ends(name: str, seconds: float) -> str:
        on_term = f"echo {name} term >>/seen/log; sleep {seconds}; echo {name} end >>/seen/log; exit 0"
        return f"trap '{on_term}' TERM; touch /seen/{name}; while :; do sleep 0.05; done"

    hook = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(["sh", "-c", "echo main hook >>/seen/log"])))
    main = shell(ends("main", 0.5), volume_mounts=[mount], lifecycle=hook)
    sidecars = [
        shell(ends(name, 0.2), name, volume_mounts=[mount], restart_policy="Always") for name in ("first", "second")
    ]
    seen = Volume("seen", host_path=HostPathVolumeSource(str(tmp_path)))
    pod = node.running(main, init_containers=sidecars, volumes=[seen], termination_grace_period_seconds=60)
    eventually(lambda: all((tmp_path / name).exists() for name in ("main", "first", "second")))  # they heed the signal
    node.delete(pod)
    expected = ["main hook", "main term", "main end", "second term", "second end", "first term", "first end"]
    assert (tmp_path / "log").read_text().splitlines() == expected
    assert node.leaves_nothing(pod)


def test_a_changed_image_replaces_the_container(node: Node) -> None:
    pod = node.running()
    node.store.patch(
        Pod, pod.metadata.name, {"spec": {"containers": [{"name": "main", "image": "localhost/busybox:two"}]}}
    )
    again = node.wait(pod, restarted(1))
    assert main_of(again).image == "localhost/busybox:two"
    assert main_of(again).last_state.terminated.exit_code == 137
