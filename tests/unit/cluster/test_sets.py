"""StatefulSets and DaemonSets, as a user of a cluster sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    Container,
    DaemonSet,
    Node,
    Pod,
    PodkitError,
    ReplicaSet,
    StatefulSet,
    StatefulSetUpdateStrategy,
    VirtualClock,
    WaitTimeout,
)
from podkit.runtime.simulated import Images, SimulatedRuntime

QUICK_END = {"termination_grace_period_seconds": 0}


def database(script: str = "echo one; sleep 100000", replicas: int = 2, **options) -> StatefulSet:
    main = Container("main", image="busybox", command=["sh", "-c", script])
    return StatefulSet.new("db", containers=[main], replicas=replicas, service_name="db", **QUICK_END, **options)


def run(script: str) -> dict:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "command": ["sh", "-c", script]}]}}}}


def logs(cluster: Cluster) -> list[str]:
    return [cluster.logs(pod) for pod in cluster.list(Pod)]


def test_all_pods_of_a_set_can_be_waited_for(cluster: Cluster) -> None:
    made = cluster.wait(cluster.create(database()), "Ready", timeout=60)
    assert made.status.ready_replicas == 2
    cluster.scale(made, 3)
    assert cluster.wait(made, "Available", timeout=60).status.available_replicas == 3
    cluster.scale(made, 1)
    cluster.wait(made, "condition=Ready", timeout=60)
    assert [pod.metadata.name for pod in cluster.list(Pod)] == ["db-0"]


def test_the_same_words_serve_for_replica_sets(cluster: Cluster) -> None:
    main = Container("main", image="busybox", command=["sleep", "100000"])
    made = cluster.wait(cluster.create(ReplicaSet.new("web", containers=[main], replicas=2)), "Ready", timeout=60)
    assert made.status.ready_replicas == 2


def test_a_wait_for_pods_that_cannot_start_says_why(cluster: Cluster) -> None:
    made = database()
    made.spec.template.spec.containers[0].image = "busybox:no-such-tag"
    with pytest.raises(WaitTimeout, match="all Pods to be ready") as caught:
        cluster.wait(cluster.create(made), "Ready", timeout=60)
    assert caught.value.hopeless


def test_a_stateful_set_rolls_and_goes_back(cluster: Cluster) -> None:
    made = cluster.create(database())
    rollout = cluster.rollout(made)
    assert str(rollout.status()) == "Waiting for statefulset spec update to be observed..." or not rollout.status().done
    rollout.wait(timeout=60)
    cluster.patch(made, run("echo two; sleep 100000"))
    made = rollout.wait(timeout=60)
    assert logs(cluster) == ["two\n", "two\n"]
    revision = made.status.current_revision
    assert str(rollout.status()) == f"statefulset rolling update complete 2 pods at revision {revision}..."
    rollout.undo()
    rollout.wait(timeout=60)
    assert logs(cluster) == ["one\n", "one\n"]
    assert [one.revision for one in rollout.history()] == [2, 3]
    before = [pod.metadata.uid for pod in cluster.list(Pod)]
    rollout.restart()
    rollout.wait(timeout=60)
    assert not {pod.metadata.uid for pod in cluster.list(Pod)} & set(before)
    rollout.undo(2)
    rollout.wait(timeout=60)
    assert logs(cluster) == ["two\n", "two\n"]


def test_a_pod_of_a_set_can_be_waited_for_by_its_name_while_it_is_made_anew(cluster: Cluster) -> None:
    made = cluster.wait(cluster.create(database()), "Ready", timeout=60)
    before = cluster.get(Pod, "db-1")
    cluster.patch(made, run("echo two; sleep 100000"))
    after = cluster.wait("pod/db-1", lambda pod: pod.spec.containers[0].command[2].startswith("echo two"), timeout=60)
    assert after.metadata.uid != before.metadata.uid
    cluster.patch(made, run("echo three; sleep 100000"))
    with pytest.raises(WaitTimeout, match="it has been deleted"):
        cluster.wait(after, lambda pod: pod.spec.containers[0].command[2].startswith("echo three"), timeout=60)


def test_a_set_that_is_updated_on_delete_has_no_rollout(cluster: Cluster) -> None:
    made = cluster.create(database(replicas=1))
    made.spec.update_strategy = StatefulSetUpdateStrategy("OnDelete")
    cluster.update(made)
    with pytest.raises(PodkitError, match="OnDelete"):
        cluster.rollout(made).status()


def test_a_set_is_described_with_its_numbers(cluster: Cluster) -> None:
    made = cluster.wait(cluster.create(database()), "Ready", timeout=60)
    text = cluster.describe(made)
    assert "Replicas:" in text and "2 desired" in text  # noqa: PT018
    assert "Update Strategy:" in text
    assert "create Pod db-1 in StatefulSet db successful" in text


def test_what_a_set_has_made_goes_with_it(cluster: Cluster) -> None:
    made = cluster.wait(cluster.create(database()), "Ready", timeout=60)
    pods = cluster.list(Pod)
    cluster.delete(made)
    cluster.wait(pods, "deleted", timeout=60)
    assert cluster.list("controllerrevisions") == []


# DaemonSets


@pytest.fixture
def nodes(clock: VirtualClock, images: Images, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of three nodes."""
    engines = {name: SimulatedRuntime(clock, images=images) for name in ("a", "b", "c")}
    with Cluster(nodes=engines, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        yield cluster


def agent(script: str = "echo one; sleep 100000", **options) -> DaemonSet:
    main = Container("main", image="busybox", command=["sh", "-c", script])
    return DaemonSet.new("agent", containers=[main], **QUICK_END, **options)


def where(cluster: Cluster) -> list[str | None]:
    return sorted(pod.spec.node_name for pod in cluster.list(Pod))


def test_every_node_has_a_pod_of_a_daemon_set(nodes: Cluster) -> None:
    made = nodes.wait(nodes.create(agent()), "Ready", timeout=60)
    assert where(nodes) == ["a", "b", "c"]
    assert (made.status.desired_number_scheduled, made.status.number_ready) == (3, 3)
    assert "create" not in nodes.describe(made)
    assert "Created pod: agent-" in nodes.describe(made)


def test_labels_of_nodes_say_which_have_one(nodes: Cluster) -> None:
    made = nodes.create(agent(node_selector={"color": "blue"}))
    nodes.wait(made, lambda one: one.status.observed_generation == 1)
    assert where(nodes) == []
    nodes.patch(Node, "b", {"metadata": {"labels": {"color": "blue"}}})
    nodes.wait(made, "status.numberReady=1", timeout=60)
    assert where(nodes) == ["b"]
    nodes.patch(Node, "b", {"metadata": {"labels": {"color": "green"}}})
    nodes.wait(made, "status.desiredNumberScheduled=0", timeout=60)
    nodes.wait(nodes.list(Pod), "deleted", timeout=60)
    nodes.patch(made, {"spec": {"template": {"spec": {"nodeSelector": {"color": "green"}}}}})
    nodes.wait(made, "status.numberReady=1", timeout=60)
    assert where(nodes) == ["b"]


def test_a_daemon_set_rolls_and_goes_back(nodes: Cluster) -> None:
    made = nodes.create(agent())
    rollout = nodes.rollout(made)
    rollout.wait(timeout=60)
    nodes.patch(made, run("echo two; sleep 100000"))
    assert not rollout.status().done
    rollout.wait(timeout=60)
    assert logs(nodes) == ["two\n"] * 3
    assert str(rollout.status()) == 'daemon set "agent" successfully rolled out'
    rollout.undo()
    rollout.wait(timeout=60)
    assert logs(nodes) == ["one\n"] * 3
    assert [one.revision for one in rollout.history()] == [2, 3]
    before = {pod.metadata.uid for pod in nodes.list(Pod)}
    rollout.restart()
    rollout.wait(timeout=60)
    assert not {pod.metadata.uid for pod in nodes.list(Pod)} & before
