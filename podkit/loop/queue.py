"""The work queue of a control loop: which keys want attention, and when.

As client-go's: a key that is added several times before somebody takes it is handed out once; a key that is added while it
is being worked on is handed out again afterwards, so that no two workers ever have the same key; a key may be added for
later, and of several times the earliest counts. Of the keys that are due, those of the greatest priority are handed out first,
and among these the one that was added first.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from podkit.loop.clock import Clock
from podkit.loop.measures import Histogram, QueueMeasures

K = TypeVar("K")


class WorkQueue(Generic[K]):
    """A queue of distinct keys, some of them due later.

    Args:
        clock: what time it is.

    Attributes:
        on_change: is called whenever `take` may give something, now or later; for who does not wait in `take`.
    """

    def __init__(self, clock: Clock) -> None:
        self.on_change: Callable[[], None] | None = None
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: dict[K, int] = {}
        self._ranks: dict[int, dict[K, None]] = {}
        self._working: dict[K, float] = {}
        self._due_since: dict[K, float] = {}
        self._adds = 0
        self._waited, self._worked = Histogram(), Histogram()
        self._again: set[K] = set()
        self._later: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = itertools.count()
        self._woken = False
        self._closed = False

    def add(self, key: K, *, after: float = 0.0, priority: int = 0) -> None:
        """Ask for attention to a key, in ``after`` seconds. After `close` it does nothing.

        Args:
            key: the key.
            after: seconds until it is due.
            priority: the greater comes first, among those that are due. It is not kept for keys that are due later, or again.
        """
        with self._changed:
            if self._closed:
                return
            if after > 0:
                self._add_later(key, self._clock.monotonic() + after)
            else:
                self._add_now(key, priority)
            self._notify()

    def take(self, timeout: float | None = 0.0) -> K | None:
        """The next key that is due; it is the caller's until `done`.

        Args:
            timeout: seconds to wait for one; 0: do not wait; None: wait until there is one, or `wake` or `close` is called.

        Returns:
            None when there is none in time.
        """
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        with self._changed:
            while True:
                self._promote()
                if self._ready and not self._closed:
                    key = next(iter(self._ranks[max(self._ranks)]))
                    self._unready(key)
                    now = self._clock.monotonic()
                    self._waited.observe(now - self._due_since.pop(key, now))
                    self._working[key] = now
                    return key
                pause = self._pause(deadline)
                if self._closed or self._woken or (pause is not None and pause <= 0):
                    self._woken = False
                    return None
                self._changed.wait(pause)

    def done(self, key: K) -> None:
        """Give a taken key back; if it was added meanwhile, it is due again."""
        with self._changed:
            if (began := self._working.pop(key, None)) is not None:
                self._worked.observe(self._clock.monotonic() - began)
            if key in self._again:
                self._again.discard(key)
                self._make_ready(key, 0)
                self._notify()

    def next_due(self) -> float | None:
        """When, on the monotonic clock, the next key is due; None when there is none."""
        with self._changed:
            if self._ready:
                return self._clock.monotonic()
            self._drop_stale()
            return self._heap[0][0] if self._heap else None

    def wake(self) -> None:
        """Let one `take` that waits return None at once; if none waits, the next one."""
        with self._changed:
            self._woken = True
            self._notify()

    def close(self) -> None:
        """Forget all keys and let every `take` return None, now and in future."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._ranks.clear()
            self._due_since.clear()
            self._heap.clear()
            self._later.clear()
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def measures(self) -> QueueMeasures:
        """What there is to do at this moment, and how long things have taken by now."""
        with self._changed:
            now = self._clock.monotonic()
            under_way = [now - began for began in self._working.values()]
            return QueueMeasures(
                depth=len(self._ready),
                delayed=len(self._later),
                working=len(under_way),
                unfinished=sum(under_way),
                longest=max(under_way, default=0.0),
                adds=self._adds,
                waited=self._waited.read(),
                worked=self._worked.read(),
            )

    def _notify(self) -> None:
        self._changed.notify()
        if self.on_change is not None:
            self.on_change()

    def _add_now(self, key: K, priority: int = 0) -> None:
        self._later.pop(key, None)
        if key in self._working:
            self._again.add(key)
        else:
            self._make_ready(key, priority)

    def _make_ready(self, key: K, priority: int) -> None:
        if key not in self._ready:
            self._adds += 1
            self._due_since[key] = self._clock.monotonic()
        if self._ready.get(key) != priority:
            self._unready(key)
            self._ready[key] = priority
            self._ranks.setdefault(priority, {})[key] = None

    def _unready(self, key: K) -> None:
        if (rank := self._ready.pop(key, None)) is not None:
            del self._ranks[rank][key]
            if not self._ranks[rank]:
                del self._ranks[rank]

    def _add_later(self, key: K, due: float) -> None:
        if key in self._ready or key in self._again or self._later.get(key, due + 1) <= due:
            return
        self._later[key] = due
        heapq.heappush(self._heap, (due, next(self._order), key))

    def _promote(self) -> None:
        now = self._clock.monotonic()
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            key = heapq.heappop(self._heap)[2]
            self._add_now(key)
            self._drop_stale()

    def _drop_stale(self) -> None:
        while self._heap and self._later.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)

    def _pause(self, deadline: float | None) -> float | None:
        """Seconds until something is due, or the caller's time is up."""
        moments = [m for m in (deadline, self._heap[0][0] if self._heap else None) if m is not None]
        return min(moments) - self._clock.monotonic() if moments else None
