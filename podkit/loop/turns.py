"""Several control loops that take turns in one thread.

What controllers do is quick, and happens in memory, so that Python lets only one of them work at a time anyway. With a thread
each, every change of a Pod would wake a dozen threads, most of which find that it does not concern them; a Pod's start would cost
a fifth more processor time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from podkit.loop.clock import Clock
from podkit.loop.control import ControlLoop


class TakingTurns:
    """Runs control loops in one thread: each in its turn looks after one key, so that none keeps the others waiting for long.

    Args:
        name: what its thread is called.
        loops: the loops; they are not started by themselves.
        clock: what time it is.
    """

    def __init__(self, name: str, loops: Sequence[ControlLoop[Any]], *, clock: Clock) -> None:
        self._loops = list(loops)
        self._clock = clock
        self._roused: dict[ControlLoop[Any], None] = {}
        self._due: dict[ControlLoop[Any], float] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"podkit-{name}", daemon=True)
        for loop in self._loops:
            loop.on_work(partial(self._rouse, loop))

    def start(self) -> None:
        """Run in a thread until `stop`."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End the loops: the key that is being looked after is finished, nothing else is begun. Stopping twice does no harm.

        Args:
            timeout: how many seconds to wait for that.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        for loop in reversed(self._loops):
            loop.stop(max(0.0, deadline - time.monotonic()))

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""
        worked = [loop.step() for loop in self._loops]
        return any(worked)

    def next_due(self) -> float | None:
        """When, on the clock's monotonic time, something is due; None when only a change can bring work."""
        return min((due for loop in self._loops if (due := loop.next_due()) is not None), default=None)

    def _run(self) -> None:
        for loop in self._loops:
            self._turn(loop)
        while loops := self._wait():
            for loop in loops:
                self._turn(loop)

    def _turn(self, loop: ControlLoop[Any]) -> None:
        if loop.turn():
            self._rouse(loop)
        due = loop.next_due()
        if due is None:
            self._due.pop(loop, None)
        else:
            self._due[loop] = due

    def _rouse(self, loop: ControlLoop[Any]) -> None:
        with self._changed:
            self._roused[loop] = None
            self._changed.notify()

    def _wait(self) -> list[ControlLoop[Any]]:
        """The loops whose turn it is, as soon as there are any; none when it is the end."""
        with self._changed:
            while not self._closed:
                now = self._clock.monotonic()
                due = [loop for loop, moment in self._due.items() if moment <= now]
                if self._roused or due:
                    found = dict.fromkeys([*self._roused, *due])
                    self._roused.clear()
                    return list(found)
                self._changed.wait(min(self._due.values()) - now if self._due else None)
        return []
