"""A node that is short of something is no place for replacements: nobody makes Pods that it refuses, over and over."""

from __future__ import annotations

import pytest

from podkit import Cluster, Deployment, EvictionConfig, Node, Pod, SimulatedRuntime, VirtualClock, WaitTimeout
from podkit.model import Container
from podkit.runtime.base import MachineStats

MEBIBYTE = 1 << 20


def test_what_was_evicted_is_made_again_once_and_waits_until_its_node_has_enough() -> None:
    clock = VirtualClock()
    runtime = SimulatedRuntime(clock)
    container = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["sleep", "36000"])
    with Cluster(runtime=runtime, clock=clock) as cluster:
        web = cluster.create(Deployment.new("web", containers=[container], replicas=2))
        cluster.wait(web, "Available", timeout=60)
        runtime.set_machine_stats(MachineStats(memory_available=50 * MEBIBYTE))
        for pod in cluster.list(Pod):
            cluster.wait(pod, "phase=Failed", timeout=60)
        with pytest.raises(WaitTimeout):
            cluster.wait(web, "Available", timeout=60)
        assert sorted(pod.status.phase or "" for pod in cluster.list(Pod)) == ["Failed", "Failed", "Pending", "Pending"]
        [node] = cluster.list(Node)
        assert "node.kubernetes.io/memory-pressure" in [taint.key for taint in node.spec.taints]
        runtime.set_machine_stats(MachineStats(memory_available=5000 * MEBIBYTE))
        cluster.wait(web, "Available", timeout=600)
        assert cluster.list(Node)[0].spec.taints == []


def test_a_cluster_has_thresholds_of_its_own() -> None:
    clock = VirtualClock()
    runtime = SimulatedRuntime(clock)
    thresholds = EvictionConfig(hard={"memory.available": "1Gi"})
    container = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["sleep", "36000"])
    with Cluster(runtime=runtime, clock=clock, eviction=thresholds) as cluster:
        pod = cluster.wait(cluster.create(Pod.new("web", containers=[container])), "Ready", timeout=60)
        runtime.set_machine_stats(MachineStats(memory_available=900 * MEBIBYTE))
        evicted = cluster.wait(pod, "phase=Failed", timeout=60)
        assert "Threshold quantity: 1Gi, available: 900Mi. " in (evicted.status.message or "")
        [event] = [one for one in cluster.events(pod) if one.reason == "Evicted"]
        assert event.metadata.annotations["starved_resource"] == "memory"
