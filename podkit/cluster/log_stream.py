"""The lines of logs, as users get them: an iterator over what has been written, and maybe what is still to be.

What is followed beyond what is there is `podkit.cluster.followed_lines`'s business.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from podkit.cluster.containers import Place
from podkit.cluster.driver import Driver
from podkit.cluster.logs import LogOptions, LogReader, Rendering
from podkit.cluster.pauses import Steps
from podkit.runtime.base import LogEntry

_BATCH = 1000


class Lines(Protocol):
    """Where the lines of a stream come from."""

    def batch(self) -> Steps[list[str] | None]:
        """The next lines, as soon as there are any; None at the end."""

    def close(self) -> None:
        """Bring no more. Closing twice does no harm."""


class LogStream:
    """The lines of logs as they are written; an iterator, and a context manager that ends it. Any thread can close it.

    Each line has its newline, if it has one, so that all lines together are what `podkit.Cluster.logs` returns.

    Args:
        lines: where they come from.
        driver: lets time pass.

    Example:
        ::

            with cluster.stream_logs("deploy/web") as lines:
                for line in lines:
                    print(line, end="")
                    break
    """

    def __init__(self, lines: Lines, driver: Driver) -> None:
        self._lines = lines
        self._driver = driver
        self._ready: Iterator[str] = iter(())
        self._closed = False
        self._process = os.getpid()

    @property
    def closed(self) -> bool:
        """Whether it has come to its end."""
        return self._closed

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> str:
        """The next line, as soon as there is one."""
        for line in self._ready:
            return line
        batch = self._driver.complete(self.batch())
        if batch is None:
            raise StopIteration
        self._ready = iter(batch)
        return next(self._ready)

    def batch(self) -> Steps[list[str] | None]:
        """The next lines, for those who let time pass themselves; None at the end."""
        batch = None if self._closed else (yield from self._lines.batch())
        if batch is None or self._closed:
            self.close()
            return None
        return batch

    def close(self) -> None:
        """End it; whoever waits for its next line comes to the end. Closing twice does no harm."""
        self._closed = True
        self._lines.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it when nobody can read it any more; in a forked child, whose threads have gone, leave it to the parent."""
        if getattr(self, "_process", None) == os.getpid():
            self._lines.close()


class WrittenLines:
    """What has been written until now, one container after the other.

    Args:
        logs: reads logs.
        places: the containers.
        options: what is wanted.
        prefixed: whether to say before each line from which Pod and container it is.
    """

    def __init__(self, logs: LogReader, places: Iterable[Place], options: LogOptions, *, prefixed: bool) -> None:
        self._lines = itertools.chain.from_iterable(
            _written(logs.entries(place, options), Rendering(place, options, prefixed=prefixed)) for place in places
        )

    def batch(self) -> Steps[list[str] | None]:
        """The next lines; None at the end."""
        yield from ()  # it never has to wait
        return list(itertools.islice(self._lines, _BATCH)) or None

    def close(self) -> None:
        """Bring no more."""
        self._lines = itertools.chain()


def _written(entries: Iterable[LogEntry], rendering: Rendering) -> Iterator[str]:
    remaining = iter(entries)
    while chunk := list(itertools.islice(remaining, _BATCH)):
        yield from rendering.lines(chunk)
        if rendering.is_full:
            return
    yield from rendering.rest()
