"""Several nodes, on a virtual clock: one is lost, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import Cluster, Deployment, Node, Pod, ReplicaSet, Toleration, VirtualClock, WaitTimeout
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.cluster.builders import shell
from tests.unit.cluster.conftest import BUSYBOX

NAMES = ("a", "b")


@pytest.fixture
def runtimes(clock: VirtualClock) -> dict[str, SimulatedRuntime]:
    return {name: SimulatedRuntime(clock, images=Images(remote=[BUSYBOX])) for name in NAMES}


@pytest.fixture
def cluster(runtimes: dict[str, SimulatedRuntime], clock: VirtualClock, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(nodes=runtimes, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        yield cluster


def pass_time(cluster: Cluster, seconds: float) -> None:
    """Let time pass."""
    with pytest.raises(WaitTimeout):
        cluster.wait(cluster.list(Node)[0], lambda _: False, timeout=seconds)


def state(node: Node) -> str:
    return next(found.status for found in node.status.conditions if found.type == "Ready")


def is_ready(pod: Pod) -> bool:
    return any(found.type == "Ready" and found.status == "True" for found in pod.status.conditions)


def test_pods_of_a_lost_node_run_elsewhere_and_are_removed_when_it_is_back(
    cluster: Cluster, runtimes: dict[str, SimulatedRuntime]
) -> None:
    web = cluster.create(Deployment.new("web", containers=shell("x", "sleep 99999").spec.containers, replicas=4))
    cluster.wait(web, "Available")
    assert {pod.spec.node_name for pod in cluster.list(Pod)} == {"a", "b"}
    with runtimes["a"].faults.unavailable():
        cluster.wait("node/a", "Ready=Unknown", timeout=70)
        assert {is_ready(pod) for pod in cluster.list(Pod) if pod.spec.node_name == "a"} == {False}
        assert {is_ready(pod) for pod in cluster.list(Pod) if pod.spec.node_name == "b"} == {True}
        lost = [pod for pod in cluster.list(Pod) if pod.spec.node_name == "a"]
        assert len(lost) == 2
        cluster.wait(lost, lambda pod: pod.metadata.deletion_timestamp is not None, timeout=310)
        cluster.wait(web, "status.readyReplicas=4", timeout=30)
        pass_time(cluster, 1000)
        remaining = [pod for pod in cluster.list(Pod) if pod.spec.node_name == "a"]
        assert [is_ready(pod) for pod in remaining] == [False, False]
    cluster.wait("node/a", "Ready", timeout=60)
    for pod in lost:
        cluster.wait(pod, "deleted", timeout=60)
    assert runtimes["a"].sandboxes({}) == []
    assert cluster.get(Node, "a").spec.taints == []
    assert {pod.spec.node_name for pod in cluster.list(Pod)} == {"b"}


def test_pods_of_a_node_that_was_away_for_a_short_time_are_ready_again(
    cluster: Cluster, runtimes: dict[str, SimulatedRuntime]
) -> None:
    pods = [cluster.create(shell(f"p{number}", "sleep 99999")) for number in range(2)]
    before = {pod.metadata.name: pod for pod in cluster.wait(pods, "Ready")}
    with runtimes["a"].faults.unavailable():
        cluster.wait("node/a", "Ready=Unknown", timeout=70)
        (lost,) = [pod for pod in cluster.list(Pod) if pod.spec.node_name == "a"]
        cluster.wait(lost, "Ready=False", timeout=5)
    cluster.wait(lost, "Ready", timeout=60)
    after = {pod.metadata.name: pod for pod in cluster.list(Pod)}
    for name, pod in before.items():
        assert after[name].metadata.uid == pod.metadata.uid
        assert [c.restart_count for c in after[name].status.container_statuses] == [0]
        assert after[name].status.container_statuses[0].container_id == pod.status.container_statuses[0].container_id


def test_new_pods_go_to_the_nodes_that_are_left(cluster: Cluster, runtimes: dict[str, SimulatedRuntime]) -> None:
    with runtimes["b"].faults.unavailable():
        cluster.wait("node/b", "Ready=Unknown", timeout=70)
        pods = cluster.wait([cluster.create(shell(f"p{n}", "sleep 99999")) for n in range(3)], "Ready", timeout=30)
        assert {pod.spec.node_name for pod in pods} == {"a"}


def test_one_that_does_not_want_to_wait_goes_sooner(cluster: Cluster, runtimes: dict[str, SimulatedRuntime]) -> None:
    impatient = Toleration("node.kubernetes.io/unreachable", "Exists", effect="NoExecute", toleration_seconds=5)
    containers = shell("x", "sleep 99999").spec.containers
    kept = cluster.create(ReplicaSet.new("kept", containers=containers, replicas=1, tolerations=[impatient]))
    cluster.wait(kept, "status.readyReplicas=1")
    (pod,) = cluster.list(Pod)
    with runtimes[pod.spec.node_name].faults.unavailable():
        cluster.wait(kept, lambda _: len(cluster.list(Pod)) == 2, timeout=90)
        cluster.wait(kept, "status.readyReplicas=1", timeout=30)


def test_a_long_silence_of_the_whole_process_harms_nobody(cluster: Cluster, clock: VirtualClock) -> None:
    pods = cluster.wait([cluster.create(shell(f"p{n}", "sleep 99999999")) for n in range(2)], "Ready")
    clock.advance(3600)
    pass_time(cluster, 100)
    assert [state(node) for node in cluster.list(Node)] == ["True", "True"]
    assert [pod.metadata.uid for pod in cluster.list(Pod)] == [pod.metadata.uid for pod in pods]
    assert cluster.events("node/a") == []


def test_a_node_keeps_what_others_say_that_it_has(cluster: Cluster) -> None:
    cluster.patch("node/a", {"status": {"capacity": {"example.com/dongle": "3"}}}, subresource="status")
    node = cluster.wait("node/a", lambda node: "example.com/dongle" in node.status.allocatable, timeout=15)
    assert node.status.allocatable["example.com/dongle"] == "3"
    pass_time(cluster, 60)
    assert cluster.get(Node, "a").status.capacity["example.com/dongle"] == "3"
