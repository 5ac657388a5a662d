"""What Pods and nodes use."""

from __future__ import annotations

from typing import Any

import pytest

from podkit import Cluster, Container, NotFound, Pod, VirtualClock
from podkit.runtime.base import POD_UID, ContainerStats
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.cluster.builders import once


@pytest.fixture
def web(cluster: Cluster) -> Pod:
    containers = [Container(name, image="busybox", command=["sleep", "1000"]) for name in ("app", "log")]
    return cluster.wait(cluster.create(Pod.new("web", containers=containers)), "Ready", timeout=60)


def busy(runtime: SimulatedRuntime, clock: VirtualClock, pod: Pod, cpu: float, memory: int) -> None:
    """Let all containers of a Pod use so many processors and bytes from now on."""
    [*found] = runtime.containers({POD_UID: pod.metadata.uid or ""})
    begin = clock.monotonic()

    def stats(container_id: str) -> ContainerStats:
        return ContainerStats((clock.monotonic() - begin) * cpu, memory)

    assert found
    runtime.stats = stats  # type: ignore[method-assign]


def test_the_use_of_a_pod_is_that_of_its_containers(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock, web: Pod
) -> None:
    busy(runtime, clock, web, 0.25, 10 << 20)
    [usage] = cluster.top(web)
    assert (usage.name, usage.namespace, usage.memory) == ("web", "default", 20 << 20)
    assert usage.cpu == pytest.approx(0.5)
    assert [part.name for part in usage.parts] == ["app", "log"]
    assert str(usage) == "web 500m 20Mi"


@pytest.mark.parametrize("target", ["pods", Pod, "pod/web"])
def test_the_pods_can_be_named_in_several_ways(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock, web: Pod, target: Any
) -> None:
    busy(runtime, clock, web, 1, 1 << 20)
    cluster.run(once("done", "exit 0"))  # it does not run any more, and is left out
    assert [usage.name for usage in cluster.top(target)] == ["web"]
    assert [usage.name for usage in cluster.top([web])] == ["web"]
    assert cluster.top("pods", labels="app=other") == []


def test_the_use_of_a_node_is_that_of_its_pods(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock, web: Pod
) -> None:
    busy(runtime, clock, web, 0.5, 1 << 20)
    [node] = cluster.top("nodes")
    assert (node.name, node.namespace, node.memory) == ("node-1", None, 2 << 20)
    assert node.cpu == pytest.approx(1.0)
    assert [part.name for part in node.parts] == ["web"]


def test_what_is_not_there_uses_nothing(cluster: Cluster) -> None:
    assert cluster.top() == []
    with pytest.raises(NotFound):
        cluster.top("pod/web")


def test_the_list_is_printed_as_kubectl_does(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock, web: Pod
) -> None:
    busy(runtime, clock, web, 0.25, 10 << 20)
    head, line = str(cluster.top("pods")).splitlines()
    assert head.split() == ["NAME", "CPU(CORES)", "MEMORY(BYTES)"]
    assert line.split() == ["web", "500m", "20Mi"]
    cluster.wait(cluster.create(once("other", "sleep 1000", namespace="shop")), "Ready")
    assert [line.split()[0] for line in str(cluster.top("pods")).splitlines()] == ["NAMESPACE", "default", "shop"]
    assert str(cluster.top("nodes")).splitlines()[1].split()[0] == "node-1"
    assert str(cluster.top("pods", labels="app=none")) == "No resources found"
