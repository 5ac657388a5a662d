"""What a loop measures of its own work: counts, and how long things took.

It is kept as plain numbers, which cost next to nothing, whether or not somebody reads them; see `podkit.metrics` for who does.
"""

from __future__ import annotations

import threading
from bisect import bisect_left

from attrs import frozen

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""The upper bounds of the classes into which durations are counted, in seconds; the last class has none."""


@frozen
class Distribution:
    """How often something took how long, at one moment.

    Attributes:
        counts: by the classes of `BOUNDS`, and of what took longer than the last of them.
        total: all durations together, in seconds.
    """

    counts: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        """How often it has happened."""
        return sum(self.counts)


class Histogram:
    """Counts durations; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        with self._lock:
            self._counts[bisect_left(BOUNDS, seconds)] += 1
            self._total += seconds

    def read(self) -> Distribution:
        """What there is by now."""
        with self._lock:
            return Distribution(tuple(self._counts), self._total)


@frozen
class QueueMeasures:
    """A work queue at one moment.

    Attributes:
        depth: how many keys are due and wait for a worker.
        delayed: how many keys are due later.
        working: how many are being worked on.
        unfinished: how many seconds these have been worked on, together.
        longest: how many seconds the one that has been worked on longest has.
        adds: how many keys have become due since the beginning.
        waited: how long keys were due before a worker took them.
        worked: how long workers had them.
    """

    depth: int
    delayed: int
    working: int
    unfinished: float
    longest: float
    adds: int
    waited: Distribution
    worked: Distribution


@frozen
class LoopMeasures:
    """A control loop at one moment.

    Attributes:
        name: of the loop.
        queue: its work queue.
        results: how many reconciles have ended how: ``success``, ``requeue_after``, ``conflict``, ``error``.
    """

    name: str
    queue: QueueMeasures
    results: dict[str, int]
