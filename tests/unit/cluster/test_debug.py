"""Looking at a Pod with the tools of another image."""

from __future__ import annotations

import re

import pytest

from podkit import Cluster, Container, Pod, PodkitError, RuntimeClass, ValidationError, WaitTimeout
from podkit.cluster.pods import events_of
from podkit.cluster.target import refer

from .builders import once, shell

LOOP = ["sh", "-c", "echo polo; sleep 1000"]


@pytest.fixture
def pod(cluster: Cluster) -> Pod:
    return cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=60)


def test_a_container_runs_beside_the_pods_own(cluster: Cluster, pod: Pod) -> None:
    seen = cluster.debug(pod, "busybox", name="debugger", command=LOOP, stdin=True, tty=True)

    (container,) = seen.spec.ephemeral_containers
    assert (container.name, container.stdin, container.tty) == ("debugger", True, True)
    (status,) = seen.status.ephemeral_container_statuses
    assert status.state is not None
    assert status.state.running is not None
    assert (pod.metadata.generation, seen.metadata.generation) == (1, 2)
    assert seen.status.container_statuses == pod.status.container_statuses
    assert cluster.logs(pod, container="debugger") == "polo\n"
    assert cluster.exec(pod, ["echo", "marco"], container="debugger").stdout == "marco\n"


def test_it_has_a_name_of_its_own(cluster: Cluster, pod: Pod) -> None:
    cluster.debug("pod/web", "busybox", command=LOOP)
    seen = cluster.debug(Pod, "web", "busybox", command=LOOP)

    names = [container.name for container in seen.spec.ephemeral_containers]
    assert len(set(names)) == 2
    assert all(re.fullmatch("debugger-[a-z0-9]{5}", name) for name in names)


def test_one_that_ends_at_once_has_run(cluster: Cluster, pod: Pod) -> None:
    seen = cluster.debug(pod, "busybox", command=["sh", "-c", "exit 3"])

    state = seen.status.ephemeral_container_statuses[0].state
    assert state is not None
    assert state.terminated is not None
    assert state.terminated.exit_code == 3
    assert cluster.wait(pod, "Ready", timeout=60).status.phase == "Running"


def test_an_image_that_does_not_exist_is_not_waited_for(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(WaitTimeout, match="container debugger: ErrImagePull") as caught:
        cluster.debug(pod, "busybxo", name="debugger")

    assert caught.value.hopeless


def test_neither_is_a_command_that_does_not_exist(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(WaitTimeout, match="StartError") as caught:
        cluster.debug(pod, "busybox", command=["nonesuch"])

    assert caught.value.hopeless


def test_its_target_must_be_a_container_of_the_pod(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(ValidationError, match="targetContainerName"):
        cluster.debug(pod, "busybox", target="other")


def test_its_target_must_run(cluster: Cluster) -> None:
    ended = Container("ended", image="busybox", command=["true"])
    running = Container("main", image="busybox", command=["sleep", "1000"])
    pod = cluster.create(Pod.new("two", containers=[ended, running], restart_policy="Never"))
    cluster.wait(pod, lambda pod: any(c.state and c.state.terminated for c in pod.status.container_statuses))

    with pytest.raises(WaitTimeout, match='unable to find target container "ended"'):
        cluster.debug(pod, "busybox", target="ended")


def test_a_name_that_is_taken_is_refused(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(PodkitError, match="has a container 'main' already"):
        cluster.debug(pod, "busybox", name="main")


def test_a_pod_that_has_ended_is_refused(cluster: Cluster) -> None:
    ended = cluster.run(once("ended", "true"))

    with pytest.raises(PodkitError, match="has ended"):
        cluster.debug(ended, "busybox")
    assert cluster.get(ended).spec.ephemeral_containers == []


def test_only_pods_can_be_debugged(cluster: Cluster) -> None:
    with pytest.raises(PodkitError, match="no Pod"):
        cluster.debug("job/sums", "busybox")


def test_a_pod_runs_under_the_runtime_of_its_class(cluster: Cluster) -> None:
    (default, *others) = [handler.name for handler in cluster.get("node", "node-1").status.runtime_handlers]
    cluster.create(RuntimeClass.new("mine", others[0]))

    pod = cluster.create(shell("classy", "sleep 1000", runtime_class_name="mine"))

    assert default == ""
    assert cluster.wait(pod, "Ready", timeout=60).spec.overhead == {}


def test_a_runtime_that_the_node_has_not_is_said(cluster: Cluster) -> None:
    cluster.create(RuntimeClass.new("vm", "kata"))
    pod = cluster.create(shell("classy", "sleep 1000", runtime_class_name="vm"))

    with pytest.raises(WaitTimeout):
        cluster.wait(pod, "Ready", timeout=5)

    told = {event.reason: event.message or "" for event in events_of(cluster.store, refer(pod))}
    assert 'no runtime for "kata"' in told["FailedCreatePodSandBox"]
    assert "this node has crun" in told["FailedCreatePodSandBox"]
