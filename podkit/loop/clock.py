"""Time, injected.

Everything in podkit that asks for the time or waits for it does so through a `Clock`. `SystemClock` is the machine's. A
`VirtualClock` stands still until it is told to advance; whoever wants to be called at a later time registers a timer, and
advancing runs the timers in their order. With it a whole cluster runs in one thread, an hour in a blink.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget it, unless it has happened already."""


class Clock(Protocol):
    """What time it is.

    Example:
        ::

            def seconds_since(clock: Clock, began: float) -> float:
                return clock.monotonic() - began
    """

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back, whatever happens to the time of day."""

    def call_after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``delay`` seconds, from a thread that must not be blocked."""


class SystemClock:
    """The machine's clock.

    Example:
        ::

            print(SystemClock().now().isoformat())
    """

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def call_after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``delay`` seconds, from a thread of its own."""
        timer = threading.Timer(max(0.0, delay), callback)
        timer.daemon = True
        timer.start()
        return timer


class _VirtualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock that stands still until `advance` moves it.

    Args:
        start: the time of day at which it begins.

    Example:
        ::

            clock = VirtualClock()
            clock.call_after(3600, lambda: print("an hour later"))
            clock.advance(7200)
            assert clock.monotonic() == 7200
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._timers: list[tuple[float, int, _VirtualTimer]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The virtual time of day, in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Virtual seconds since the clock was made."""
        return self._elapsed

    def call_after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` when the clock has advanced by ``delay`` seconds, from within `advance`."""
        timer = _VirtualTimer(callback)
        heapq.heappush(self._timers, (self._elapsed + max(0.0, delay), next(self._order), timer))
        return timer

    def next_timer(self) -> float | None:
        """When, in terms of `monotonic`, the next timer is due; None when there is none."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance(self, seconds: float) -> None:
        """Move the clock on, calling each timer at its time and in order, also those that come up on the way."""
        end = self._elapsed + seconds
        while (due := self.next_timer()) is not None and due <= end:
            timer = heapq.heappop(self._timers)[2]
            self._elapsed = max(self._elapsed, due)
            if (callback := timer.callback) is not None:
                callback()
        self._elapsed = end
