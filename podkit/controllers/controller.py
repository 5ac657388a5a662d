"""What every controller is: a control loop over a store.

A controller follows some kinds with informers, which say what has to be looked at; `Controller.reconcile` then brings one object
nearer to what it shall be. It never acts on what an event said, only on what is there, so events may be lost, doubled or out of
order, and a controller that was killed between two actions is continued by the next one.

Each works alone: with a store, and either `start` (threads of its own) or `step` (the caller's thread, any clock).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeAlias, TypeVar, cast

from podkit.loop.clock import Clock, SystemClock
from podkit.loop.control import ControlLoop
from podkit.loop.measures import LoopMeasures
from podkit.store.base import NamespaceTerminating, Store
from podkit.store.recorder import EventRecorder

K = TypeVar("K")

ObjectKey: TypeAlias = tuple[str | None, str]
"""Namespace and name of an object."""


class Controller(ABC, Generic[K]):
    """A control loop over a store.

    Args:
        name: what logs and Events call it, such as ``job-controller``.
        store: the store with the objects.
        clock: what time it is; None: the machine's clock.

    Attributes:
        loop: the loop that calls `reconcile`.
    """

    def __init__(self, name: str, store: Store, *, clock: Clock | None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._report = EventRecorder(store, name, self._clock)
        self.loop: ControlLoop[K] = ControlLoop(name, self._attempt, clock=self._clock)

    def reconcile(self, key: K | str) -> float | None:
        """Bring one object nearer to what it shall be; returns after how many seconds to look again, or None.

        Args:
            key: which object: its namespace and name, also as ``"namespace/name"``.
        """
        self.loop.pump()
        return self._attempt(_read_key(key))

    def _attempt(self, key: K) -> float | None:
        """Reconcile. Where something cannot be made because its namespace is going, nothing has failed: the rest goes too."""
        try:
            return self._reconcile(key)
        except NamespaceTerminating:
            return None

    @abstractmethod
    def _reconcile(self, key: K) -> float | None:
        """The same, once the informers show all that has happened."""

    def start(self) -> None:
        """Run in threads of its own until `stop`."""
        self.loop.start()

    def run(self) -> None:
        """Run in this thread until `stop` is called from another one."""
        self.loop.run()

    def stop(self) -> None:
        """End the loop; what is being reconciled is finished first. Stopping twice does no harm."""
        self.loop.stop()

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""
        return self.loop.step()

    def measures(self) -> LoopMeasures:
        """What there is to do at this moment, and what has been done by now."""
        return self.loop.measures()

    def next_due(self) -> float | None:
        """When, on the clock's ``monotonic``, something is due; None when only a change can bring work."""
        return self.loop.next_due()


def _read_key(key: K | str) -> K:
    """A key as the loop has it. The text form is that of Kubernetes' own work queues."""
    if not isinstance(key, str) or "/" not in key:
        return cast("K", key)
    namespace, _, name = key.partition("/")
    return cast("K", (namespace, name))
