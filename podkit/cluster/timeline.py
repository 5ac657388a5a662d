"""What a Pod has come through, as data: for each container its runs and waits, and the events, on one axis of time.

It is read from the Pod's status and its events. A status remembers the present run of a container and the one before it; of runs
before those there are the events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from podkit.cluster.pod_columns import summarize
from podkit.model.container_status import ContainerStateTerminated, ContainerStatus
from podkit.model.event import Event
from podkit.model.pod import Pod
from podkit.model.pod_containers import all_container_statuses, all_containers
from podkit.model.pod_state import is_terminal
from podkit.showing import repr_html
from podkit.store.base import event_time

POD = "Pod"
"""The lane of what is not about one container."""
_CONTAINER = re.compile(r"\{(.*)\}")


@frozen
class Span:
    """Something that takes time.

    Attributes:
        lane: the container that it is about, or `POD`.
        begin: when it began.
        end: when it ended, or the time of the picture.
        word: what it is: ``Running``, ``Completed``, ``Error``, ``Pulling``, ``CrashLoopBackOff``.
        text: more about it.
    """

    lane: str
    begin: datetime
    end: datetime
    word: str
    text: str = ""


@frozen
class Mark:
    """Something that happened at a moment: an event.

    Attributes:
        lane: the container that it is about, or `POD`.
        time: when.
        word: the reason of the event.
        text: its message.
        warning: whether it is one.
    """

    lane: str
    time: datetime
    word: str
    text: str
    warning: bool = False


@frozen
class Timeline:
    """What a Pod has come through. Printed, it is a line for each thing that happened; a notebook shows it as a picture.

    Attributes:
        pod: the name of the Pod.
        begin: when the Pod was created.
        end: when this was read, or when the Pod had ended.
        lanes: `POD` and the containers, in the order of the Pod.
        spans: what took time.
        marks: what happened at a moment.

    Example:
        ::

            timeline = cluster.timeline("pod/web")
            print(timeline, timeline.end - timeline.begin)
    """

    pod: str
    begin: datetime
    end: datetime
    lanes: Sequence[str]
    spans: Sequence[Span]
    marks: Sequence[Mark]

    def __str__(self) -> str:
        found = [(span.begin, span.lane, f"{span.word} for {_seconds(span.end - span.begin)}") for span in self.spans]
        found += [(mark.time, mark.lane, f"{mark.word}: {' '.join(mark.text.split())}") for mark in self.marks]
        width = max(len(lane) for lane in self.lanes)
        return "\n".join(
            f"{_seconds(time - self.begin):>8}  {lane:<{width}}  {text}"
            for time, lane, text in sorted(found, key=lambda one: one[0])
        )

    def _repr_html_(self) -> Any:
        """The picture in a notebook."""
        return repr_html(self)


def timeline_of(pod: Pod, events: Sequence[Event], now: datetime) -> Timeline:
    """What a Pod has come through.

    Args:
        pod: the Pod.
        events: what has been reported about it.
        now: the time.
    """
    begin = pod.metadata.creation_timestamp or now
    statuses = {one.name: one for one in all_container_statuses(pod.status)}
    names = [one.name for one in all_containers(pod.spec)]
    marks = [mark for event in events for mark in _marks(event, names)]
    end = _end_of(pod, statuses, marks, now)
    pulls = _pulls([mark for mark in marks if mark.lane != POD], end)
    runs = [span for name in names if name in statuses for span in _runs(statuses[name], end)]
    return Timeline(
        pod.metadata.name or "", begin, end, (POD, *names), [*_phases(pod, runs, marks, end), *pulls, *runs], marks
    )


def _end_of(pod: Pod, statuses: dict[str, ContainerStatus], marks: Sequence[Mark], now: datetime) -> datetime:
    """The end of the axis: the end of a Pod that has come to it, else now."""
    if not is_terminal(pod):
        return now
    ends = [end.finished_at for one in statuses.values() if one.state and (end := one.state.terminated)]
    known = [time for time in [*ends, *(mark.time for mark in marks)] if time is not None]
    return max(known, default=now)


def _phases(pod: Pod, runs: Sequence[Span], marks: Sequence[Mark], end: datetime) -> Iterator[Span]:
    """The Pod before its first container ran, and from then on."""
    begin = pod.metadata.creation_timestamp or end
    starts = [mark.time for mark in marks if mark.word == "Started"]
    started = min([run.begin for run in runs] + starts, default=None)
    status = summarize(pod).status
    if started is None:
        yield Span(POD, begin, end, status)
        return
    yield Span(POD, begin, started, "Pending")
    yield Span(POD, started, end, status)


def _runs(status: ContainerStatus, end: datetime) -> Iterator[Span]:
    """The runs of a container that its status remembers, and the wait for the next one."""
    state, last = status.state, status.last_state.terminated if status.last_state is not None else None
    if last is not None:
        yield from _run(status.name, last)
    if state is None:
        return
    if state.running is not None and state.running.started_at is not None:
        readiness = "Running" if status.ready else "Running, not ready"
        yield Span(status.name, state.running.started_at, end, readiness, f"restarts: {status.restart_count}")
    elif state.terminated is not None:
        yield from _run(status.name, state.terminated)
    elif state.waiting is not None and last is not None and last.finished_at is not None:
        waiting = state.waiting
        yield Span(status.name, last.finished_at, end, waiting.reason or "Waiting", waiting.message or "")


def _run(lane: str, run: ContainerStateTerminated) -> Iterator[Span]:
    if run.started_at is not None and run.finished_at is not None:
        word = run.reason or ("Completed" if run.exit_code == 0 else "Error")
        yield Span(lane, run.started_at, run.finished_at, word, f"exit code {run.exit_code}")


def _pulls(marks: Sequence[Mark], end: datetime) -> Iterator[Span]:
    """From each ``Pulling`` of a container to what came of it."""
    for mark in marks:
        if mark.word != "Pulling":
            continue
        after = [
            one.time
            for one in marks
            if one.lane == mark.lane and one.word in ("Pulled", "Failed") and one.time >= mark.time
        ]
        yield Span(mark.lane, mark.time, min(after, default=end), "Pulling", mark.text)


def _marks(event: Event, containers: Sequence[str]) -> Iterator[Mark]:
    """An event, and if it has been reported more often, the first and the last time."""
    found = _CONTAINER.search(event.involved_object.field_path or "")
    lane = found.group(1) if found is not None and found.group(1) in containers else POD
    warning, reason, message = event.type == "Warning", event.reason or "", event.message or ""
    last, count = event_time(event), event.count or 1
    if count > 1 and event.first_timestamp is not None and event.first_timestamp != last:
        yield Mark(lane, event.first_timestamp, reason, message, warning)
        message += f" (x{count})"
    yield Mark(lane, last, reason, message, warning)


def _seconds(passed: timedelta) -> str:
    return f"{passed.total_seconds():.4g} s"
