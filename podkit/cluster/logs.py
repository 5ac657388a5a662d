"""Reading what containers have written.

A log is a sequence of entries, each a line or a part of one. What comes out are exactly the lines that were written,
with what was asked for put before each line: its time, and with several Pods, from which of them it is.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from podkit.cluster.containers import ContainerFinder, Place
from podkit.errors import PodkitError
from podkit.loop.clock import Clock
from podkit.model.pod import Pod
from podkit.runtime.base import LogEntry

Since = float | timedelta | datetime
"""From when on: so many seconds ago, so long ago, or at a moment (in UTC if it names no time zone)."""

_LONGEST = 1 << 20
"""Bytes of a line that are put together at the most."""


@frozen
class LogOptions:
    """What of a log is wanted, and in what form.

    Attributes:
        container: the container's name; None: the Pod's usual one.
        previous: the run before the present one.
        since: only what was written from then on.
        tail: only so many of the last lines.
        timestamps: put the time (RFC 3339 with nanoseconds) before each line.
        limit_bytes: no more than so many bytes, from the beginning.
    """

    container: str | None = None
    previous: bool = False
    since: Since | None = None
    tail: int | None = None
    timestamps: bool = False
    limit_bytes: int | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("tail", "limit_bytes"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise PodkitError(f"{name} is a number of lines or bytes, and cannot be {value}")
        if self.since is not None:
            _check_since(self.since)


class LogReader:
    """Reads logs of Pods, as far as they have been written.

    Args:
        finder: finds the containers.
        clock: what time it is.
    """

    def __init__(self, finder: ContainerFinder, clock: Clock) -> None:
        self._finder = finder
        self._clock = clock

    def read(self, pods: Iterable[Pod], options: LogOptions, *, prefixed: bool) -> str:
        """What has been written until now, one Pod after the other.

        Args:
            pods: the Pods; with several, those that have not run yet are left out.
            options: what is wanted.
            prefixed: whether to say before each line from which Pod and container it is.

        Raises:
            PodkitError: none of the Pods has run yet, or has such a container.
        """
        data = b"".join(
            Rendering(place, options, prefixed=prefixed).bytes_of(self.entries(place, options))
            for place in self.places(pods, options)
        )
        return data[: options.limit_bytes].decode(errors="replace")

    def places(self, pods: Iterable[Pod], options: LogOptions) -> list[Place]:
        """The containers that have something to tell.

        Raises:
            PodkitError: there is none.
        """
        found, problems = [], []
        for pod in pods:
            try:
                found.append(self._finder.with_log(pod, options.container, previous=options.previous))
            except PodkitError as problem:
                problems.append(problem)
        if problems and not found:
            raise problems[0]
        return found

    def entries(self, place: Place, options: LogOptions) -> Iterable[LogEntry]:
        """What is wanted of what has been written."""
        since = moment(options.since, self._clock.now()) if options.since is not None else None
        return place.runtime.logs(place.container_id, since=since, tail=options.tail)


class Rendering:
    """Makes text out of the entries of one container's log, which may come a few at a time.

    The parts in which an engine keeps a line, because it was long or written bit by bit, are put together again, of each of the two
    streams by itself; what is put together so far is *held*.

    Args:
        place: which container.
        options: the form in which it is wanted, and how much of it.
        prefixed: whether to say before each line from which Pod and container it is.
    """

    def __init__(self, place: Place, options: LogOptions, *, prefixed: bool) -> None:
        self._origin = f"[pod/{place.pod.metadata.name}/{place.container}] " if prefixed else ""
        self._timestamps = options.timestamps
        self._left = options.limit_bytes
        self._held: dict[str, LogEntry] = {}
        self._torn: set[str] = set()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    @property
    def is_full(self) -> bool:
        """Whether as much has been rendered as is wanted."""
        return self._left == 0

    @property
    def holds(self) -> bool:
        """Whether there is a line whose end has not been written yet."""
        return bool(self._held)

    def lines(self, entries: Iterable[LogEntry]) -> list[str]:
        """The lines that further entries complete."""
        decode = self._decoder.decode
        return [text for chunk in self._chunks(self._whole(entries)) if (text := decode(chunk))]

    def held(self) -> list[str]:
        """What is held, as it is: its rest will come, if at all, as if it were a line."""
        decode = self._decoder.decode
        return [text for chunk in self._chunks(self._release()) if (text := decode(chunk))]

    def rest(self) -> list[str]:
        """What is held at the end of the log."""
        texts = [*self.held(), self._decoder.decode(b"", final=True)]
        self._torn.clear()
        return [text for text in texts if text]

    def bytes_of(self, entries: Iterable[LogEntry]) -> bytes:
        """A whole log as bytes."""
        return b"".join(self._chunks(itertools.chain(self._whole(entries), self._release())))

    def _whole(self, entries: Iterable[LogEntry]) -> Iterator[LogEntry]:
        """Entries that are lines, or a mebibyte of one."""
        held = self._held
        for entry in entries:
            if not held and entry.content.endswith(b"\n"):
                yield entry
                continue
            begun = held.pop(entry.stream, None)
            line = entry if begun is None else evolve(begun, content=begun.content + entry.content)
            if line.content.endswith(b"\n") or len(line.content) >= _LONGEST:
                yield line
            else:
                held[line.stream] = line

    def _release(self) -> Iterator[LogEntry]:
        while self._held:
            yield self._held.pop(next(iter(self._held)))

    def _chunks(self, entries: Iterable[LogEntry]) -> Iterator[bytes]:
        plain = not self._origin and not self._timestamps
        chunks = (entry.content for entry in entries) if plain else self._marked(entries)
        return chunks if self._left is None else self._limited(chunks)

    def _marked(self, entries: Iterable[LogEntry]) -> Iterator[bytes]:
        """The bytes of log entries, each line with what is to stand before it."""
        origin, torn = self._origin.encode(), self._torn
        for entry in entries:
            before = origin + rfc3339_nano(entry.time).encode() + b" " if self._timestamps else origin
            yield entry.content if entry.stream in torn else before + entry.content
            if entry.content.endswith(b"\n"):
                torn.discard(entry.stream)
            else:
                torn.add(entry.stream)

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            wanted = chunk[: self._left]
            self._left = (self._left or 0) - len(wanted)
            if wanted:
                yield wanted
            if not self._left:
                return


def _check_since(since: Any) -> None:
    """See that it says from when on.

    Raises:
        TypeError: it is something else, such as a text.
        PodkitError: it is in the future.
    """
    if isinstance(since, datetime):
        return
    if isinstance(since, bool) or not isinstance(since, int | float | timedelta):
        raise TypeError(f"since is a number of seconds, a timedelta or a datetime, and not a {type(since).__name__}")
    if (since if isinstance(since, timedelta) else timedelta(seconds=since)) < timedelta():
        raise PodkitError(f"since says how long ago, and cannot be less than nothing: {since}")


def moment(since: Since, now: datetime) -> datetime:
    """The moment that ``since`` means."""
    if isinstance(since, datetime):
        return since if since.tzinfo is not None else since.replace(tzinfo=UTC)
    return now - (since if isinstance(since, timedelta) else timedelta(seconds=since))


def rfc3339_nano(time: datetime) -> str:
    """A time as Go's ``time.RFC3339Nano`` writes it: in UTC, with as many digits of a second as it needs."""
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    text = utc.isoformat().removesuffix("+00:00")
    return f"{text.rstrip('0')}Z" if utc.microsecond else f"{text}Z"
