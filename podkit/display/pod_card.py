"""The body of a Pod's card: its containers with their states, its conditions and volumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from podkit.cluster.columns import since
from podkit.cluster.describe_pod import controlled_by, port_text, volume_kind
from podkit.display.markup import Markup, joined, tag
from podkit.display.tables import table, without_empty
from podkit.display.tones import condition_pill, pill
from podkit.model.container import Container, EphemeralContainer
from podkit.model.container_status import ContainerState, ContainerStatus
from podkit.model.pod import Pod
from podkit.model.pod_containers import all_container_statuses, is_sidecar

_HEAD = ("Container", "State", "Restarts", "Image", "Ports", "Probes")


def pod_facts(pod: Pod) -> Iterator[str]:
    """What the head of the card says beside the name."""
    if owner := controlled_by(pod):
        yield f"by {owner}"
    if pod.spec.node_name:
        yield f"on {pod.spec.node_name}"
    yield pod.status.pod_ip or ""


def pod_body(pod: Pod, now: datetime | None) -> Markup:
    """The body of the card.

    Args:
        pod: the Pod.
        now: the time, for ages. Default: times are shown as they are.
    """
    status = pod.status
    why = ": ".join(part for part in (status.reason, status.message) if part)
    lines = [_line(*one, now) for one in _containers(pod)]
    notes = [_note(name, state) for name, state in _troubles(pod)]
    pills = [condition_pill(condition) for condition in status.conditions]
    volumes = [pill(f"{volume.name} · {volume_kind(volume)}", "done") for volume in pod.spec.volumes]
    return joined(
        [
            tag("div", why, class_="pk-note pk-bad") if why else None,
            *notes,
            table(*without_empty(_HEAD, lines)),
            _titled("Conditions", pills),
            _titled("Volumes", volumes),
        ]
    )


def _titled(title: str, pills: Sequence[Markup]) -> Markup | None:
    return joined([tag("div", title, class_="pk-title"), tag("div", *pills)]) if pills else None


def _containers(pod: Pod) -> Iterator[tuple[str, Container | EphemeralContainer, ContainerStatus | None]]:
    """All containers, what sort each is, and its status."""
    spec, status = pod.spec, pod.status
    groups: tuple[tuple[str, Sequence[Container | EphemeralContainer], Sequence[ContainerStatus]], ...] = (
        ("init", spec.init_containers, status.init_container_statuses),
        ("", spec.containers, status.container_statuses),
        ("debug", spec.ephemeral_containers, status.ephemeral_container_statuses),
    )
    for sort, members, statuses in groups:
        known = {one.name: one for one in statuses}
        for one in members:
            sidecar = isinstance(one, Container) and sort == "init" and is_sidecar(one)
            yield "sidecar" if sidecar else sort, one, known.get(one.name)


def _line(
    sort: str, one: Container | EphemeralContainer, status: ContainerStatus | None, now: datetime | None
) -> list[object]:
    probes = {"startup": one.startup_probe, "ready": one.readiness_probe, "live": one.liveness_probe}
    name = joined([tag("b", one.name), tag("span", f" {sort}", class_="pk-dim") if sort else None])
    last = status.last_state if status is not None else None
    restarts = str(status.restart_count) if status is not None else "0"
    if last is not None and last.terminated is not None:
        restarts += f" (last: {last.terminated.reason or 'exit'} {last.terminated.exit_code})"
    return [
        name,
        _state(status, now),
        restarts,
        one.image or "",
        ", ".join(port_text(port) for port in one.ports),
        ", ".join(word for word, probe in probes.items() if probe is not None),
    ]


def _state(status: ContainerStatus | None, now: datetime | None) -> Markup:
    state = status.state if status is not None else None
    if status is None or state is None:
        return pill("Waiting", "done")
    if state.running is not None:
        began = state.running.started_at
        word = pill("Running", "ok") if status.ready else pill("Running, not ready", "wait")
        return joined([word, _dim(f"since {began:%H:%M:%S}" if now is None else since(began, now)) if began else None])
    if state.terminated is not None:
        ended = state.terminated
        took = ended.finished_at - ended.started_at if ended.finished_at and ended.started_at else None
        well = ended.exit_code == 0
        word = pill(ended.reason or "Terminated", "done" if well else "bad")
        facts = [
            *([] if well else [f"exit code {ended.exit_code}"]),
            *([f"{took.total_seconds():g} s"] if took else []),
        ]
        return joined([word, _dim(", ".join(facts))])
    waiting = state.waiting
    return pill(waiting.reason if waiting is not None and waiting.reason else "Waiting")


def _dim(text: str) -> Markup:
    return tag("span", text, class_="pk-dim")


def _troubles(pod: Pod) -> Iterator[tuple[str, str]]:
    """What containers that are not well say of it."""
    for one in all_container_statuses(pod.status):
        message = _message(one.state)
        if message:
            yield one.name, message


def _message(state: ContainerState | None) -> str | None:
    if state is None:
        return None
    if state.waiting is not None:
        return state.waiting.message
    ended = state.terminated
    return ended.message if ended is not None and ended.exit_code != 0 else None


def _note(name: str, message: str) -> Markup:
    return tag("div", tag("b", name), f": {message.strip()}", class_="pk-note pk-bad")
