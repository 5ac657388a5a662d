"""One thing at a time: the lock of the simulated engine, and its events.

Whatever happens in the engine happens in a *turn*: a call of the runtime, or a timer of the clock that lets a program go on.
A turn holds the engine's lock. The events that it brings about are told when it is over and the lock is free again, so that a
handler that takes locks of its own cannot tie itself up with the engine.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType

from podkit.loop.clock import Clock, Timer
from podkit.runtime.base import EventType, RuntimeEvent

Handler = Callable[[RuntimeEvent], None]


class Subscription:
    """One who wants to know what happens to the things that carry some labels."""

    def __init__(self, turn: Turn, labels: Mapping[str, str], handler: Handler) -> None:
        self._turn = turn
        self.labels = dict(labels)
        self.handler = handler

    def close(self) -> None:
        """Hear nothing more; closing twice does no harm."""
        self._turn.unsubscribe(self)


class Turn:
    """A context manager: inside, the engine is the caller's alone. It can be entered again from within.

    Attributes:
        connected: while this is False, events are lost.
    """

    def __init__(self, clock: Clock) -> None:
        self._changed = threading.Condition(threading.RLock())
        self.connected = True
        self._clock = clock
        self._depth = 0
        self._subscriptions: list[Subscription] = []
        self._untold: deque[tuple[Handler, RuntimeEvent]] = deque()

    def __enter__(self) -> None:
        self._changed.acquire()
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        outermost = self._depth == 0
        self._changed.release()
        if outermost:
            self._tell()

    def wait(self) -> None:
        """Let others have their turn until something has `changed`."""
        depth, self._depth = self._depth, 0
        try:
            self._changed.wait()
        finally:
            self._depth = depth

    def changed(self) -> None:
        """Wake up those who wait."""
        self._changed.notify_all()

    def now(self) -> datetime:
        """The time of day."""
        return self._clock.now()

    def call_after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``delay`` seconds, in a turn of its own."""

        def take_turn() -> None:
            with self:
                callback()

        return self._clock.call_after(delay, take_turn)

    def subscribe(self, labels: Mapping[str, str], handler: Handler) -> Subscription:
        """Tell ``handler`` from now on; see `podkit.runtime.base.Runtime.subscribe`."""
        subscription = Subscription(self, labels, handler)
        with self:
            self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Tell this one nothing more."""
        with self:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def unsubscribe_all(self) -> None:
        """Tell nobody anything any more."""
        with self:
            self._subscriptions.clear()

    def happened(self, event_type: EventType, thing_id: str, labels: Mapping[str, str]) -> None:
        """Note, within a turn, that something has happened."""
        if not self._subscriptions or not self.connected:
            return
        event = RuntimeEvent(event_type, thing_id, labels)
        for subscription in self._subscriptions:
            if subscription.labels.items() <= labels.items():
                self._untold.append((subscription.handler, event))

    def lost(self) -> None:
        """Note, within a turn, that everybody may have missed something."""
        self.changed()
        event = RuntimeEvent(EventType.LOST)
        self._untold.extend((subscription.handler, event) for subscription in self._subscriptions)

    def _tell(self) -> None:
        while self._untold:
            try:
                handler, event = self._untold.popleft()
            except IndexError:  # another thread has told it
                return
            handler(event)
