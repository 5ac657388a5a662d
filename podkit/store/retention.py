"""How long Events are kept.

Events are the one kind that nobody deletes, so the store does. As an API server does, it drops an Event an hour after it was
last written (`kube-apiserver --event-ttl`); and so that an object that is in trouble for a long time cannot fill the memory,
of the Events about one object only the newest hundred are kept.

Both orders are kept as the Events are written, so that finding what has to go costs nothing but itself.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice

from podkit.model.event import Event

Key = tuple[str | None, str]
"""Namespace and name of an Event."""

TIME_TO_LIVE = 3600.0
"""Seconds from the last write of an Event until it is dropped."""

PER_OBJECT = 100
"""How many Events about one object are kept."""


class EventRetention:
    """Knows which Events have to go.

    Args:
        time_to_live: seconds from the last write until an Event is outdated.
        per_object: how many are kept about one object.
    """

    def __init__(self, *, time_to_live: float = TIME_TO_LIVE, per_object: int = PER_OBJECT) -> None:
        self._time_to_live = time_to_live
        self._per_object = per_object
        self._written: OrderedDict[Key, float] = OrderedDict()
        self._about: dict[str, OrderedDict[Key, None]] = {}

    def note(self, event: Event, now: float) -> list[Key]:
        """An Event has been written, at this time in seconds; returns those that have to go because of it."""
        key = _key(event)
        self._written[key] = now
        self._written.move_to_end(key)
        about = self._about.setdefault(_involved(event), OrderedDict())
        about[key] = None
        about.move_to_end(key)
        surplus = len(about) - self._per_object
        return [*self.outdated(now), *islice(about, max(0, surplus))]

    def __len__(self) -> int:
        """How many Events are known."""
        return len(self._written)

    def outdated(self, now: float) -> list[Key]:
        """The Events that are too old."""
        old = []
        for key, written in self._written.items():
            if now - written < self._time_to_live:
                break
            old.append(key)
        return old

    def forget(self, event: Event) -> None:
        """An Event has been removed."""
        key, involved = _key(event), _involved(event)
        self._written.pop(key, None)
        about = self._about.get(involved, OrderedDict())
        about.pop(key, None)
        if not about:
            self._about.pop(involved, None)


def _key(event: Event) -> Key:
    return event.metadata.namespace, event.metadata.name or ""


def _involved(event: Event) -> str:
    involved = event.involved_object
    return involved.uid or f"{involved.kind}/{involved.namespace}/{involved.name}"
