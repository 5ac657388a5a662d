"""The kubelet on real Podman when its machine is short of something, and what holds Pods back before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import Node as NodeObject
from podkit.kubelet import kubelet
from podkit.kubelet.eviction import EvictionConfig
from tests.environment import Environment
from tests.podman.kubelet_node import Node, container_id, main_of, shell
from tests.podman.runtime_pods import eventually


@pytest.fixture
def short_node(podman_environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node that wants nearly all of its disk free, and so is always short of it, but does not look before it is told to."""
    monkeypatch.setattr(kubelet, "EVICTION_PERIOD", 3600.0)
    config = EvictionConfig(hard={"nodefs.available": "99.99999%"})
    node = Node(podman_environment, tmp_path / "node", eviction=config)
    yield node
    node.close()


def test_a_node_that_is_short_of_disk_evicts_its_pods(short_node: Node) -> None:
    node = short_node
    pod = node.running(shell("dd if=/dev/zero of=/big bs=1M count=1; echo written; exec sleep 3600"))
    eventually(lambda: any(b"written" in line.content for line in node.runtime.logs(container_id(pod))))
    node.kubelet._loop.enqueue(kubelet.EVICTION)
    pod = node.wait(pod, lambda pod: pod.status.phase == "Failed")
    assert pod.status.reason == "Evicted"
    assert pod.status.message.startswith("The node was low on resource: ephemeral-storage. Threshold quantity: ")
    assert "Container main was using 1" in pod.status.message
    [target] = [one for one in pod.status.conditions if one.type == "DisruptionTarget"]
    assert target.reason == "TerminationByKubelet"
    conditions = {one.type: one.status for one in node.store.get(NodeObject, "node-1").status.conditions}
    assert (conditions["DiskPressure"], conditions["MemoryPressure"]) == ("True", "False")
    late = node.create()
    late = node.wait(late, lambda pod: pod.status.phase == "Failed")
    assert late.status.message == "Pod was rejected: The node had condition: [DiskPressure]. "


FORKS = "for i in $(seq 60); do sleep 3600 & done; exec sleep 3600"


@pytest.mark.needs("limits_enforced")
def test_the_processes_of_a_pod_are_limited(podman_environment: Environment, tmp_path: Path) -> None:
    node = Node(podman_environment, tmp_path / "node", pod_pids_limit=30)
    try:
        pod = node.create(shell(FORKS), restart_policy="Never")
        pod = node.wait(pod, lambda pod: main_of(pod).state.terminated)
        assert main_of(pod).state.terminated.exit_code != 0
        assert any(b"can't fork" in line.content for line in node.runtime.logs(container_id(pod)))
    finally:
        node.close()
