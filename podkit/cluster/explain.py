"""Why something has not come about: the text of a failed wait, for a person to read.

It shows what one would otherwise ask for one by one: phase, conditions, the states of the containers, the last events, the end of
the log. It is kept short, because the interesting part is usually its last lines. Everything here is a function of plain
objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from podkit.cluster.until import conditions
from podkit.model.container_status import ContainerState, ContainerStatus
from podkit.model.event import Event
from podkit.model.pod import Pod
from podkit.model.pod_containers import all_container_statuses
from podkit.store.base import event_time

EVENTS = 6
LOG_LINES = 10
PODS = 3
_LONGEST = 500


@frozen
class Evidence:
    """What is known of an object.

    Attributes:
        obj: the object.
        events: what has been reported about it, the latest last.
        logs: by container name, the end of what it has written.
        pods: the same of the Pods that it owns.
    """

    obj: Any
    events: Sequence[Event] = ()
    logs: dict[str, str] = field(factory=dict)
    pods: Sequence[Evidence] = ()


def explain(evidence: Evidence, now: datetime) -> str:
    """The evidence as indented lines, each with a newline before it; empty when there is nothing to tell."""
    return "".join(f"\n{line}" for line in _lines(evidence, now, "  "))


def _lines(evidence: Evidence, now: datetime, indent: str) -> Iterator[str]:
    obj = evidence.obj
    if isinstance(obj, Pod):
        yield from (indent + line for line in _pod(obj))
    yield from (indent + line for line in _conditions(obj))
    if evidence.events:
        yield f"{indent}events:"
        yield from (f"{indent}  {line}" for line in event_lines(evidence.events[-EVENTS:], now))
    for container, text in evidence.logs.items():
        yield f"{indent}end of the log of {container}:"
        yield from (f"{indent}  {_short(line)}" for line in text.splitlines()[-LOG_LINES:])
    for pod in evidence.pods[:PODS]:
        yield f"{indent}pod {pod.obj.metadata.name}:"
        yield from _lines(pod, now, indent + "  ")
    if len(evidence.pods) > PODS:
        yield f"{indent}and {len(evidence.pods) - PODS} more pods"


def _pod(pod: Pod) -> Iterator[str]:
    status = pod.status
    details = ": ".join(part for part in (status.reason, status.message) if part)
    where = f" on node {pod.spec.node_name}" if pod.spec.node_name else ""
    yield f"phase: {status.phase}{where}" + (f" ({_short(details)})" if details else "")
    for container in all_container_statuses(status):
        yield f"container {container.name}: {_container(container)}"


def _container(status: ContainerStatus) -> str:
    text = describe_state(status.state)
    if status.last_state is not None and status.last_state.terminated is not None:
        text += f"; before that {describe_state(status.last_state)}"
    return text + (f"; restarts: {status.restart_count}" if status.restart_count else "")


def describe_state(state: ContainerState | None) -> str:
    """A container's state in a few words."""
    if state is None:
        return "no state yet"
    if state.running is not None:
        return "running"
    if state.terminated is not None:
        ended = state.terminated
        reason = f" ({ended.reason}{f': {_short(ended.message)}' if ended.message else ''})" if ended.reason else ""
        return f"ended with exit code {ended.exit_code}{reason}"
    if state.waiting is not None:
        waiting = state.waiting
        return f"waiting: {waiting.reason}" + (f" ({_short(waiting.message)})" if waiting.message else "")
    return "waiting"


def _conditions(obj: Any) -> Iterator[str]:
    """The conditions with their reasons; what several of them give as theirs is said once."""
    told: set[str] = set()
    texts = []
    for condition in conditions(obj):
        why = _short(": ".join(part for part in (condition.reason, condition.message) if part))
        new = why and why not in told
        texts.append(f"{condition.type}={condition.status}" + (f" ({why})" if new else ""))
        told.add(why)
    if texts:
        yield f"conditions: {', '.join(texts)}"


def event_lines(events: Sequence[Event], now: datetime) -> Iterator[str]:
    """Events as lines: age, type, reason, who, message."""
    for event in events:
        count = f" (x{event.count})" if (event.count or 1) > 1 else ""
        yield f"{age(now - event_time(event))}{count}  {event.type}  {event.reason}  {_short(event.message or '')}"


def age(passed: timedelta) -> str:
    """A duration as kubectl writes it: ``5s``, ``3m12s``, ``4h5m``, ``3d``."""
    seconds = max(0, int(passed.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
