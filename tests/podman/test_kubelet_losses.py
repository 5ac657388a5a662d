"""The kubelet on real Podman when something is taken away from it: a process, a container, a pod, Podman, or itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.model import (
    ContainerRestartRule,
    ContainerRestartRuleOnExitCodes,
    EmptyDirVolumeSource,
    ObjectMeta,
    Service,
    ServiceSpec,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import NODE_ROOT
from tests.environment import Environment
from tests.podman.kubelet_node import PATIENCE, Node, container_id, killed, main_of, restarted, runs, shell, waits_for
from tests.podman.runtime_pods import eventually

SHARED = Volume("shared", empty_dir=EmptyDirVolumeSource())
MOUNT = VolumeMount("shared", "/shared")


@pytest.fixture
def node(podman_environment: Environment, tmp_path: Path) -> Iterator[Node]:
    node = Node(podman_environment, tmp_path / "node")
    yield node
    node.close()


def test_a_new_kubelet_adopts_what_runs(node: Node) -> None:
    pod = node.running()
    node.restart_kubelet()
    other = node.running()
    assert main_of(node.get(pod)) == main_of(pod)
    node.delete(pod)
    node.delete(other)


def test_a_new_kubelet_goes_on_counting_restarts(node: Node) -> None:
    pod = node.running()
    killed(node.pid(pod))
    pod = node.wait(pod, restarted(1))
    node.restart_kubelet()
    killed(node.pid(pod))
    pod = node.wait(pod, lambda pod: main_of(pod).restart_count == 2 or waits_for("CrashLoopBackOff")(pod))
    assert main_of(pod).last_state.terminated.exit_code == 137


def test_what_ended_while_there_was_no_kubelet_is_restarted(node: Node) -> None:
    pod = node.running()
    node.restart_kubelet(between=lambda: killed(node.pid(pod)))
    assert main_of(node.wait(pod, restarted(1))).last_state.terminated.exit_code == 137


def test_what_is_not_wanted_any_more_when_the_kubelet_comes_back_is_removed(node: Node) -> None:
    pod = node.running()
    node.restart_kubelet(between=lambda: node.store.delete("pods", pod.metadata.name, grace_period=0))
    node.running()
    for _ in range(200):
        if not node.remains(pod):
            break
        node.kubelet.sync_once()
    assert node.leaves_nothing(pod)


def test_a_process_that_is_killed_is_restarted_in_a_fresh_container(node: Node) -> None:
    pod = node.running(shell("touch /tmp/$(hostname); exec sleep 3600"))
    killed(node.pid(pod))
    again = node.wait(pod, restarted(1))
    assert container_id(again) != container_id(pod)
    assert main_of(again).last_state.terminated.exit_code == 137
    assert again.status.pod_ip == pod.status.pod_ip
    assert again.metadata.uid == pod.metadata.uid


def test_a_container_that_is_removed_is_made_again(node: Node) -> None:
    pod = node.running()
    node.podman("rm", "--force", "--time=0", container_id(pod))
    again = node.wait(pod, lambda now: runs(now) and container_id(now) != container_id(pod))
    assert main_of(again).restart_count == 1
    assert again.status.pod_ip == pod.status.pod_ip


def test_a_sandbox_that_dies_is_replaced_and_initialisation_starts_over(node: Node) -> None:
    init = shell("echo x >>/shared/list", "init", volume_mounts=[MOUNT])
    main = shell("cat /shared/list; exec sleep 3600", volume_mounts=[MOUNT])
    pod = node.running(main, init_containers=[init], volumes=[SHARED])
    killed(node.infra_pid(pod))
    again = node.wait(pod, lambda now: runs(now) and container_id(now) != container_id(pod))
    assert again.status.pod_ip != pod.status.pod_ip
    (done,) = again.status.init_container_statuses
    assert (done.state.terminated.exit_code, done.restart_count) == (0, 1)

    def log() -> bytes:
        return b"".join(entry.content for entry in node.runtime.logs(container_id(again)))

    eventually(lambda: log() == b"x\nx\n")  # the volume is the same, and the init container ran twice


def test_a_pod_that_is_removed_is_made_again(node: Node) -> None:
    pod = node.running()
    node.podman("pod", "rm", "--force", "--time=0", node.engine_pod(pod))
    again = node.wait(pod, lambda now: runs(now) and container_id(now) != container_id(pod))
    assert main_of(again).restart_count == 1
    assert again.metadata.uid == pod.metadata.uid


def test_a_pod_that_never_restarts_and_is_removed_has_failed(node: Node) -> None:
    pod = node.running(restart_policy="Never")
    node.podman("pod", "rm", "--force", "--time=0", node.engine_pod(pod))
    node.wait(pod, lambda now: now.status.phase == "Failed")


def test_a_podman_that_dies_is_started_again_and_nothing_else_changes(node: Node) -> None:
    pod = node.running()
    node.kill_service()
    other = node.running()
    assert main_of(node.get(pod)) == main_of(pod)
    node.delete(pod)
    node.delete(other)


def test_a_process_that_dies_with_its_podman_is_restarted(node: Node) -> None:
    pod = node.running()
    pid = node.pid(pod)
    node.kill_service()
    killed(pid)
    node.wait(pod, restarted(1))


def test_eviction_leaves_nothing(podman_environment: Environment, tmp_path: Path) -> None:
    root = tmp_path / "node"
    node = Node(podman_environment, root)
    memory = Volume("shared", empty_dir=EmptyDirVolumeSource("Memory"))
    pods = [node.running(), node.running(shell("exec sleep 3600", volume_mounts=[MOUNT]), volumes=[memory])]
    crashing = node.create(shell("exit 1"))
    node.wait(crashing, lambda pod: main_of(pod).restart_count == 1)
    node.close()
    assert [thing for pod in [*pods, crashing] for thing in node.remains(pod)] == []
    assert node.podman("ps", "-aq", "--filter", f"label={NODE_ROOT}={root}") == ""
    assert list((root / "pods").iterdir()) == []


def test_a_rule_starts_all_containers_over_in_the_same_sandbox(node: Node) -> None:
    exits = ContainerRestartRuleOnExitCodes(operator="In", values=[88])
    rule = ContainerRestartRule(action="RestartAllContainers", exit_codes=exits)
    script = "[ -e /shared/mark ] && exec sleep 3600; sleep 0.5; touch /shared/mark; exit 88"
    watcher = shell(script, "watcher", restart_policy="Never", restart_policy_rules=[rule], volume_mounts=[MOUNT])
    pod = node.running(shell("exec sleep 3600"), watcher, restart_policy="Never", volumes=[SHARED])
    engine_pod, address = node.engine_pod(pod), pod.status.pod_ip
    pod = node.wait(
        pod, lambda pod: runs(pod) and [one.restart_count for one in pod.status.container_statuses] == [1, 1]
    )
    assert (node.engine_pod(pod), pod.status.pod_ip) == (engine_pod, address)
    assert pod.status.container_statuses[0].last_state.terminated.reason == "RestartingAllContainers"


def test_names_resolve_again_in_a_pod_that_a_new_kubelet_has_found(node: Node) -> None:
    node.store.create(
        Service(metadata=ObjectMeta(name="web"), spec=ServiceSpec(cluster_ip="None", selector={"a": "b"}))
    )
    pod = node.running()
    node.restart_kubelet()
    node.running()

    def resolves() -> bool:
        done = node.runtime.exec(container_id(pod), ["nslookup", "web.default.svc.cluster.local"], timeout=PATIENCE)
        return b"127.0.0.10" in done.stdout and b"refused" not in done.stdout + done.stderr

    eventually(resolves)
