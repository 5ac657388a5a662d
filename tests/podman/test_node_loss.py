"""A node is lost, and comes back: two engines of their own, of which one falls silent or dies while its containers run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    Deployment,
    HostPathVolumeSource,
    Node,
    Pod,
    PodmanRuntime,
    StatefulSet,
    Toleration,
    Volume,
)
from podkit.controllers import node_lifecycle
from podkit.kubelet import kubelet
from tests.conformance.build import SLEEP, from_field, shell
from tests.conformance.place import eventually
from tests.environment import Environment
from tests.podman.second_machine import SecondMachine, second_machine

PATIENCE = 60.0
GRACE = 8.0
"""Seconds of silence after which a node is given up here, while it is lost; a cluster has more patience."""
NOT_LONG = [
    Toleration(f"node.kubernetes.io/{taint}", "Exists", effect="NoExecute", toleration_seconds=1)
    for taint in ("unreachable", "not-ready")
]
"""What Pods have that are to go from a lost node after a second, rather than after five minutes."""
BEATS = "while :; do echo $UID_ >>/beats/$(hostname); sleep 0.05; done"


@pytest.fixture
def machine(podman_environment: Environment) -> Iterator[SecondMachine]:
    with second_machine(podman_environment) as machine:
        yield machine


@pytest.fixture
def cluster(machine: SecondMachine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster with the node ``a``, and with ``b`` on the second machine."""
    monkeypatch.setattr(kubelet, "RELIST_PERIOD", 1.0)
    monkeypatch.setattr(kubelet, "HEARTBEAT_PERIOD", 1.0)
    with closing(PodmanRuntime()) as one, closing(machine.runtime()) as other:
        cluster = Cluster(nodes={"a": one, "b": other})
        try:
            yield cluster
        finally:
            machine.wake()
            cluster.close()


def web() -> Deployment:
    return Deployment.new(
        "web", replicas=2, containers=[shell(SLEEP)], tolerations=NOT_LONG, termination_grace_period_seconds=1
    )


def db(beats: Path) -> StatefulSet:
    """A StatefulSet each of whose Pods writes down, again and again, that it runs."""
    beating = shell(BEATS, env=[from_field("UID_", "metadata.uid")], mounts={"beats": "/beats"})
    return StatefulSet.new(
        "db",
        replicas=1,
        containers=[beating],
        volumes=[Volume("beats", host_path=HostPathVolumeSource(path=str(beats)))],
        tolerations=NOT_LONG,
        termination_grace_period_seconds=1,
    )


def taints(cluster: Cluster) -> set[tuple[str, str]]:
    return {
        (taint.key.removeprefix("node.kubernetes.io/"), taint.effect) for taint in cluster.get(Node, "b").spec.taints
    }


@pytest.mark.timeout(240)
@pytest.mark.parametrize("loss", ["silent", "dead"])
def test_what_ran_on_a_lost_node_runs_elsewhere_and_never_twice(
    cluster: Cluster, machine: SecondMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    cluster.cordon("a")
    made = cluster.create(web()), cluster.create(db(tmp_path))
    cluster.wait(made[0], "Available", timeout=PATIENCE)
    first = cluster.wait("pod/db-0", "Ready", timeout=PATIENCE)
    lost = cluster.list(Pod, labels="app=web")
    assert {pod.spec.node_name for pod in [*lost, first]} == {"b"}
    cluster.uncordon("a")

    with monkeypatch.context() as impatient:
        impatient.setattr(node_lifecycle.health, "GRACE", GRACE)
        machine.silence() if loss == "silent" else machine.kill()
        cluster.wait("node/b", "Ready=Unknown", timeout=PATIENCE)
    cluster.wait(lost, lambda pod: pod.metadata.deletion_timestamp is not None, timeout=PATIENCE)
    assert taints(cluster) == {("unreachable", "NoSchedule"), ("unreachable", "NoExecute")}
    cluster.wait(made[0], "status.readyReplicas=2", timeout=PATIENCE)
    ready = [pod for pod in cluster.list(Pod, labels="app=web") if pod.metadata.deletion_timestamp is None]
    assert [pod.spec.node_name for pod in ready] == ["a", "a"]
    waits = cluster.wait(first, lambda pod: pod.metadata.deletion_timestamp is not None, timeout=PATIENCE)
    assert waits.metadata.uid == first.metadata.uid, (
        "as long as nobody knows whether it still runs, nothing replaces it"
    )

    machine.wake() if loss == "silent" else machine.start()
    cluster.wait("node/b", "Ready", timeout=PATIENCE)
    cluster.wait([*lost, first], "deleted", timeout=PATIENCE)
    cluster.wait("node/b", lambda node: not node.spec.taints, timeout=PATIENCE)
    eventually(lambda: cluster.list(Pod, labels="app=db") != [], "there is another Pod of that identity")
    second = cluster.wait("pod/db-0", "Ready", timeout=PATIENCE)
    assert second.metadata.uid != first.metadata.uid
    eventually(lambda: second.metadata.uid in (tmp_path / "db-0").read_text(), "the other Pod is heard of")
    beats = (tmp_path / "db-0").read_text().split()
    assert [uid for uid, _ in groupby(beats)] == [first.metadata.uid, second.metadata.uid]
    names = {pod.metadata.name for pod in cluster.list(Pod) if pod.spec.node_name == "b"}
    assert {name.split("_")[0] for name in machine.pods()} == names
    assert cluster.list(Pod, labels="app=web") == cluster.list(Pod, labels="app=web", fields="spec.nodeName=a")
