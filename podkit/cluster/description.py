"""What `Cluster.describe` returns: a text, which a notebook shows as a card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from podkit.cluster.related import Related
from podkit.model.event import Event
from podkit.showing import repr_html


class Description(str):
    """The text of a description, with what it was made of.

    Attributes:
        obj: the object.
        events: what has been reported about it, the latest last.
        now: when that was.
        related: its Pods, and what else it is described with.
    """

    obj: Any
    events: Sequence[Event]
    now: datetime
    related: Related

    @classmethod
    def of(cls, text: str, obj: Any, events: Sequence[Event], now: datetime, related: Related) -> Self:
        """A description.

        Args:
            text: the text.
            obj: the object.
            events: what has been reported about it, the latest last.
            now: the time, for ages.
            related: its Pods, and what else it is described with.
        """
        made = cls(text)
        made.obj, made.events, made.now, made.related = obj, events, now, related
        return made

    def _repr_html_(self) -> Any:
        """The picture in a notebook: the card of the object, with its last events."""
        return repr_html(self)
