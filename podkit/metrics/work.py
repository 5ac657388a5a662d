"""The metrics of the parts of a cluster: how much work there is, and how long it takes."""

from __future__ import annotations

from podkit.cluster.measures import ClusterMeasures
from podkit.kubelet.measures import NodeMeasures
from podkit.loop.measures import LoopMeasures
from podkit.metrics.families import Families
from podkit.store.measures import KindMeasures


def add_work(families: Families, cluster: ClusterMeasures) -> None:
    """Add what the parts of a cluster measure."""
    for loop in cluster.loops:
        _add_loop(families, loop)
    for node in cluster.nodes:
        _add_node(families, node)
    for kind in cluster.kinds:
        _add_kind(families, kind)


def _add_loop(families: Families, loop: LoopMeasures) -> None:
    """Kubernetes: `component-base/metrics/prometheus/workqueue`; controller-runtime: `pkg/internal/controller/metrics`."""
    name, queue = loop.name, loop.queue
    families.gauge("workqueue_depth", "Keys that are due and wait for a worker.", queue.depth, name=name)
    families.counter("workqueue_adds_total", "Keys that have become due.", queue.adds, name=name)
    families.histogram(
        "workqueue_queue_duration_seconds", "How long keys were due before a worker took them.", queue.waited, name=name
    )
    families.histogram("workqueue_work_duration_seconds", "How long a worker had a key.", queue.worked, name=name)
    families.gauge(
        "workqueue_unfinished_work_seconds",
        "How long what is under way has taken by now, in all.",
        queue.unfinished,
        name=name,
    )
    families.gauge(
        "workqueue_longest_running_processor_seconds",
        "How long what is under way has taken by now, of one.",
        queue.longest,
        name=name,
    )
    retries = loop.results["conflict"] + loop.results["error"]
    families.counter(
        "workqueue_retries_total", "Keys that were put back because their reconcile failed.", retries, name=name
    )
    families.gauge("podkit_workqueue_delayed", "Keys that are due later.", queue.delayed, name=name)
    families.gauge(
        "controller_runtime_active_workers", "Keys that are being worked on.", queue.working, controller=name
    )
    for result, count in loop.results.items():
        families.counter(
            "controller_runtime_reconcile_total", "How reconciles have ended.", count, controller=name, result=result
        )


def _add_node(families: Families, node: NodeMeasures) -> None:
    """Kubernetes: `pkg/kubelet/metrics/metrics.go`."""
    for operation, durations in node.pod_worker.items():
        families.histogram(
            "kubelet_pod_worker_duration_seconds",
            "How long a sync of a Pod took.",
            durations,
            node=node.name,
            operation_type=operation,
        )
    families.histogram(
        "kubelet_pod_start_duration_seconds",
        "From when a Pod was first seen until it ran.",
        node.pod_start,
        node=node.name,
    )
    families.histogram(
        "kubelet_pleg_relist_duration_seconds",
        "How long it took to list what the engine has.",
        node.relist,
        node=node.name,
    )
    families.histogram(
        "kubelet_image_pull_duration_seconds", "How long an image took to be pulled.", node.image_pull, node=node.name
    )


def _add_kind(families: Families, measures: KindMeasures) -> None:
    """Kubernetes: `apiserver/pkg/storage/etcd3/metrics`, `apiserver/pkg/endpoints/metrics`."""
    kind = measures.kind
    group, resource = kind.group, kind.plural
    families.gauge(
        "apiserver_resource_objects", "Objects that are stored.", measures.objects, group=group, resource=resource
    )
    families.gauge(
        "apiserver_longrunning_requests",
        "Open watches.",
        measures.watches,
        verb="WATCH",
        group=group,
        resource=resource,
    )
    families.gauge(
        "podkit_watch_history",
        "Changes that are remembered for watches.",
        measures.changes,
        group=group,
        resource=resource,
    )
