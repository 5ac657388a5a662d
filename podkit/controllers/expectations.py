"""What a controller has done itself and its informer has not shown yet.

Between a write and the moment at which the informer tells of it, a controller that decides again would decide on old facts: make
the same Pods twice, or count one twice. So it notes the uid of what it has written, and takes the note back when the informer
shows it. What is not shown within `TIMEOUT` is given up, so that a lost event delays a controller but never stops it.

With a store in the same process an informer shows a write as soon as it is pumped, and nothing is ever outstanding.

Source of the idea: ``pkg/controller/controller_utils.go``, ControllerExpectations; there it counts, here it knows uids.
"""

from __future__ import annotations

from collections.abc import Hashable

from podkit.loop.clock import Clock

TIMEOUT = 300.0
"""Seconds after which an expectation is given up (``ExpectationsTimeout``)."""


class Expectations:
    """The uids of objects whose change is awaited, by the key of the object that they were written for.

    Args:
        clock: what time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._awaited: dict[Hashable, dict[str, float]] = {}

    def expect(self, key: Hashable, uid: str) -> None:
        """Await that the informer shows a change of the object with this uid."""
        self._awaited.setdefault(key, {})[uid] = self._clock.monotonic() + TIMEOUT

    def observe(self, key: Hashable, uid: str) -> None:
        """Note that the informer has shown it."""
        awaited = self._awaited.get(key)
        if awaited is not None and awaited.pop(uid, None) is not None and not awaited:
            del self._awaited[key]

    def awaited(self, key: Hashable) -> frozenset[str]:
        """The uids that are still awaited; empty when the informer shows all that was written."""
        awaited = self._awaited.get(key)
        if not awaited:
            return frozenset()
        now = self._clock.monotonic()
        return frozenset(uid for uid, deadline in awaited.items() if deadline > now)

    def forget(self, key: Hashable) -> None:
        """Await nothing any more."""
        self._awaited.pop(key, None)
