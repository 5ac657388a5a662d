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
from podkit.cluster.describe_node import node_rows
from podkit.cluster.describe_pod import pod_rows
from podkit.cluster.describe_service import service_rows
from podkit.cluster.describe_workload import (
    cron_job_rows,
    daemon_set_rows,
    deployment_rows,
    job_rows,
    replica_rows,
    stateful_set_rows,
)
from podkit.cluster.explain import age
from podkit.cluster.related import Related
from podkit.cluster.rows import NONE, Row, Rows, Table, joined, map_row, render, time_text
from podkit.cluster.until import conditions
from podkit.codec import to_dict
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.config import ConfigMap, Secret
from podkit.model.event import Event
from podkit.model.meta import ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.store.base import event_time


def describe(obj: Any, events: Sequence[Event], now: datetime, related: Related | None = None) -> str:
    """The description of an object.

    Args:
        obj: the object.
        events: what has been reported about it, the latest last.
        now: the time, for ages.
        related: its Pods, and what else it is described with.
    """
    rows = [*identity_rows(obj.metadata), *object_rows(obj, related)]
    if not isinstance(obj, Pod | Node) and conditions(obj):
        head = ("Type", "Status", "Reason", "Message")
        rows.append(
            Table("Conditions", head, [(c.type, c.status, c.reason or "", c.message or "") for c in conditions(obj)])
        )
    return render([*rows, _events(events, now)])


def object_rows(obj: Any, related: Related | None = None) -> Rows:
    """What is said of an object beside its name, conditions and events."""
    return _ROWS.get(obj.kind, _other_rows)(obj, related or Related())


def identity_rows(meta: ObjectMeta) -> Rows:
    """What is said of the name of any object, and of what is pinned to it."""
    annotations = {name: text for name, text in meta.annotations.items() if name != LAST_APPLIED}
    rows = [
        Row("Name", meta.name or ""),
        Row("Namespace", meta.namespace or ""),
        map_row("Labels", meta.labels),
        map_row("Annotations", annotations, ": "),
        Row("CreationTimestamp", time_text(meta.creation_timestamp)),
        Row("DeletionTimestamp", time_text(meta.deletion_timestamp)),
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


def _config_map_rows(config_map: ConfigMap, _related: Related) -> Rows:
    data = [Row(name, [text]) for name, text in sorted(config_map.data.items())]
    binary = [Row(name, f"{len(value)} bytes") for name, value in sorted(config_map.binary_data.items())]
    return [Row("Data", "" if data else NONE, data), *([Row("BinaryData", below=binary)] if binary else [])]


def _secret_rows(secret: Secret, _related: Related) -> Rows:
    sizes = [Row(name, f"{len(value)} bytes") for name, value in sorted(secret.data.items())]
    return [Row("Type", secret.type or ""), Row("Data", "" if sizes else NONE, sizes)]


def _namespace_rows(namespace: Namespace, _related: Related) -> Rows:
    return [Row("Status", namespace.status.phase or "")]


def _claim_rows(claim: PersistentVolumeClaim, related: Related) -> Rows:
    spec, status = claim.spec, claim.status
    return [
        Row("StorageClass", spec.storage_class_name or ""),
        Row("Status", status.phase or ""),
        Row("Volume", spec.volume_name or ""),
        Row("Finalizers", joined(claim.metadata.finalizers)),
        Row("Capacity", status.capacity.get("storage", "")),
        Row("Access Modes", joined(status.access_modes)),
        Row("VolumeMode", spec.volume_mode or ""),
        Row("Used By", [pod.metadata.name or "" for pod in related.pods] or NONE),
    ]


def _other_rows(obj: Any, _related: Related) -> Rows:
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


_ROWS: dict[str, Callable[[Any, Related], Rows]] = {
    "Pod": lambda pod, _related: pod_rows(pod),
    "ReplicationController": replica_rows,
    "ReplicaSet": replica_rows,
    "Deployment": deployment_rows,
    "StatefulSet": stateful_set_rows,
    "DaemonSet": daemon_set_rows,
    "Job": job_rows,
    "CronJob": cron_job_rows,
    "ConfigMap": _config_map_rows,
    "Secret": _secret_rows,
    "PersistentVolumeClaim": _claim_rows,
    "Service": service_rows,
    "Node": node_rows,
    "Namespace": _namespace_rows,
}
