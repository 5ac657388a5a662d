"""Who makes the control loops go round, while users wait.

With the machine's clock each loop has threads of its own, and waiting is sleeping until something changes. With a
`VirtualClock` there are no threads: waiting is doing the work. The waiting thread steps all loops until none has anything to
do, and then moves the clock to the moment at which the next thing is due, so that an hour of a cluster's life passes in the
time that it takes to compute it.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from podkit.cluster.pauses import Pause, Signal, Steps, advance
from podkit.cluster.taps import PolledTap, ReadLog, Tap, ThreadTap
from podkit.errors import PodkitError
from podkit.loop.cancellation import check
from podkit.loop.clock import Clock, VirtualClock
from podkit.loop.interrupts import interrupts_deferred

T = TypeVar("T")


class Loop(Protocol):
    """A control loop: a controller, a scheduler, a kubelet."""

    def start(self) -> None:
        """Run in threads of its own until `stop`."""

    def stop(self) -> None:
        """End all threads."""

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""

    def next_due(self) -> float | None:
        """When, on the clock's monotonic time, something is due."""


CLOSED = "the cluster has been closed"
NAP = 0.1
"""How many seconds a thread sleeps at a time, before it looks whether Ctrl-C was pressed, or the cluster closed.

Python does not end every sleep because of Ctrl-C: the signal can come just before the sleep, or to another thread.
"""


class Driver(ABC):
    """Makes the loops go round.

    Args:
        loops: in the order in which they are started; they are stopped in the opposite one.
    """

    def __init__(self, loops: Sequence[Loop]) -> None:
        self._loops = list(loops)
        self._stopped = ""

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def pause(self, woken: threading.Event, deadline: float | None) -> bool:
        """Let time pass until ``woken`` is set, which is then cleared.

        Args:
            woken: is set when something has changed.
            deadline: when to return at the latest, on the clock's monotonic time; None: never.

        Returns:
            False when the deadline has come, or when nothing will ever happen any more.

        Raises:
            PodkitError: the loops have been stopped.
            Cancelled: another thread wants the call to end.
        """

    @abstractmethod
    def tap(self, read: ReadLog[T], is_over: Callable[[], bool], woken: Signal) -> Tap[T]:
        """Begin to read a growing log along.

        Args:
            read: reads the log from its beginning; with True, it waits for what is still to come.
            is_over: whether nothing more will come.
            woken: is set when there is something to take.
        """

    def complete(self, steps: Steps[T]) -> T:
        """Go steps to their end in this thread, pausing where they want it."""
        passed: bool | None = None
        try:
            while isinstance(step := advance(steps, passed), Pause):
                passed = self.pause(step.woken, step.until)
            return step.result
        finally:
            steps.close()

    def require_open(self) -> None:
        """See that the loops have not been stopped.

        Raises:
            PodkitError: they have.
        """
        if self._stopped:
            raise PodkitError(self._stopped)

    def attach(self, loop: Loop) -> None:
        """Have another loop go round from now on; its owner stops it, or `stop` does.

        Raises:
            PodkitError: the loops have been stopped.
        """
        self.require_open()
        self._loops.append(loop)

    def detach(self, loop: Loop) -> None:
        """Let a loop go that was attached. Doing so twice does no harm."""
        if loop in self._loops:
            self._loops.remove(loop)

    def stop(self) -> None:
        """Stop all loops."""
        self._stopped = CLOSED
        for loop in reversed(self._loops):
            loop.stop()

    def abandon(self, reason: str) -> None:
        """Refuse to wait for anything any more, because there are no threads; takes no lock."""
        self._stopped = reason


class ThreadDriver(Driver):
    """Lets the loops run in their own threads."""

    def start(self) -> None:
        """Start all loops."""
        for loop in self._loops:
            loop.start()

    def pause(self, woken: threading.Event, deadline: float | None) -> bool:
        """Sleep until ``woken`` is set."""
        with interrupts_deferred() as interrupts:
            while not interrupts:
                self.require_open()
                check()
                left = NAP if deadline is None else deadline - time.monotonic()
                if woken.wait(max(0.0, min(NAP, left))):
                    woken.clear()
                    return True
                if left <= 0:
                    return False
        return True

    def tap(self, read: ReadLog[T], is_over: Callable[[], bool], woken: Signal) -> Tap[T]:  # noqa: ARG002
        """Read it in a thread; the log itself sees its end."""
        return ThreadTap(read, woken)

    def attach(self, loop: Loop) -> None:
        """Start another loop."""
        super().attach(loop)
        loop.start()


HORIZON = 24 * 3600.0
"""How many virtual seconds a pause may take at the most: there is always some periodic work to do, and without such a bound
a wait for what never happens would not end."""


class VirtualDriver(Driver):
    """Steps the loops in the thread of whoever waits.

    Args:
        loops: in the order in which they are stepped.
        clock: what to move on when there is nothing to do.
    """

    def __init__(self, loops: Sequence[Loop], clock: VirtualClock) -> None:
        super().__init__(loops)
        self._clock = clock

    def start(self) -> None:
        """Nothing happens before somebody waits."""

    def pause(self, woken: threading.Event, deadline: float | None) -> bool:
        """Do all the work there is and move the clock on, until ``woken`` is set."""
        end = self._clock.monotonic() + HORIZON if deadline is None else deadline
        with interrupts_deferred() as interrupts:
            while not woken.is_set() and not interrupts:
                self.require_open()
                check()
                if self._step():
                    continue
                due = self._next_due()
                now = self._clock.monotonic()
                if now >= end:
                    return False
                self._clock.advance(max(0.0, min(end if due is None else due, end) - now))
        woken.clear()
        return True

    def tap(self, read: ReadLog[T], is_over: Callable[[], bool], woken: Signal) -> Tap[T]:  # noqa: ARG002
        """Look at it again and again: every virtual second."""
        return PolledTap(read, is_over)

    def _step(self) -> bool:
        worked = [loop.step() for loop in list(self._loops)]
        return any(worked)

    def _next_due(self) -> float | None:
        return min(_known([self._clock.next_timer(), *(loop.next_due() for loop in self._loops)]), default=None)


def _known(moments: Iterable[float | None]) -> list[float]:
    return [moment for moment in moments if moment is not None]


def make_driver(loops: Sequence[Loop], clock: Clock) -> Driver:
    """The driver for loops that run on this clock."""
    return VirtualDriver(loops, clock) if isinstance(clock, VirtualClock) else ThreadDriver(loops)
