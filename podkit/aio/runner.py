"""What an event loop has done for it elsewhere: calls in threads, and pauses.

There are two sets of threads. Verbs that only ask or tell the store, and the steps of those that wait, take the *quick* ones; they
are always through soon. What talks with a container for as long as that takes, takes the *slow* ones, as many as a user allows.
So what is slow never holds up what is quick.

On a virtual clock there is one thread for all, because there the one who waits does all the work.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from podkit.cluster.driver import CLOSED, Driver
from podkit.cluster.pauses import Done, Pause, Steps, advance
from podkit.errors import PodkitError
from podkit.loop.cancellation import Cancellation, Cancelled
from podkit.loop.clock import Clock, VirtualClock
from podkit.loop.interrupts import interrupts_deferred

T = TypeVar("T")

_QUICK_THREADS = 4
_END_SECONDS = 1.0
"""How long a call that is cancelled has to end before it is left to itself."""


class Pool(Enum):
    """Which threads a call takes."""

    QUICK = "quick"
    SLOW = "slow"


class Runner:
    """Does for an event loop what would block it.

    Args:
        driver: the cluster's.
        clock: what time it is.
        max_threads: how many slow calls can go on at once; further ones wait for their turn.
    """

    def __init__(self, driver: Driver, clock: Clock, max_threads: int) -> None:
        self._driver = driver
        self._clock = clock
        self._virtual = isinstance(clock, VirtualClock)
        slow = ThreadPoolExecutor(1 if self._virtual else max_threads, "podkit-aio")
        quick = slow if self._virtual else ThreadPoolExecutor(_QUICK_THREADS, "podkit-aio-quick")
        self._pools = {Pool.QUICK: quick, Pool.SLOW: slow}
        self._under_way: set[Cancellation] = set()
        self._asleep: set[Callable[[], None]] = set()

    async def call(self, pool: Pool, function: Callable[..., T], /, *args: Any, **options: Any) -> T:
        """Call a function in a thread. Cancelling ends it, by a `Cancellation` that applies to it.

        Raises:
            PodkitError: the cluster has been closed.
        """
        return await self._call(pool, partial(function, *args, **options), _forget)

    async def open(self, pool: Pool, function: Callable[..., T], /, *args: Any, **options: Any) -> T:
        """The same for a function that opens something: what a cancelled call opens nevertheless is closed."""
        return await self._call(pool, partial(function, *args, **options), _close)

    async def complete(self, steps: Steps[T]) -> T:
        """Go steps to their end: each in a thread, while the loop waits in between."""
        passed: bool | None = None
        try:
            while True:
                step: Pause | Done[T] = await self.call(Pool.QUICK, advance, steps, passed)
                if isinstance(step, Done):
                    return step.result
                passed = await self._pause(step)
        finally:
            with contextlib.suppress(ValueError):  # a step that could not be broken off closes them when it has ended
                steps.close()

    def stop(self) -> None:
        """End all calls that are under way. They fail with what says that the cluster has been closed."""
        for cancellation in list(self._under_way):
            cancellation.request()

    def close(self) -> None:
        """Wake all that wait, to see that the cluster has been closed, and end the threads."""
        for wake in list(self._asleep):
            wake()
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    async def _call(self, pool: Pool, function: Callable[[], T], dispose: Callable[[Future[Any]], None]) -> T:
        cancellation = Cancellation()
        context = contextvars.copy_context()
        try:
            future = self._pools[pool].submit(context.run, _under, cancellation, function)
        except RuntimeError:  # the threads have been ended
            raise PodkitError(CLOSED) from None
        self._under_way.add(cancellation)
        future.add_done_callback(lambda _: self._under_way.discard(cancellation))
        try:
            ended, result = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            cancellation.request()
            future.add_done_callback(dispose)
            await _settle(future)
            raise
        if not ended:
            raise PodkitError(CLOSED)
        return result  # type: ignore[return-value]  # it is None only where the call has not ended

    async def _pause(self, pause: Pause) -> bool:
        """Let time pass, as `Driver.pause` does."""
        if self._virtual:
            return await self.call(Pool.SLOW, self._driver.pause, pause.woken, pause.until)
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(woken.set)

        self._asleep.add(wake)
        try:
            with pause.woken.heard_by(wake):
                self._driver.require_open()
                left = None if pause.until is None else max(0.0, pause.until - self._clock.monotonic())
                passed = await _within(left, woken)
        finally:
            self._asleep.discard(wake)
        self._driver.require_open()
        if passed:
            pause.woken.clear()
        return passed


async def _within(seconds: float | None, event: asyncio.Event) -> bool:
    """Wait for an event; whether it came in time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _under(cancellation: Cancellation, function: Callable[[], T]) -> tuple[bool, T | None]:
    """Whether a call has come to its end, and with what; False: it has been cancelled."""
    try:
        with cancellation.applies():
            return True, function()
    except Cancelled:
        return False, None


def _forget(future: Future[Any]) -> None:
    """Nothing remains of what a cancelled call has come to."""


def _close(future: Future[Any]) -> None:
    """Close what a cancelled call has opened before it noticed."""
    if future.cancelled() or future.exception() is not None:
        return
    ended, opened = future.result()
    if ended:
        opened.close()


async def _settle(future: Future[Any]) -> None:
    """Let a call end that has been asked to."""
    remains = asyncio.wrap_future(future)
    await asyncio.wait([remains], timeout=_END_SECONDS)
    if not remains.done():
        remains.add_done_callback(lambda done: done.cancelled() or done.exception())
    elif not remains.cancelled():
        remains.exception()


async def in_own_thread(function: Callable[[], T], when_cancelled: Callable[[], None] = lambda: None) -> T:
    """Do something in a thread of its own and let nothing break it off; a cancellation takes effect at its end.

    Pressing Ctrl-C again and again ends the event loop; then Python does not end before this has.

    Args:
        function: what is to be done.
        when_cancelled: is called when it is cancelled.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # it is raised where it is awaited
            future.set_exception(error)

    thread = threading.Thread(target=run, name="podkit-aio-life", daemon=True)
    thread.start()

    def finish() -> None:
        with interrupts_deferred():
            thread.join()

    atexit.register(finish)
    future.add_done_callback(lambda _: atexit.unregister(finish))
    waiting = asyncio.wrap_future(future)
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            await asyncio.wait([waiting])
        except asyncio.CancelledError as error:
            cancelled = error
            when_cancelled()
    thread.join()  # its last act was to say so
    if cancelled is not None:
        waiting.exception()
        raise cancelled
    return waiting.result()
