"""Objects as verbs return them: a list, which a notebook shows as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from podkit.showing import repr_html

T = TypeVar("T")


class ObjectList(list[T]):
    """A list of objects, like any other list, that knows of when it is.

    Args:
        objects: the objects.
        now: the time at which they were read, for ages.
    """

    def __init__(self, objects: Iterable[T] = (), *, now: datetime | None = None) -> None:
        super().__init__(objects)
        self.now = now

    def _repr_html_(self) -> Any:
        """The picture in a notebook: a table for each kind, with the columns of ``kubectl get``."""
        return repr_html(self)
