"""How far a pull is, as annotations of the Event that says that it has begun.

Kubernetes tells nothing between ``Pulling`` and ``Pulled``, and the words of its Events are left as they are. Whoever follows
Events, as a wait with progress does, finds the bytes in the annotations, about once a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from podkit.loop.clock import Clock
from podkit.model.event import Event
from podkit.runtime.base import PullListener, PullProgress

PULLED_BYTES = "podkit.io/pulled-bytes"
TOTAL_BYTES = "podkit.io/total-bytes"
PACE = 1.0
"""Seconds that pass at least between two updates of an Event, but for one that says that all has come."""


def pulling(image: str) -> str:
    """What the Event says."""
    return f'Pulling image "{image}"'


def progress_in(event: Event) -> PullProgress | None:
    """How far the pull is that an Event is about; None if that is not known."""
    try:
        current, total = (int(event.metadata.annotations[name]) for name in (PULLED_BYTES, TOTAL_BYTES))
    except (KeyError, ValueError):
        return None
    return PullProgress(current, total)


def paced(clock: Clock, annotate: Callable[[Mapping[str, str]], None]) -> PullListener:
    """A listener that hands annotations on, and leaves out what follows too soon upon another.

    Args:
        clock: what time it is.
        annotate: is given the annotations.
    """
    last: float | None = None

    def tell(progress: PullProgress) -> None:
        nonlocal last
        now = clock.monotonic()
        if last is None or now - last >= PACE or progress.current == progress.total:
            last = now
            annotate({PULLED_BYTES: str(progress.current), TOTAL_BYTES: str(progress.total)})

    return tell
