"""The metrics of the objects of a cluster, with the names of kube-state-metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from podkit.metrics.families import Families
from podkit.model import ContainerStatus, DaemonSet, Deployment, Job, Node, Pod, StatefulSet
from podkit.model.owners import controller_of
from podkit.model.pod_containers import all_container_statuses
from podkit.model.pod_state import PHASES


def add_counts(families: Families, pods: Iterable[Pod]) -> None:
    """Add how many Pods there are, and their containers, without naming any."""
    phases: Counter[tuple[str, str]] = Counter()
    states: Counter[tuple[str, str]] = Counter()
    waiting = Counter({"active": 0, "unschedulable": 0, "gated": 0})
    for pod in pods:
        node = pod.spec.node_name or ""
        phases[node, pod.status.phase or "Pending"] += 1
        states.update((node, _state(status)) for status in all_container_statuses(pod.status))
        if not node:
            waiting[_queue(pod)] += 1
    for (node, phase), count in sorted(phases.items()):
        families.gauge("podkit_pods", "Pods.", count, node=node, phase=phase)
    for (node, state), count in sorted(states.items()):
        families.gauge("kubelet_running_containers", "Containers.", count, node=node, container_state=state)
    for queue, count in waiting.items():
        families.gauge("scheduler_pending_pods", "Pods that have no node yet.", count, queue=queue)


def _queue(pod: Pod) -> str:
    if pod.spec.scheduling_gates:
        return "gated"
    refused = any(
        condition.type == "PodScheduled" and condition.status == "False" for condition in pod.status.conditions
    )
    return "unschedulable" if refused else "active"


def _state(status: ContainerStatus) -> str:
    if status.state is not None and status.state.running is not None:
        return "running"
    if status.state is not None and status.state.terminated is not None:
        return "exited"
    return "created"


def add_pod(families: Families, pod: Pod) -> None:
    """Add one Pod, and its containers."""
    meta = pod.metadata
    namespace, name, uid = meta.namespace, meta.name, meta.uid
    owner = controller_of(pod)
    families.gauge(
        "kube_pod_info",
        "A Pod.",
        1,
        namespace=namespace,
        pod=name,
        uid=uid,
        node=pod.spec.node_name,
        pod_ip=pod.status.pod_ip,
        created_by_kind=owner.kind if owner else None,
        created_by_name=owner.name if owner else None,
    )
    phase = pod.status.phase or "Pending"
    for possible in PHASES:
        families.gauge(
            "kube_pod_status_phase",
            "Its phase.",
            possible == phase,
            namespace=namespace,
            pod=name,
            uid=uid,
            phase=possible,
        )
    ready = next((condition.status for condition in pod.status.conditions if condition.type == "Ready"), "Unknown")
    for possible in ("true", "false", "unknown"):
        families.gauge(
            "kube_pod_status_ready",
            "Whether it is ready.",
            possible == (ready or "").lower(),
            namespace=namespace,
            pod=name,
            uid=uid,
            condition=possible,
        )
    for status in pod.status.init_container_statuses:
        _add_container(families, "kube_pod_init_container_status", pod, status)
    for status in pod.status.container_statuses:
        _add_container(families, "kube_pod_container_status", pod, status)


def _add_container(families: Families, prefix: str, pod: Pod, status: ContainerStatus) -> None:
    labels = {
        "namespace": pod.metadata.namespace,
        "pod": pod.metadata.name,
        "uid": pod.metadata.uid,
        "container": status.name,
    }
    state, last = status.state, status.last_state
    families.counter(f"{prefix}_restarts_total", "How often it was restarted.", status.restart_count or 0, **labels)
    families.gauge(f"{prefix}_ready", "Whether it is ready.", bool(status.ready), **labels)
    families.gauge(f"{prefix}_running", "Whether it runs.", state is not None and state.running is not None, **labels)
    if state is not None and state.waiting is not None:
        families.gauge(f"{prefix}_waiting_reason", "Why it does not run.", 1, **labels, reason=state.waiting.reason)
    if state is not None and state.terminated is not None:
        families.gauge(f"{prefix}_terminated_reason", "Why it has ended.", 1, **labels, reason=state.terminated.reason)
    if last is not None and last.terminated is not None:
        ended = last.terminated
        families.gauge(
            f"{prefix}_last_terminated_reason", "Why the one before it has ended.", 1, **labels, reason=ended.reason
        )


def add_node(families: Families, node: Node) -> None:
    """Add one node."""
    name = node.metadata.name
    families.gauge(
        "kube_node_spec_unschedulable", "Whether it takes no more Pods.", bool(node.spec.unschedulable), node=name
    )
    for condition in node.status.conditions:
        for possible in ("true", "false", "unknown"):
            families.gauge(
                "kube_node_status_condition",
                "Its conditions.",
                possible == (condition.status or "").lower(),
                node=name,
                condition=condition.type,
                status=possible,
            )


def add_deployment(families: Families, deployment: Deployment) -> None:
    """Add one Deployment."""
    namespace, name, status = deployment.metadata.namespace, deployment.metadata.name, deployment.status
    wanted = deployment.spec.replicas
    counts = {
        "kube_deployment_spec_replicas": ("Pods that are wanted.", 1 if wanted is None else wanted),
        "kube_deployment_status_replicas": ("Pods that it has.", status.replicas),
        "kube_deployment_status_replicas_ready": ("Those that are ready.", status.ready_replicas),
        "kube_deployment_status_replicas_available": (
            "Those that have been ready for long enough.",
            status.available_replicas,
        ),
        "kube_deployment_status_replicas_updated": ("Those of the newest revision.", status.updated_replicas),
    }
    for metric, (meaning, value) in counts.items():
        families.gauge(metric, meaning, value or 0, namespace=namespace, deployment=name)


def add_stateful_set(families: Families, found: StatefulSet) -> None:
    """Add one StatefulSet."""
    namespace, name, wanted = found.metadata.namespace, found.metadata.name, found.spec.replicas
    families.gauge(
        "kube_statefulset_replicas",
        "Pods that are wanted.",
        1 if wanted is None else wanted,
        namespace=namespace,
        statefulset=name,
    )
    ready = found.status.ready_replicas or 0
    families.gauge(
        "kube_statefulset_status_replicas_ready", "Those that are ready.", ready, namespace=namespace, statefulset=name
    )


def add_daemon_set(families: Families, found: DaemonSet) -> None:
    """Add one DaemonSet."""
    namespace, name, status = found.metadata.namespace, found.metadata.name, found.status
    wanted = status.desired_number_scheduled or 0
    families.gauge(
        "kube_daemonset_status_desired_number_scheduled",
        "Nodes that are to have a Pod.",
        wanted,
        namespace=namespace,
        daemonset=name,
    )
    ready = status.number_ready or 0
    families.gauge(
        "kube_daemonset_status_number_ready", "Those that are ready.", ready, namespace=namespace, daemonset=name
    )


def add_job(families: Families, job: Job) -> None:
    """Add one Job."""
    namespace, name, status = job.metadata.namespace, job.metadata.name, job.status
    counts = {
        "kube_job_status_active": ("Pods that are at work.", status.active),
        "kube_job_status_succeeded": ("Pods that have succeeded.", status.succeeded),
        "kube_job_status_failed": ("Pods that have failed.", status.failed),
    }
    for metric, (meaning, value) in counts.items():
        families.gauge(metric, meaning, value or 0, namespace=namespace, job_name=name)
