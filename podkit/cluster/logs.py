"""Reading what containers have written.

A log is a sequence of entries, each a line or a part of a very long one. What comes out is exactly the bytes that were written,
with what was asked for put before each line: its time, and with several Pods, from which of them it is.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from attrs import frozen

from podkit.cluster.containers import ContainerFinder, Place
from podkit.cluster.driver import Driver
from podkit.errors import ContainerNotFound, PodkitError
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
    """Reads logs of Pods.

    Args:
        finder: finds the containers.
        driver: lets time pass for those who follow a log.
        clock: what time it is.
    """

    def __init__(self, finder: ContainerFinder, driver: Driver, clock: Clock) -> None:
        self._finder = finder
        self._driver = driver
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
        chunks = [
            self._chunks(place, options, follow=False, prefixed=prefixed) for place in self._places(pods, options)
        ]
        return b"".join(itertools.chain.from_iterable(chunks))[: options.limit_bytes].decode(errors="replace")

    def stream(self, pods: Iterable[Pod], options: LogOptions, *, follow: bool, prefixed: bool) -> Iterator[str]:
        """The same line by line; with ``follow`` also what is still going to be written, until the containers have ended.

        A line ends with its newline, if it has one, so that all lines together are what `read` returns. The lines of several
        Pods come as they are written.
        """
        streams = [
            self._lines(self._chunks(place, options, follow=follow, prefixed=prefixed), options.limit_bytes)
            for place in self._places(pods, options)
        ]
        return self._driver.side_by_side(streams)

    @staticmethod
    def _lines(chunks: Iterator[bytes], limit: int | None) -> Iterator[str]:
        """Text, of which no character is torn where a very long line comes in parts."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for data in _limited(chunks, limit):
            if text := decoder.decode(data):
                yield text
        if rest := decoder.decode(b"", final=True):
            yield rest

    def _places(self, pods: Iterable[Pod], options: LogOptions) -> list[Place]:
        """The containers that have something to tell."""
        found, problems = [], []
        for pod in pods:
            try:
                found.append(self._finder.with_log(pod, options.container, previous=options.previous))
            except PodkitError as problem:
                problems.append(problem)
        if problems and not found:
            raise problems[0]
        return found

    def _chunks(self, place: Place, options: LogOptions, *, follow: bool, prefixed: bool) -> Iterator[bytes]:
        since = moment(options.since, self._clock.now()) if options.since is not None else None

        def read(wait: bool) -> Iterator[LogEntry]:
            return place.runtime.logs(place.container_id, follow=wait, since=since, tail=options.tail)

        origin = f"[pod/{place.pod.metadata.name}/{place.container}] " if prefixed else ""
        entries = self._driver.follow(read, lambda: _has_ended(place)) if follow else read(False)
        return rendered(entries, origin, timestamps=options.timestamps)


def _has_ended(place: Place) -> bool:
    try:
        return place.runtime.container(place.container_id).finished_at is not None
    except ContainerNotFound:
        return True


def rendered(entries: Iterable[LogEntry], origin: str, *, timestamps: bool) -> Iterator[bytes]:
    """The bytes of log entries, each line with what is to stand before it."""
    begins = True
    for entry in entries:
        before = origin if begins else ""
        if begins and timestamps:
            before += f"{rfc3339_nano(entry.time)} "
        begins = entry.content.endswith(b"\n")
        yield before.encode() + entry.content


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


def _limited(chunks: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
    if limit is None:
        yield from chunks
        return
    left = limit
    for chunk in chunks:
        if left <= 0:
            return
        yield chunk[:left]
        left -= len(chunk)
