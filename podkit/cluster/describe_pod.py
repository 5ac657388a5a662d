"""What the description of a Pod, or of a template for Pods, says; see `podkit.cluster.describe`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from podkit.cluster.rows import NONE, Row, Rows, Table, joined, map_row, time_text, yes
from podkit.codec import to_dict
from podkit.model.container import Container, ContainerPort, EphemeralContainer
from podkit.model.container_status import ContainerState, ContainerStatus
from podkit.model.environment import EnvFromSource, EnvVar, EnvVarSource
from podkit.model.owners import controller_of
from podkit.model.pod import Pod, PodSpec
from podkit.model.probe import Probe
from podkit.model.scheduling import Toleration
from podkit.model.volume import Volume


def pod_rows(pod: Pod) -> Rows:
    """What is said of a Pod beside its name and labels, and before its events."""
    spec, status = pod.spec, pod.status
    deleting = pod.metadata.deletion_timestamp is not None
    shown = [
        Row("Priority", str(spec.priority if spec.priority is not None else 0)),
        Row("Priority Class Name", spec.priority_class_name or ""),
        Row("Runtime Class Name", spec.runtime_class_name or ""),
        Row("Service Account", spec.service_account_name or "default"),
        Row("Node", f"{spec.node_name}/{status.host_ip or ''}" if spec.node_name else NONE),
        Row("Start Time", time_text(status.start_time)),
        Row("Status", "Terminating" if deleting else status.phase or ""),
        Row("Reason", status.reason or ""),
        Row("Message", status.message or ""),
        Row("IP", status.pod_ip or ""),
        Row("IPs", [ip.ip for ip in status.pod_ips] or NONE),
        Row("Controlled By", controlled_by(pod)),
    ]
    optional = {"Priority Class Name", "Runtime Class Name", "Reason", "Message", "Controlled By", "Start Time"}
    return [
        *(row for row in shown if row.value or row.name not in optional),
        *_all_containers(spec, status),
        Table(
            "Conditions", ("Type", "Status", "Reason"), [(c.type, c.status, c.reason or "") for c in status.conditions]
        ),
        _volumes(spec.volumes),
        Row("QoS Class", status.qos_class or ""),
        map_row("Node-Selectors", spec.node_selector),
        Row("Tolerations", [_toleration(one) for one in spec.tolerations] or NONE),
    ]


def template_rows(spec: PodSpec) -> Rows:
    """What is said of the Pods that an object makes."""
    return [*_all_containers(spec, None), _volumes(spec.volumes), map_row("Node-Selectors", spec.node_selector)]


def controlled_by(pod: Pod) -> str:
    """What controls a Pod, as ``ReplicaSet/web-7d4b9``; empty when nothing does."""
    owner = controller_of(pod)
    return f"{owner.kind}/{owner.name}" if owner is not None else ""


def _all_containers(spec: PodSpec, status: Any) -> list[Row]:
    groups: list[tuple[str, Sequence[Container | EphemeralContainer], Sequence[ContainerStatus]]] = [
        ("Init Containers", spec.init_containers, status.init_container_statuses if status else ()),
        ("Containers", spec.containers, status.container_statuses if status else ()),
        ("Ephemeral Containers", spec.ephemeral_containers, status.ephemeral_container_statuses if status else ()),
    ]
    return [Row(title, below=_containers(members, statuses)) for title, members, statuses in groups if members]


def _containers(containers: Iterable[Container | EphemeralContainer], statuses: Sequence[ContainerStatus]) -> list[Row]:
    known = {status.name: status for status in statuses}
    return [
        Row(one.name, below=[*_identity(one, known.get(one.name)), *_state(known.get(one.name)), *_settings(one)])
        for one in containers
    ]


def _identity(container: Container | EphemeralContainer, status: ContainerStatus | None) -> list[Row]:
    rows = []
    if status is not None:
        rows += [Row("Container ID", status.container_id or "")]
    rows += [Row("Image", container.image or "")]
    if status is not None:
        rows += [Row("Image ID", status.image_id or "")]
    rows += [
        Row("Ports", joined(port_text(port) for port in container.ports)),
        Row(
            "Host Ports",
            joined(f"{port.host_port}/{port.protocol or 'TCP'}" for port in container.ports if port.host_port),
        ),
    ]
    if container.command:
        rows += [Row("Command", list(container.command))]
    if container.args:
        rows += [Row("Args", list(container.args))]
    return rows


def port_text(port: ContainerPort) -> str:
    """A port as it is written for people: ``80/TCP (http)``."""
    return f"{port.container_port}/{port.protocol or 'TCP'}" + (f" ({port.name})" if port.name else "")


def _state(status: ContainerStatus | None) -> list[Row]:
    if status is None:
        return []
    rows = [_one_state("State", status.state)]
    if status.last_state is not None and status.last_state.terminated is not None:
        rows += [_one_state("Last State", status.last_state)]
    return [*rows, Row("Ready", yes(status.ready)), Row("Restart Count", str(status.restart_count))]


def _one_state(title: str, state: ContainerState | None) -> Row:
    """A state and, below it, what belongs to it."""
    if state is not None and state.running is not None:
        return Row(title, "Running", [Row("Started", time_text(state.running.started_at))])
    if state is not None and state.terminated is not None:
        ended = state.terminated
        rows = [
            Row("Reason", ended.reason or ""),
            Row("Message", ended.message or ""),
            Row("Exit Code", str(ended.exit_code)),
            Row("Started", time_text(ended.started_at)),
            Row("Finished", time_text(ended.finished_at)),
        ]
        return Row(title, "Terminated", [row for row in rows if row.value])
    waiting = state.waiting if state is not None else None
    rows = [Row("Reason", waiting.reason or ""), Row("Message", waiting.message or "")] if waiting else []
    return Row(title, "Waiting", [row for row in rows if row.value])


def _settings(container: Container | EphemeralContainer) -> list[Row]:
    rows = []
    if container.resources is not None:
        limits, requests = container.resources.limits, container.resources.requests
        rows += [map_row("Limits", limits, ": ")] if limits else []
        rows += [map_row("Requests", requests, ": ")] if requests else []
    probes = {
        "Liveness": container.liveness_probe,
        "Readiness": container.readiness_probe,
        "Startup": container.startup_probe,
    }
    rows += [Row(name, _probe(probe)) for name, probe in probes.items() if probe is not None]
    if container.env_from:
        rows += [Row("Environment Variables from", [_env_from(one) for one in container.env_from])]
    rows += [Row("Environment", [_variable(one) for one in container.env] or NONE)]
    mounts = [
        f"{mount.mount_path} from {mount.name} ({'ro' if mount.read_only else 'rw'}"
        + (f',path="{mount.sub_path}")' if mount.sub_path else ")")
        for mount in container.volume_mounts
    ]
    return [*rows, Row("Mounts", mounts or NONE)]


def _probe(probe: Probe) -> str:
    if probe.exec is not None:
        action = f"exec {probe.exec.command}"
    elif probe.http_get is not None:
        get = probe.http_get
        action = f"http-get {(get.scheme or 'HTTP').lower()}://{get.host or ''}:{get.port}{get.path or '/'}"
    elif probe.tcp_socket is not None:
        action = f"tcp-socket {probe.tcp_socket.host or ''}:{probe.tcp_socket.port}"
    else:
        action = f"grpc <pod>:{probe.grpc.port if probe.grpc is not None else ''}"
    return (
        f"{action} delay={probe.initial_delay_seconds or 0}s timeout={probe.timeout_seconds or 1}s "
        f"period={probe.period_seconds or 10}s #success={probe.success_threshold or 1} "
        f"#failure={probe.failure_threshold or 3}"
    )


def _variable(variable: EnvVar) -> str:
    source = variable.value_from
    return f"{variable.name}:  {variable.value or '' if source is None else _source(source)}"


def _source(source: EnvVarSource) -> str:
    """Where the value of a variable comes from; never the value of a Secret."""
    if source.config_map_key_ref is not None:
        return f"<set to the key {source.config_map_key_ref.key!r} of config map {source.config_map_key_ref.name!r}>"
    if source.secret_key_ref is not None:
        return f"<set to the key {source.secret_key_ref.key!r} in secret {source.secret_key_ref.name!r}>"
    if source.field_ref is not None:
        return f"({source.field_ref.field_path})"
    if source.resource_field_ref is not None:
        return f"({source.resource_field_ref.resource})"
    return "<set from a file>"


def _env_from(source: EnvFromSource) -> str:
    prefix = f" with prefix {source.prefix!r}" if source.prefix else ""
    if source.config_map_ref is not None:
        return f"{source.config_map_ref.name}  ConfigMap{prefix}"
    name = source.secret_ref.name if source.secret_ref is not None else ""
    return f"{name}  Secret{prefix}"


def _volumes(volumes: Sequence[Volume]) -> Row:
    if not volumes:
        return Row("Volumes", NONE)
    return Row("Volumes", below=[Row(volume.name, below=_volume(volume)) for volume in volumes])


def _volume(volume: Volume) -> list[Row]:
    """The kind of a volume and the fields of its source, as they are written in documents."""
    kind, source = _source_of(volume)
    return [Row("Type", kind), *(Row(name, _compact(value)) for name, value in (source or {}).items())]


def volume_kind(volume: Volume) -> str:
    """Which of the sources a volume has, as documents call it: ``emptyDir``."""
    return _source_of(volume)[0]


def _source_of(volume: Volume) -> tuple[str, Any]:
    return next(((name, value) for name, value in to_dict(volume).items() if name != "name"), ("", {}))


def _compact(value: Any) -> str:
    if isinstance(value, list):
        return joined(_compact(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={_compact(item)}" for name, item in value.items())
    return str(value)


def _toleration(toleration: Toleration) -> str:
    text = toleration.key or ""
    if toleration.value:
        text += f"={toleration.value}"
    text += f":{toleration.effect}" if toleration.effect else ""
    if toleration.operator == "Exists":
        text += " op=Exists"
    return text + (f" for {toleration.toleration_seconds}s" if toleration.toleration_seconds is not None else "")
