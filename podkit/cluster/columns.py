"""Objects in the columns that ``kubectl get`` has for their kind.

Source of the rules: Kubernetes, ``pkg/printers/internalversion/printers.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from podkit.cluster.explain import age
from podkit.cluster.pod_columns import pod_line
from podkit.cluster.rows import NONE, Table, joined
from podkit.cluster.until import conditions
from podkit.store.base import event_time

Line = Callable[[Any, datetime], Sequence[str]]
"""The cells of an object, beside its namespace, at a time."""


def tables(objects: Iterable[Any], now: datetime) -> list[Table]:
    """Objects as tables, one for each kind, in the order in which the kinds come.

    There is a column for the namespace where those of a kind are not all in the same.
    """
    by_kind: dict[str, list[Any]] = {}
    for obj in objects:
        by_kind.setdefault(obj.kind, []).append(obj)
    return [_table(kind, members, now) for kind, members in by_kind.items()]


def _table(kind: str, objects: Sequence[Any], now: datetime) -> Table:
    head, line = COLUMNS.get(kind, _PLAIN)
    lines = [list(line(obj, now)) for obj in objects]
    if len({obj.metadata.namespace for obj in objects}) < 2:
        return Table(kind, head, lines)
    names = [obj.metadata.namespace or "" for obj in objects]
    return Table(kind, ("Namespace", *head), [[name, *cells] for name, cells in zip(names, lines, strict=True)])


def _plain(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), since(obj.metadata.creation_timestamp, now)


def _deployment(obj: Any, now: datetime) -> Sequence[str]:
    status = obj.status
    ready = f"{status.ready_replicas or 0}/{_number(obj.spec.replicas, 1)}"
    return _name(obj), ready, _number(status.updated_replicas), _number(status.available_replicas), _age(obj, now)


def _replica_set(obj: Any, now: datetime) -> Sequence[str]:
    wanted = _number(obj.spec.replicas, 1)
    return _name(obj), wanted, _number(obj.status.replicas), _number(obj.status.ready_replicas), _age(obj, now)


def _stateful_set(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), f"{obj.status.ready_replicas or 0}/{_number(obj.spec.replicas, 1)}", _age(obj, now)


def _daemon_set(obj: Any, now: datetime) -> Sequence[str]:
    status = obj.status
    numbers = (
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
    )
    selector = ",".join(f"{key}={value}" for key, value in sorted(obj.spec.template.spec.node_selector.items()))
    return _name(obj), *(_number(number) for number in numbers), selector or NONE, _age(obj, now)


def job_status(obj: Any) -> str:
    """In a word, how far a Job is."""
    true = {condition.type for condition in conditions(obj) if condition.status == "True"}
    for name in ("Complete", "Failed"):
        if name in true:
            return name
    if obj.metadata.deletion_timestamp is not None:
        return "Terminating"
    for name in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if name in true:
            return name
    return "Running"


def _job(obj: Any, now: datetime) -> Sequence[str]:
    spec, status = obj.spec, obj.status
    if spec.completions is not None:
        completions = f"{status.succeeded or 0}/{spec.completions}"
    else:
        completions = f"{status.succeeded or 0}/1" + (f" of {spec.parallelism}" if (spec.parallelism or 0) > 1 else "")
    started, ended = status.start_time, status.completion_time
    duration = "" if started is None else age((ended or now) - started)
    return _name(obj), job_status(obj), completions, duration, _age(obj, now)


def _cron_job(obj: Any, now: datetime) -> Sequence[str]:
    return (
        _name(obj),
        obj.spec.schedule,
        obj.spec.time_zone or NONE,
        str(bool(obj.spec.suspend)),
        str(len(obj.status.active)),
        since(obj.status.last_schedule_time, now) or NONE,
        _age(obj, now),
    )


def _service(obj: Any, now: datetime) -> Sequence[str]:
    spec = obj.spec
    outside = spec.external_name or ",".join(spec.external_ips) or NONE
    ports = ",".join(
        f"{port.port}{f':{port.node_port}' if port.node_port else ''}/{port.protocol or 'TCP'}" for port in spec.ports
    )
    return _name(obj), spec.type or "", spec.cluster_ip or NONE, outside, ports or NONE, _age(obj, now)


def _config_map(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), str(len(obj.data) + len(obj.binary_data)), _age(obj, now)


def _secret(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), obj.type or "", str(len(obj.data)), _age(obj, now)


def _claim(obj: Any, now: datetime) -> Sequence[str]:
    status, spec = obj.status, obj.spec
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    modes = ",".join(short.get(mode, mode) for mode in status.access_modes)
    capacity = str(status.capacity.get("storage", ""))
    phase = "Terminating" if obj.metadata.deletion_timestamp is not None else status.phase or ""
    return _name(obj), phase, spec.volume_name or "", capacity, modes, spec.storage_class_name or "", _age(obj, now)


def node_status(obj: Any) -> str:
    """Whether a node is ready, and whether it takes Pods, as ``kubectl get nodes`` has it."""
    ready = next((condition.status for condition in conditions(obj) if condition.type == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    return ",".join([*words, *(["SchedulingDisabled"] if obj.spec.unschedulable else [])])


def _node(obj: Any, now: datetime) -> Sequence[str]:
    prefix = "node-role.kubernetes.io/"
    roles = ",".join(sorted(key.removeprefix(prefix) for key in obj.metadata.labels if key.startswith(prefix)))
    info = obj.status.node_info
    version, engine = (info.kubelet_version, info.container_runtime_version) if info is not None else ("", "")
    return _name(obj), node_status(obj), roles or NONE, _age(obj, now), version, engine


def _namespace(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), obj.status.phase or "Active", _age(obj, now)


def _event(obj: Any, now: datetime) -> Sequence[str]:
    about = obj.involved_object
    count = f" (x{obj.count})" if (obj.count or 1) > 1 else ""
    subject = f"{(about.kind or '').lower()}/{about.name or ''}"
    return since(event_time(obj), now) + count, obj.type or "", obj.reason or "", subject, obj.message or ""


def _revision(obj: Any, now: datetime) -> Sequence[str]:
    owner = joined(f"{one.kind}/{one.name}" for one in obj.metadata.owner_references if one.controller)
    return _name(obj), owner, str(obj.revision), _age(obj, now)


def _priority_class(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), str(obj.value), str(bool(obj.global_default)), _age(obj, now)


def _runtime_class(obj: Any, now: datetime) -> Sequence[str]:
    return _name(obj), obj.handler, _age(obj, now)


def since(time: datetime | None, now: datetime) -> str:
    """How long ago it was; empty when it was never."""
    return "" if time is None else age(now - time)


def _age(obj: Any, now: datetime) -> str:
    return since(obj.metadata.creation_timestamp, now)


def _name(obj: Any) -> str:
    return obj.metadata.name or ""


def _number(value: int | None, default: int = 0) -> str:
    return str(default if value is None else value)


_PLAIN: tuple[Sequence[str], Line] = (("Name", "Age"), _plain)
_REPLICAS = ("Name", "Desired", "Current", "Ready", "Age")

COLUMNS: dict[str, tuple[Sequence[str], Line]] = {
    "Pod": (("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"), pod_line),
    "Deployment": (("Name", "Ready", "Up-to-date", "Available", "Age"), _deployment),
    "ReplicaSet": (_REPLICAS, _replica_set),
    "ReplicationController": (_REPLICAS, _replica_set),
    "StatefulSet": (("Name", "Ready", "Age"), _stateful_set),
    "DaemonSet": (
        ("Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"),
        _daemon_set,
    ),
    "Job": (("Name", "Status", "Completions", "Duration", "Age"), _job),
    "CronJob": (("Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"), _cron_job),
    "Service": (("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"), _service),
    "ConfigMap": (("Name", "Data", "Age"), _config_map),
    "Secret": (("Name", "Type", "Data", "Age"), _secret),
    "PersistentVolumeClaim": (
        ("Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "Age"),
        _claim,
    ),
    "Node": (("Name", "Status", "Roles", "Age", "Version", "Container-Runtime"), _node),
    "Namespace": (("Name", "Status", "Age"), _namespace),
    "Event": (("Last Seen", "Type", "Reason", "Object", "Message"), _event),
    "ControllerRevision": (("Name", "Controller", "Revision", "Age"), _revision),
    "PriorityClass": (("Name", "Value", "Global-Default", "Age"), _priority_class),
    "RuntimeClass": (("Name", "Handler", "Age"), _runtime_class),
}
"""By kind, the heads of the columns and what makes the cells."""
