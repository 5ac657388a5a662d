"""Cordoning and draining nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podkit import (
    Cluster,
    Deployment,
    EmptyDirVolumeSource,
    Node,
    NotFound,
    OwnerReference,
    Pod,
    PodkitError,
    RuntimeUnavailable,
    VirtualClock,
    Volume,
    WaitTimeout,
)
from podkit.cluster.drain import DrainOptions, plan_drain
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.cluster.builders import once, shell
from tests.unit.cluster.conftest import BUSYBOX

ON_A = {"kubernetes.io/hostname": "a"}
SLEEP = "sleep 99999"


@pytest.fixture
def runtimes(clock: VirtualClock) -> dict[str, SimulatedRuntime]:
    return {name: SimulatedRuntime(clock, images=Images(remote=[BUSYBOX])) for name in ("a", "b")}


@pytest.fixture
def cluster(runtimes: dict[str, SimulatedRuntime], clock: VirtualClock, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(nodes=runtimes, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        yield cluster


class TestPlan:
    def pod(self, name: str, owner: str | None = None, **spec: Any) -> Pod:
        pod = shell(name, SLEEP, **spec)
        pod.metadata.namespace = "default"
        if owner:
            kind, uid = owner.split("/")
            pod.metadata.owner_references = [OwnerReference("apps/v1", kind, "x", uid, controller=True)]
        return pod

    def names(self, pod: Pod, **options: bool) -> list[str | None]:
        plan = plan_drain([pod], {"there"}, DrainOptions(**options))
        return list(plan.refusals) or [found.metadata.name for found in plan.leaving]

    def test_pods_of_a_controller_leave(self):
        assert self.names(self.pod("web", "ReplicaSet/1")) == ["web"]

    def test_pods_that_nobody_replaces_leave_by_force_only(self):
        refusal = "cannot delete Pods that declare no controller (use force=True to override)"
        assert self.names(self.pod("web")) == [refusal]
        assert self.names(self.pod("web"), force=True) == ["web"]

    def test_pods_with_data_leave_when_it_may_be_lost(self):
        pod = self.pod("web", "ReplicaSet/1", volumes=[Volume("data", empty_dir=EmptyDirVolumeSource())])
        refusal = "cannot delete Pods with local storage (use delete_emptydir_data=True to override)"
        assert self.names(pod, force=True) == [refusal]
        assert self.names(pod, delete_emptydir_data=True) == ["web"]

    def test_pods_of_a_daemon_set_stay(self):
        refusal = "cannot delete DaemonSet-managed Pods (use ignore_daemonsets=True to ignore)"
        assert self.names(self.pod("agent", "DaemonSet/there"), force=True) == [refusal]
        assert self.names(self.pod("agent", "DaemonSet/there"), ignore_daemonsets=True) == []

    def test_unless_it_does_not_exist_any_more(self):
        refusal = "cannot delete Pods whose DaemonSet does not exist (use force=True to override)"
        assert self.names(self.pod("agent", "DaemonSet/gone"), ignore_daemonsets=True) == [refusal]
        assert self.names(self.pod("agent", "DaemonSet/gone"), force=True) == ["agent"]

    def test_pods_that_have_ended_are_removed_whatever_they_are(self):
        pod = self.pod("job", volumes=[Volume("data", empty_dir=EmptyDirVolumeSource())])
        pod.status.phase = "Succeeded"
        assert self.names(pod) == ["job"]

    def test_mirror_pods_stay(self):
        pod = self.pod("static-a")
        pod.metadata.annotations["kubernetes.io/config.mirror"] = "1"
        assert self.names(pod) == []


def test_a_cordoned_node_gets_no_new_pods(cluster: Cluster) -> None:
    before = cluster.wait(cluster.create(shell("before", SLEEP, node_selector=ON_A)), "Ready")
    assert cluster.cordon("a").spec.unschedulable is True
    pods = cluster.wait([cluster.create(shell(f"p{number}", SLEEP)) for number in range(3)], "Ready")
    assert {pod.spec.node_name for pod in pods} == {"b"}
    assert cluster.get(before).metadata.deletion_timestamp is None
    waiting = cluster.create(shell("waiting", SLEEP, node_selector=ON_A))
    cluster.wait(waiting, "PodScheduled=False")
    assert cluster.get(Node, "a").spec.taints[0].key == "node.kubernetes.io/unschedulable"
    assert not cluster.uncordon(Node, "a").spec.unschedulable
    cluster.wait(waiting, "Ready")
    assert cluster.get(Node, "a").spec.taints == []


def test_the_pods_of_a_drained_node_move(cluster: Cluster) -> None:
    web = cluster.create(Deployment.new("web", containers=shell("x", SLEEP).spec.containers, replicas=4))
    cluster.wait(web, "Available")
    gone = cluster.drain("node/a", timeout=60)
    assert len(gone) == 2
    assert {pod.spec.node_name for pod in gone} == {"a"}
    cluster.wait(web, "status.availableReplicas=4", timeout=60)
    assert {pod.spec.node_name for pod in cluster.list(Pod)} == {"b"}
    assert cluster.drain(cluster.get(Node, "a")) == []


def test_a_drain_that_would_lose_something_says_what_and_does_nothing_else(cluster: Cluster) -> None:
    data = [Volume("data", empty_dir=EmptyDirVolumeSource())]
    cluster.wait(cluster.create(shell("bare", SLEEP, node_selector=ON_A)), "Ready")
    cluster.wait(cluster.create(shell("data", SLEEP, node_selector=ON_A, volumes=data)), "Ready")
    with pytest.raises(PodkitError) as error:
        cluster.drain("a")
    assert str(error.value) == (
        "unable to drain node 'a': "
        "cannot delete Pods that declare no controller (use force=True to override): default/bare; "
        "cannot delete Pods with local storage (use delete_emptydir_data=True to override): default/data"
    )
    assert cluster.get(Node, "a").spec.unschedulable is True
    assert all(pod.metadata.deletion_timestamp is None for pod in cluster.list(Pod))
    cluster.drain("a", force=True, delete_emptydir_data=True, timeout=60)
    assert cluster.list(Pod) == []


def test_a_drain_evicts_with_the_grace_that_is_given_and_waits_no_longer_than_it_may(cluster: Cluster) -> None:
    stubborn = cluster.create(shell("stubborn", "trap '' TERM; sleep 99999", node_selector=ON_A))
    cluster.wait(stubborn, "Ready")
    with pytest.raises(WaitTimeout):
        cluster.drain("a", force=True, grace_period=200, timeout=100)
    ending = cluster.get(stubborn)
    assert ending.metadata.deletion_grace_period_seconds == 200
    (condition,) = [found for found in ending.status.conditions if found.type == "DisruptionTarget"]
    assert condition.reason == "EvictionByEvictionAPI"
    cluster.delete(stubborn, grace_period=0)


def test_only_the_selected_pods_leave(cluster: Cluster) -> None:
    for name in ("stays", "goes"):
        cluster.wait(cluster.create(once(name, SLEEP, node_selector=ON_A, labels={"name": name})), "Ready")
    cluster.drain("a", force=True, labels="name=goes", timeout=60)
    assert [pod.metadata.name for pod in cluster.list(Pod)] == ["stays"]


def test_what_is_no_node_cannot_be_cordoned(cluster: Cluster) -> None:
    with pytest.raises(NotFound):
        cluster.cordon("c")
    with pytest.raises(PodkitError, match="Pod default/a is no node"):
        cluster.cordon("pod/a")


# --- a node that comes late


def test_a_node_that_is_away_at_the_start_is_waited_for(
    runtimes: dict[str, SimulatedRuntime], clock: VirtualClock, tmp_path: Path
) -> None:
    away = runtimes["a"].faults.unavailable()
    away.__enter__()
    with Cluster(nodes=runtimes, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        cluster.wait(cluster.create(shell("web", SLEEP)), "Ready", timeout=30)
        waiting = cluster.create(shell("waiting", SLEEP, node_selector=ON_A))
        cluster.wait(waiting, "PodScheduled=False")
        away.__exit__(None, None, None)
        assert cluster.wait(waiting, "Ready", timeout=30).spec.node_name == "a"
        assert len(cluster.list(Node)) == 2
    assert [runtime.sandboxes({}) for runtime in runtimes.values()] == [[], []]


def test_a_cluster_all_of_whose_nodes_are_away_is_none(
    runtimes: dict[str, SimulatedRuntime], clock: VirtualClock, tmp_path: Path
) -> None:
    with (
        runtimes["a"].faults.unavailable(),
        runtimes["b"].faults.unavailable(),
        pytest.raises(RuntimeUnavailable),
    ):
        Cluster(nodes=runtimes, clock=clock, root_dir=tmp_path / "nodes")
