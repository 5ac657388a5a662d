"""Reading what containers have written.

A log is a sequence of entries, each a line or a part of a very long one. What comes out is exactly the bytes that were written,
with what was asked for put before each line: its time, and with several Pods, from which of them it is.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from attrs import frozen

from podkit.cluster.containers import ContainerFinder, Place
from podkit.errors import PodkitError
from podkit.loop.clock import Clock
from podkit.model.pod import Pod
from podkit.runtime.base import LogEntry

Since = float | timedelta | datetime
"""From when on: so many seconds ago, so long ago, or at a moment (in UTC if it names no time zone)."""


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

    Args:
        place: which container.
        options: the form in which it is wanted, and how much of it.
        prefixed: whether to say before each line from which Pod and container it is.
    """

    def __init__(self, place: Place, options: LogOptions, *, prefixed: bool) -> None:
        self._origin = f"[pod/{place.pod.metadata.name}/{place.container}] " if prefixed else ""
        self._timestamps = options.timestamps
        self._left = options.limit_bytes
        self._begins = True
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    @property
    def is_full(self) -> bool:
        """Whether as much has been rendered as is wanted."""
        return self._left == 0

    def lines(self, entries: Iterable[LogEntry]) -> list[str]:
        """The lines of further entries. No character is torn where a very long line comes in parts."""
        decode = self._decoder.decode
        return [text for chunk in self._chunks(entries) if (text := decode(chunk))]

    def rest(self) -> list[str]:
        """What is left of a character that has not been written to its end."""
        text = self._decoder.decode(b"", final=True)
        self._begins = True
        return [text] if text else []

    def bytes_of(self, entries: Iterable[LogEntry]) -> bytes:
        """The same as bytes."""
        return b"".join(self._chunks(entries))

    def _chunks(self, entries: Iterable[LogEntry]) -> Iterator[bytes]:
        plain = not self._origin and not self._timestamps
        chunks = (entry.content for entry in entries) if plain else self._marked(entries)
        return chunks if self._left is None else self._limited(chunks)

    def _marked(self, entries: Iterable[LogEntry]) -> Iterator[bytes]:
        """The bytes of log entries, each line with what is to stand before it."""
        for entry in entries:
            before = self._origin if self._begins else ""
            if self._begins and self._timestamps:
                before += f"{rfc3339_nano(entry.time)} "
            self._begins = entry.content.endswith(b"\n")
            yield before.encode() + entry.content

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            wanted = chunk[: self._left]
            self._left = (self._left or 0) - len(wanted)
            if wanted:
                yield wanted
            if not self._left:
                return


def moment(since: Since, now: datetime) -> datetime:
    """The moment that ``since`` means."""
    if isinstance(since, datetime):
        return since if since.tzinfo is not None else since.replace(tzinfo=UTC)
    return now - (since if isinstance(since, timedelta) else timedelta(seconds=since))


def rfc3339_nano(time: datetime) -> str:
    """A time as Go's ``time.RFC3339Nano`` writes it: in UTC, with as many digits of a second as it needs."""
    utc = time.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"
