"""The control loop: informers tell which keys have changed, a queue hands them out, one function reconciles a key.

A loop runs in one of three ways. `start` gives it threads of its own, which sleep until there is something to do. `step`
does, in the caller's thread, all that is due now; with a `VirtualClock`, whoever drives the loops steps each until none
has work and then advances the clock to the earliest `next_due`. And several loops can share a thread, see `podkit.loop.turns`.

``reconcile(key)`` reads what is there, brings it nearer to what is wanted, and returns after how many seconds it wants to
see the key again, or None. When it raises, the key is retried with a growing delay, and the log says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic

from podkit.errors import Conflict, PodkitError
from podkit.log import key_fields, logger
from podkit.loop.backoff import Backoff, BackoffPolicy
from podkit.loop.clock import Clock, Timer
from podkit.loop.informer import Informer, OnChange, OpenWatch
from podkit.loop.measures import LoopMeasures
from podkit.loop.queue import K, WorkQueue
from podkit.loop.watch import T

log = logger(__name__)

Fields = Mapping[str, Any]
"""What a record of the log says about a key; see `podkit.log`."""

RETRY = BackoffPolicy(initial=0.005, maximum=60.0)
"""The delay of a key whose reconcile has failed (client-go: `DefaultControllerRateLimiter`, with a lower maximum)."""


class ControlLoop(Generic[K]):
    """Runs a reconcile function over the keys that want attention.

    Args:
        name: what the log calls it.
        reconcile: see the module.
        clock: what time it is.
        workers: how many threads `start` makes; no two ever have the same key.
        fields: what the log is to say of a key. Default: of a pair, that it is namespace and name.
    """

    def __init__(
        self,
        name: str,
        reconcile: Callable[[K], float | None],
        *,
        clock: Clock,
        workers: int = 1,
        fields: Callable[[K], Fields] | None = None,
    ) -> None:
        self.name = name
        self._reconcile = reconcile
        self._clock = clock
        self._workers = workers
        self._fields = fields or key_fields
        self._results = dict.fromkeys(("success", "requeue_after", "conflict", "error"), 0)
        self._counting = threading.Lock()
        self._queue: WorkQueue[K] = WorkQueue(clock)
        self._retries = Backoff(RETRY)
        self._informers: list[Informer[Any]] = []
        self._pumping = threading.Lock()
        self._pump_retries: dict[Informer[Any], Timer] = {}
        self._threads: list[threading.Thread] = []

    def follow(
        self,
        open_watch: OpenWatch[T],
        on_change: OnChange[T],
        *,
        indexes: Mapping[str, Callable[[T], Iterable[str]]] | None = None,
    ) -> Informer[T]:
        """Add an informer. ``on_change`` usually calls `enqueue`."""
        informer = Informer(open_watch, on_change, wake=self._queue.wake, indexes=indexes)
        self._informers.append(informer)
        return informer

    def enqueue(self, key: K, *, after: float = 0.0, priority: int = 0) -> None:
        """Ask for a key to be reconciled, in ``after`` seconds; among those that are due, the greatest priority comes first."""
        self._queue.add(key, after=after, priority=priority)

    def on_work(self, call: Callable[[], None]) -> None:
        """Have a function called, in whatever thread, whenever there is, or will be, something to do. For who calls `turn`."""
        self._queue.on_change = call

    def turn(self) -> bool:
        """Take in what has changed, and look after one key that is due, in this thread; whether there was anything."""
        pumped = self.pump()
        key = self._queue.take()
        if key is not None:
            self._work(key)
        return pumped or key is not None

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""
        worked = False
        while self.turn():
            worked = True
        return worked

    def pump(self) -> bool:
        """Take in what the informers have seen; whether there was anything."""
        with self._pumping:
            pumped = [self._pump(informer) for informer in self._informers if informer.has_news]
        return any(pumped)

    def next_due(self) -> float | None:
        """When, on the monotonic clock, something is due; None when only a change can bring work."""
        return self._queue.next_due()

    def measures(self) -> LoopMeasures:
        """What there is to do at this moment, and what has been done by now."""
        with self._counting:
            results = dict(self._results)
        return LoopMeasures(self.name, self._queue.measures(), results)

    def start(self) -> None:
        """Run in threads of its own until `stop`."""
        for number in range(self._workers):
            thread = threading.Thread(target=self.run, name=f"podkit-{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def run(self) -> None:
        """Run in this thread until `stop` is called from another one."""
        self.pump()
        while not self._queue.closed:
            key = self._queue.take(timeout=None)
            self.pump()
            if key is not None:
                self._work(key)

    def stop(self, timeout: float = 10.0) -> None:
        """End the loop: what is being reconciled is finished, nothing else is begun. Stopping twice does no harm.

        Args:
            timeout: how many seconds to wait for all threads together.
        """
        self._queue.close()
        with self._pumping:
            for timer in self._pump_retries.values():
                timer.cancel()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for informer in self._informers:
            informer.close()

    def _pump(self, informer: Informer[Any]) -> bool:
        """Pump one informer. A failure must not end the loop: the rest is taken in later, and the log says so."""
        try:
            pumped = informer.pump()
        except Exception:
            delay = self._retries.next(informer, self._clock.monotonic())
            message, extra = "%s: what has changed could not be taken in, again in %.3g s", self._extra(delay)
            log.exception(message, self.name, delay, extra=extra)
            self._pump_later(informer, delay)
            return False
        self._retries.forget(informer)
        return pumped

    def _pump_later(self, informer: Informer[Any], delay: float) -> None:
        if not self._queue.closed:
            self._pump_retries[informer] = self._clock.call_after(delay, self._queue.wake)

    def _work(self, key: K) -> None:
        try:
            again = self._reconcile(key)
        except Conflict as conflict:
            delay = self._retry(key)
            message = "%s: %s has changed meanwhile, again: %s"
            log.debug(message, self.name, key, conflict, extra=self._extra(delay, key))
            self._count("conflict")
        except PodkitError as error:
            delay = self._retry(key)
            message = "%s: %s failed, again in %.3g s: %s"
            log.warning(message, self.name, key, delay, error, extra=self._extra(delay, key))
            self._count("error")
        except Exception:
            delay = self._retry(key)
            message = "%s: %s failed for a reason that is a bug of podkit, again in %.3g s"
            log.exception(message, self.name, key, delay, extra=self._extra(delay, key))
            self._count("error")
        else:
            self._retries.forget(key)
            self._count("success" if again is None else "requeue_after")
            if again is not None:
                self._queue.add(key, after=max(again, 0.001))
        finally:
            self._queue.done(key)

    def _count(self, result: str) -> None:
        with self._counting:
            self._results[result] += 1

    def _extra(self, delay: float, *keys: K) -> Fields:
        """The fields of a record about what failed: about a key, if it was one."""
        known = [self._fields(key) for key in keys]
        return {**(known[0] if known else {}), "component": self.name, "retry_after": delay}

    def _retry(self, key: K) -> float:
        delay = self._retries.next(key, self._clock.monotonic())
        self._queue.add(key, after=delay)
        return delay
