"""The verb `resize`, over a simulated engine and on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podkit import (
    Cluster,
    Container,
    Job,
    NotFound,
    Pod,
    PodkitError,
    ResourceRequirements,
    SimulatedRuntime,
    ValidationError,
    VirtualClock,
)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    clock = VirtualClock()
    with Cluster(SimulatedRuntime(clock), clock=clock) as cluster:
        yield cluster


def box(name: str, **fields: object) -> Container:
    resources = ResourceRequirements(requests={"cpu": "100m"}, limits={"cpu": "200m", "memory": "64Mi"})
    command = ["sleep", "3600"]
    return Container(
        name, image="busybox", image_pull_policy="IfNotPresent", command=command, resources=resources, **fields
    )


@pytest.fixture
def pod(cluster: Cluster) -> Pod:
    sidecar = box("side", restart_policy="Always")
    pod = cluster.create(Pod.new("web", containers=[box("main")], init_containers=[sidecar]))
    return cluster.wait(pod, "Ready", timeout=60)


def test_what_is_not_given_stays(cluster: Cluster, pod: Pod) -> None:
    resized = cluster.resize(pod, "main", limits={"cpu": "300m"})
    wanted = ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"}, limits={"cpu": "300m", "memory": "64Mi"})
    assert resized.spec.containers[0].resources == wanted
    cluster.wait(pod, lambda pod: pod.status.container_statuses[0].resources == wanted, timeout=10)


def test_a_sidecar_is_resized_too(cluster: Cluster, pod: Pod) -> None:
    cluster.resize("pod/web", "side", requests={"cpu": "150m"})
    cluster.wait(pod, lambda pod: pod.status.init_container_statuses[0].resources.requests["cpu"] == "150m", timeout=10)


def test_a_container_that_is_not_there_is_named_with_those_that_are(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(PodkitError, match=r"no container 'mian' that could be resized; it has main, side"):
        cluster.resize(pod, "mian", limits={"cpu": "1"})


def test_nothing_to_change_is_an_error(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(PodkitError, match="give requests or limits"):
        cluster.resize(pod, "main")


def test_what_an_api_server_refuses_is_refused(cluster: Cluster, pod: Pod) -> None:
    with pytest.raises(ValidationError, match="only cpu and memory"):
        cluster.resize(pod, "main", limits={"ephemeral-storage": "1Gi"})


def test_only_pods_that_are_there_are_resized(cluster: Cluster) -> None:
    with pytest.raises(NotFound):
        cluster.resize("pod/gone", "main", limits={"cpu": "1"})
    job = cluster.create(Job.new("work", containers=[box("main")], restart_policy="Never"))
    with pytest.raises(PodkitError, match="resize one of its Pods"):
        cluster.resize(job, "main", limits={"cpu": "1"})
