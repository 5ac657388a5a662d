"""What the descriptions of the kinds that make Pods say; see `podkit.cluster.describe`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podkit.cluster.describe_pod import template_rows
from podkit.cluster.related import Related
from podkit.cluster.rows import NONE, Row, Rows, joined, map_row, time_text, yes
from podkit.model.daemonset import DaemonSet
from podkit.model.deployment import Deployment, DeploymentStrategy
from podkit.model.job import CronJob, Job
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.replicaset import ReplicaSet
from podkit.model.selector import Selector
from podkit.model.statefulset import StatefulSet

UNSET = "<unset>"
_REVISION = "deployment.kubernetes.io/revision"


def deployment_rows(deployment: Deployment, related: Related) -> Rows:
    """What is said of a Deployment."""
    spec, status = deployment.spec, deployment.status
    numbers = (
        f"{spec.replicas} desired | {status.updated_replicas or 0} updated | {status.replicas or 0} total | "
        f"{status.available_replicas or 0} available | {status.unavailable_replicas or 0} unavailable"
    )
    strategy = spec.strategy or DeploymentStrategy()
    rows = [
        Row("Selector", selector_text(spec.selector)),
        Row("Replicas", numbers),
        Row("StrategyType", strategy.type or ""),
        Row("MinReadySeconds", str(spec.min_ready_seconds or 0)),
    ]
    if (rolling := strategy.rolling_update) is not None:
        speed = f"{rolling.max_unavailable} max unavailable, {rolling.max_surge} max surge"
        rows.append(Row("RollingUpdateStrategy", speed))
    rows += [Row("Paused", "True")] if spec.paused else []
    present = deployment.metadata.annotations.get(_REVISION)
    new = [one for one in related.sets if one.metadata.annotations.get(_REVISION) == present]
    old = [one for one in related.sets if one not in new and one.status.replicas]
    return [*rows, _template(spec), Row("OldReplicaSets", _sets(old)), Row("NewReplicaSet", _sets(new))]


def replica_rows(obj: Any, related: Related) -> Rows:
    """What is said of a ReplicaSet or ReplicationController."""
    spec = obj.spec
    return [
        *_owner(obj.metadata),
        Row("Selector", selector_text(spec.selector)),
        Row("Replicas", f"{obj.status.replicas or 0} current / {spec.replicas} desired"),
        _pods_status(related),
        _template(spec),
    ]


def stateful_set_rows(obj: StatefulSet, related: Related) -> Rows:
    """What is said of a StatefulSet."""
    spec, strategy = obj.spec, obj.spec.update_strategy
    rows = [
        Row("Selector", selector_text(spec.selector)),
        Row("Replicas", f"{spec.replicas} desired | {obj.status.replicas or 0} total"),
        Row("Update Strategy", (strategy.type or "") if strategy is not None else ""),
    ]
    if strategy is not None and strategy.rolling_update is not None:
        rows.append(Row("Partition", str(strategy.rolling_update.partition or 0)))
    claims = [
        Row(
            claim.metadata.name or "",
            below=[
                Row("StorageClass", claim.spec.storage_class_name or ""),
                Row("Capacity", _storage(claim)),
                Row("Access Modes", joined(claim.spec.access_modes)),
            ],
        )
        for claim in spec.volume_claim_templates
    ]
    return [*rows, _pods_status(related), _template(spec), Row("Volume Claims", "" if claims else NONE, claims)]


def _storage(claim: Any) -> str:
    resources = claim.spec.resources
    return str(resources.requests.get("storage", "")) if resources is not None else ""


def daemon_set_rows(obj: DaemonSet, related: Related) -> Rows:
    """What is said of a DaemonSet."""
    spec, status = obj.spec, obj.status
    strategy = spec.update_strategy
    return [
        Row("Selector", selector_text(spec.selector)),
        map_row("Node-Selector", spec.template.spec.node_selector),
        Row("Desired Number of Nodes Scheduled", str(status.desired_number_scheduled)),
        Row("Current Number of Nodes Scheduled", str(status.current_number_scheduled)),
        Row("Number of Nodes Scheduled with Up-to-date Pods", str(status.updated_number_scheduled or 0)),
        Row("Number of Nodes Scheduled with Available Pods", str(status.number_available or 0)),
        Row("Number of Nodes Misscheduled", str(status.number_misscheduled)),
        Row("Update Strategy", (strategy.type or "") if strategy is not None else ""),
        _pods_status(related),
        _template(spec),
    ]


def job_rows(job: Job, _related: Related) -> Rows:
    """What is said of a Job."""
    spec, status = job.spec, job.status
    rows = [
        *_owner(job.metadata),
        Row("Selector", selector_text(spec.selector)),
        Row("Parallelism", _or_unset(spec.parallelism)),
        Row("Completions", _or_unset(spec.completions)),
        Row("Completion Mode", spec.completion_mode or ""),
        Row("Suspend", str(bool(spec.suspend)).lower()),
        Row("Backoff Limit", str(spec.backoff_limit)),
        Row("Active Deadline Seconds", f"{spec.active_deadline_seconds}s" if spec.active_deadline_seconds else ""),
        Row("Start Time", time_text(status.start_time)),
        Row("Completed At", time_text(status.completion_time)),
        Row(
            "Pods Statuses",
            f"{status.active or 0} Active ({status.ready or 0} Ready) / {status.succeeded or 0} Succeeded / "
            f"{status.failed or 0} Failed",
        ),
        Row("Completed Indexes", status.completed_indexes or ""),
        Row("Failed Indexes", status.failed_indexes or ""),
    ]
    return [*(row for row in rows if row.value), _template(spec)]


def cron_job_rows(cron: CronJob, _related: Related) -> Rows:
    """What is said of a CronJob."""
    spec, status, job = cron.spec, cron.status, cron.spec.job_template.spec
    deadline = spec.starting_deadline_seconds
    rows = [
        Row("Schedule", spec.schedule),
        Row("Time Zone", spec.time_zone or ""),
        Row("Concurrency Policy", spec.concurrency_policy or ""),
        Row("Suspend", yes(spec.suspend)),
        Row("Successful Job History Limit", _or_unset(spec.successful_jobs_history_limit)),
        Row("Failed Job History Limit", _or_unset(spec.failed_jobs_history_limit)),
        Row("Starting Deadline Seconds", f"{deadline}s" if deadline is not None else UNSET),
        Row("Selector", selector_text(job.selector) if job.selector is not None else UNSET),
        Row("Parallelism", _or_unset(job.parallelism)),
        Row("Completions", _or_unset(job.completions)),
        _template(job),
        Row("Last Schedule Time", time_text(status.last_schedule_time) or UNSET),
        Row("Last Successful Time", time_text(status.last_successful_time) or UNSET),
        Row("Active Jobs", joined(one.name or "" for one in status.active)),
    ]
    return [row for row in rows if row.value or row.below]


def selector_text(selector: Any) -> str:
    """A selector in one line; also that of a ReplicationController, which is a map."""
    if isinstance(selector, dict):
        selector = LabelSelector(match_labels=selector)
    return str(Selector.of(selector)) if selector is not None else NONE


def _owner(meta: ObjectMeta) -> list[Row]:
    return [Row("Controlled By", f"{one.kind}/{one.name}") for one in meta.owner_references if one.controller]


def _pods_status(related: Related) -> Row:
    def number(phase: str) -> int:
        return sum((pod.status.phase or "Pending") == phase for pod in related.pods)

    text = (
        f"{number('Running')} Running / {number('Pending')} Waiting / {number('Succeeded')} Succeeded / "
        f"{number('Failed')} Failed"
    )
    return Row("Pods Status", text)


def _template(spec: Any) -> Row:
    # a ReplicationController may be without one, as long as nobody has validated it
    template = spec.template or PodTemplateSpec()
    rows = [row for row in template_rows(template.spec) if isinstance(row, Row)]
    return Row("Pod Template", below=[map_row("Labels", template.metadata.labels), *rows])


def _sets(sets: Sequence[ReplicaSet]) -> str:
    return joined(
        f"{one.metadata.name} ({one.status.replicas or 0}/{one.spec.replicas or 0} replicas created)" for one in sets
    )


def _or_unset(number: int | None) -> str:
    return str(number) if number is not None else UNSET
