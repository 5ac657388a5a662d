"""Reading along what grows: logs.

A `Tap` is looked at by whoever wants what has come, and never waits itself. With the machine's clock a thread reads, and stops
when nobody takes what it has read; on a virtual clock, where nothing happens while somebody reads, looking is reading.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from podkit.cluster.pauses import Signal
from podkit.loop.cancellation import Cancellation, Cancelled

T = TypeVar("T")

ReadLog = Callable[[bool], Iterable[T]]
"""Reads a log from its beginning; with True, it waits for what is still to come."""

_AHEAD = 10_000
"""How many entries are read that nobody has taken yet."""


class Tap(Protocol[T]):
    """A log that is read along."""

    @property
    def look_after(self) -> float | None:
        """After how many seconds to look again; None: when the signal says so."""

    def take(self) -> list[T] | None:
        """What has come since the last time, maybe nothing; None when nothing will come any more."""

    def close(self) -> None:
        """Read no more. Closing twice does no harm."""


class ThreadTap(Generic[T]):
    """Reads in a thread of its own, which ends with the log, or when this is closed.

    Args:
        read: reads the log.
        woken: is set when there is something to take.
    """

    look_after: float | None = None

    def __init__(self, read: ReadLog[T], woken: Signal) -> None:
        self._read = read
        self._woken = woken
        self._cancellation = Cancellation()
        self._items: list[T] = []
        self._change = threading.Condition()
        self._ended = False
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="podkit-log", daemon=True)
        self._thread.start()

    def take(self) -> list[T] | None:
        """What has come since the last time."""
        with self._change:
            items, self._items = self._items, []
            self._change.notify_all()
            if items or not self._ended:
                return items
        if self._problem is not None:
            raise self._problem
        return None

    def close(self) -> None:
        """End the thread; it is not waited for."""
        self._cancellation.request()
        with self._change:
            self._change.notify_all()

    def _run(self) -> None:
        try:
            with self._cancellation.applies():
                entries = iter(self._read(True))
                with self._cancellation.calling(lambda: _close(entries)):
                    self._take_in(entries)
        except Cancelled:
            pass
        except Exception as problem:  # it is raised again by whoever takes
            if not self._cancellation.requested:
                self._problem = problem
        finally:
            self._ended = True
            self._woken.set()

    def _take_in(self, entries: Iterator[T]) -> None:
        for entry in entries:
            with self._change:
                while len(self._items) >= _AHEAD and not self._cancellation.requested:
                    self._change.wait()
                if self._cancellation.requested:
                    return
                self._items.append(entry)
                first = len(self._items) == 1
            if first:
                self._woken.set()


def _close(entries: object) -> None:
    """Close an iterator that allows it while another thread reads; a generator does not, and looks at its cancellation."""
    close = getattr(entries, "close", None)
    if close is not None:
        with contextlib.suppress(ValueError):
            close()


class PolledTap(Generic[T]):
    """Reads the log anew each time.

    Args:
        read: reads the log.
        is_over: whether nothing more will come.
    """

    look_after: float | None = 1.0

    def __init__(self, read: ReadLog[T], is_over: Callable[[], bool]) -> None:
        self._read = read
        self._is_over = is_over
        self._taken = 0
        self._ended = False

    def take(self) -> list[T] | None:
        """What has come since the last time."""
        if self._ended:
            return None
        over = self._is_over()
        known = list(self._read(False))
        items, self._taken = known[self._taken :], len(known)
        self._ended = over
        return items if items or not over else None

    def close(self) -> None:
        """Read no more."""
        self._ended = True
