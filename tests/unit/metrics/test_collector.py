"""The metrics of a cluster, as Prometheus gets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from podkit import Cluster, Container, Deployment, Job, Pod, SimulatedRuntime, VirtualClock
from podkit.metrics import ClusterCollector
from podkit.runtime.simulated import Images

IMAGES = ["docker.io/library/busybox:latest"]


def container(script: str) -> Container:
    return Container("main", image="busybox", command=["sh", "-c", script])


def make_cluster(directory: Path) -> Cluster:
    clock = VirtualClock()
    return Cluster(SimulatedRuntime(clock, images=Images(remote=IMAGES)), clock=clock, root_dir=directory)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with make_cluster(tmp_path / "nodes") as cluster:
        yield cluster


class Scrape:
    """What a scrape has brought."""

    def __init__(self, collector: ClusterCollector) -> None:
        registry = CollectorRegistry()
        registry.register(collector)
        self.text = generate_latest(registry).decode()
        self.samples = [sample for family in text_string_to_metric_families(self.text) for sample in family.samples]

    def __call__(self, name: str, /, **labels: str) -> list[float]:
        return [
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        ]


def test_pods_are_counted_by_phase(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster)
    cluster.wait(cluster.create(Pod.new("web", containers=[container("sleep 1000")])), "Ready")
    cluster.run(Job.new("work", containers=[container("true")], restart_policy="Never"))

    scrape = Scrape(collector)

    assert scrape("podkit_pods", node="node-1", phase="Running") == [1]
    assert scrape("podkit_pods", node="node-1", phase="Succeeded") == [1]
    assert scrape("kube_pod_status_phase", pod="web", phase="Running") == [1]
    assert scrape("kube_pod_status_phase", pod="web", phase="Failed") == [0]
    assert scrape("kube_pod_status_ready", pod="web", condition="true") == [1]
    assert scrape("kube_job_status_succeeded", job_name="work") == [1]
    assert scrape("kube_node_status_condition", condition="Ready", status="true") == [1]


def test_restarts_are_counted_with_their_reason(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster)
    pod = cluster.create(Pod.new("crash", containers=[container("exit 3")]))
    cluster.wait(pod, lambda pod: any(status.restart_count == 4 for status in pod.status.container_statuses))

    scrape = Scrape(collector)

    assert scrape("kube_pod_container_status_restarts_total", pod="crash", container="main") == [4]
    assert scrape("kube_pod_container_status_last_terminated_reason", pod="crash", reason="Error") == [1]


def test_an_object_that_is_gone_has_no_metrics_any_more(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster)
    web = cluster.create(Deployment.new("web", containers=[container("sleep 1000")], replicas=2))
    cluster.wait(web, "Available")
    assert Scrape(collector)("kube_deployment_status_replicas_available", deployment="web") == [2]

    cluster.delete(web)

    assert Scrape(collector)("kube_deployment_status_replicas_available") == []


def test_the_work_of_the_loops_is_measured(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster)
    cluster.wait(cluster.create(Pod.new("web", containers=[container("sleep 1000")])), "Ready")
    cluster.delete("pod", "web")

    scrape = Scrape(collector)

    for name in ("kubelet-node-1", "default-scheduler", "garbage-collector"):
        assert len(scrape("workqueue_depth", name=name)) == 1
        (adds,) = scrape("workqueue_adds_total", name=name)
        assert adds > 0
        assert sum(scrape("workqueue_work_duration_seconds_count", name=name)) > 0
    assert sum(scrape("controller_runtime_reconcile_total", controller="default-scheduler", result="success")) > 0
    assert sum(scrape("kubelet_pod_worker_duration_seconds_count", operation_type="create")) == 1
    assert sum(scrape("kubelet_pod_worker_duration_seconds_count", operation_type="kill")) > 0
    assert scrape("kubelet_pod_start_duration_seconds_count", node="node-1") == [1]
    assert scrape("kubelet_image_pull_duration_seconds_count", node="node-1") == [1]
    assert scrape("kubelet_pleg_relist_duration_seconds_bucket", le="+Inf") == scrape(
        "kubelet_pleg_relist_duration_seconds_count"
    )
    assert scrape("apiserver_resource_objects", group="", resource="pods") == [0]
    assert scrape("apiserver_longrunning_requests", verb="WATCH", resource="pods")[0] > 1


def test_a_pod_without_a_node_is_pending(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster)
    pod = Pod.new("far", containers=[container("true")], node_selector={"disk": "fast"})
    cluster.wait(cluster.create(pod), "PodScheduled=False")

    assert Scrape(collector)("scheduler_pending_pods", queue="unschedulable") == [1]


def test_without_each_object_there_are_only_counts(cluster: Cluster) -> None:
    collector = ClusterCollector(cluster, each_object=False)
    cluster.wait(cluster.create(Pod.new("web", containers=[container("sleep 1000")])), "Ready")

    scrape = Scrape(collector)

    assert scrape("podkit_pods", phase="Running") == [1]
    assert "kube_pod" not in scrape.text


def test_several_clusters_are_told_apart(tmp_path: Path) -> None:
    with make_cluster(tmp_path / "a") as blue, make_cluster(tmp_path / "b") as green:
        collector = ClusterCollector({"blue": blue, "green": green})
        blue.wait(blue.create(Pod.new("web", containers=[container("sleep 1000")])), "Ready")

        scrape = Scrape(collector)

        assert scrape("podkit_pods", cluster="blue", phase="Running") == [1]
        assert scrape("podkit_pods", cluster="green") == []
        assert scrape.text.count("# TYPE workqueue_depth gauge") == 1
        assert {sample.labels["cluster"] for sample in scrape.samples} == {"blue", "green"}


def test_a_closed_cluster_has_no_metrics(tmp_path: Path) -> None:
    with make_cluster(tmp_path / "nodes") as cluster:
        collector = ClusterCollector(cluster)
    assert Scrape(collector).text == ""
