"""Objects as a text for people, in the form of ``kubectl describe``.

A description is a list of rows (`podkit.cluster.rows`). All kinds begin with name, labels and annotations and end with conditions
and events; what stands between them a function for the kind says. A kind without one shows its fields as they are
written in documents. Values of Secrets are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from podkit.cluster.apply import LAST_APPLIED
from podkit.cluster.describe_pod import pod_rows, template_rows
from podkit.cluster.explain import age
from podkit.cluster.rows import NONE, Row, Rows, Table, map_row, render, time_text
from podkit.cluster.until import conditions
from podkit.codec import to_dict
from podkit.model.config import ConfigMap, Secret
from podkit.model.deployment import Deployment, DeploymentStrategy
from podkit.model.event import Event
from podkit.model.job import Job
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.selector import Selector
from podkit.store.base import event_time


def describe(obj: Any, events: Sequence[Event], now: datetime) -> str:
    """The description of an object.

    Args:
        obj: the object.
        events: what has been reported about it, the latest last.
        now: the time, for ages.
    """
    rows_of = _ROWS.get(obj.kind, _other_rows)
    rows = [*_identity(obj.metadata), *rows_of(obj)]
    if not isinstance(obj, Pod) and conditions(obj):
        head = ("Type", "Status", "Reason", "Message")
        rows.append(
            Table("Conditions", head, [(c.type, c.status, c.reason or "", c.message or "") for c in conditions(obj)])
        )
    return render([*rows, _events(events, now)])


def _identity(meta: ObjectMeta) -> Rows:
    annotations = {name: text for name, text in meta.annotations.items() if name != LAST_APPLIED}
    rows = [
        Row("Name", meta.name or ""),
        Row("Namespace", meta.namespace or ""),
        map_row("Labels", meta.labels),
        map_row("Annotations", annotations, ": "),
        Row("Created", time_text(meta.creation_timestamp)),
        Row("Deleted", time_text(meta.deletion_timestamp)),
    ]
    return [row for row in rows if row.value]


def _events(events: Sequence[Event], now: datetime) -> Table:
    lines = [
        (
            event.type or "",
            event.reason or "",
            age(now - event_time(event)) + (f" (x{event.count})" if (event.count or 1) > 1 else ""),
            (event.source.component if event.source is not None else None) or event.reporting_component or "",
            event.message or "",
        )
        for event in events
    ]
    return Table("Events", ("Type", "Reason", "Age", "From", "Message"), lines)


def _job_rows(job: Job) -> Rows:
    spec, status = job.spec, job.status
    rows = [
        Row("Selector", _selector(spec.selector)),
        Row("Parallelism", str(spec.parallelism)),
        Row("Completions", str(spec.completions) if spec.completions is not None else "<unset>"),
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
    ]
    template = Row("Pod Template", below=[map_row("Labels", spec.template.metadata.labels), *_template(spec)])
    return [*(row for row in rows if row.value), template]


def _workload_rows(obj: Any) -> Rows:
    """ReplicaSets, Deployments and other kinds that keep a number of Pods."""
    spec, status = obj.spec, to_dict(obj.status)
    counts = {name: value for name, value in status.items() if isinstance(value, int) and name != "observedGeneration"}
    selector = (
        spec.selector if isinstance(spec.selector, LabelSelector) else LabelSelector(match_labels=spec.selector or {})
    )
    rows = [Row("Selector", _selector(selector))]
    if isinstance(obj, Deployment):
        rows += _deployment_rows(obj)
    else:
        if getattr(spec, "replicas", None) is not None:
            rows.append(Row("Replicas", f"{spec.replicas} desired"))
        if (strategy := getattr(spec, "update_strategy", None)) is not None:
            rows.append(Row("Update Strategy", _strategy(strategy)))
        rows += [map_row("Status", counts, ": ")] if counts else []
    return [*rows, Row("Pod Template", below=[map_row("Labels", spec.template.metadata.labels), *_template(spec)])]


def _strategy(strategy: Any) -> str:
    """How old Pods of a StatefulSet or DaemonSet are replaced: ``RollingUpdate (partition 0)``."""
    rolling = to_dict(strategy.rolling_update) if strategy.rolling_update is not None else {}
    numbers = ", ".join(f"{name} {value}" for name, value in rolling.items())
    return f"{strategy.type} ({numbers})" if numbers else strategy.type or ""


def _deployment_rows(deployment: Deployment) -> list[Row]:
    spec, status = deployment.spec, deployment.status
    numbers = (
        f"{spec.replicas} desired | {status.updated_replicas or 0} updated | {status.replicas or 0} total | "
        f"{status.available_replicas or 0} available | {status.unavailable_replicas or 0} unavailable"
    )
    strategy = spec.strategy or DeploymentStrategy()
    rows = [
        Row("Replicas", numbers),
        Row("StrategyType", strategy.type or ""),
        Row("MinReadySeconds", str(spec.min_ready_seconds or 0)),
    ]
    if (rolling := strategy.rolling_update) is not None:
        speed = f"{rolling.max_unavailable} max unavailable, {rolling.max_surge} max surge"
        rows.append(Row("RollingUpdateStrategy", speed))
    return [*rows, Row("Paused", "True")] if spec.paused else rows


def _template(spec: Any) -> list[Row]:
    return [row for row in template_rows(spec.template.spec) if isinstance(row, Row)]


def _selector(selector: LabelSelector | None) -> str:
    return str(Selector.of(selector)) if selector is not None else NONE


def _config_map_rows(config_map: ConfigMap) -> Rows:
    data = [Row(name, [text]) for name, text in sorted(config_map.data.items())]
    binary = [Row(name, f"{len(value)} bytes") for name, value in sorted(config_map.binary_data.items())]
    return [Row("Data", "" if data else NONE, data), *([Row("BinaryData", below=binary)] if binary else [])]


def _secret_rows(secret: Secret) -> Rows:
    sizes = [Row(name, f"{len(value)} bytes") for name, value in sorted(secret.data.items())]
    return [Row("Type", secret.type or ""), Row("Data", "" if sizes else NONE, sizes)]


def _node_rows(node: Node) -> Rows:
    info = to_dict(node.status.node_info) if node.status.node_info is not None else {}
    return [
        Row("Taints", [f"{taint.key}={taint.value or ''}:{taint.effect}" for taint in node.spec.taints] or NONE),
        Row("Unschedulable", str(bool(node.spec.unschedulable)).lower()),
        Row("Addresses", [f"{address.type}: {address.address}" for address in node.status.addresses]),
        map_row("Capacity", node.status.capacity, ": "),
        map_row("Allocatable", node.status.allocatable, ": "),
        Row("System Info", below=[Row(name, str(value)) for name, value in info.items() if value]),
    ]


def _other_rows(obj: Any) -> Rows:
    document = to_dict(obj)
    hidden = ("apiVersion", "kind", "metadata")
    return [_document_row(name, value) for name, value in document.items() if name not in hidden]


def _document_row(name: str, value: Any) -> Row:
    """A field as it is written in documents."""
    if isinstance(value, Mapping):
        return Row(name, "", [_document_row(key, item) for key, item in value.items() if key != "conditions"])
    if isinstance(value, list):
        items = [_document_row(str(number), item) for number, item in enumerate(value)]
        flat = not any(item.below for item in items)
        return Row(name, [str(item) for item in value]) if flat else Row(name, "", items)
    return Row(name, str(value))


_ROWS: dict[str, Callable[[Any], Rows]] = {
    "Pod": pod_rows,
    "Job": _job_rows,
    "ConfigMap": _config_map_rows,
    "Secret": _secret_rows,
    "Node": _node_rows,
    **dict.fromkeys(("ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"), _workload_rows),
}
