"""Objects as verbs return them: a list, which is printed, and shown in a notebook, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from podkit.cluster.columns import tables
from podkit.cluster.rows import listing
from podkit.showing import repr_html

T = TypeVar("T")


class ObjectList(list[T]):
    """A list of objects, like any other list, that knows of when it is.

    ``print(cluster.list("pods"))`` prints what ``kubectl get pods`` does.

    Args:
        objects: the objects.
        now: the time at which they were read, for ages.
    """

    def __init__(self, objects: Iterable[T] = (), *, now: datetime | None = None) -> None:
        super().__init__(objects)
        self.now = now

    def __str__(self) -> str:
        """A table for each kind, with the columns of ``kubectl get``."""
        found = tables(self, self.now or datetime.now(UTC))
        return "\n\n".join(map(listing, found)) or "No resources found"

    def _repr_html_(self) -> Any:
        """The picture in a notebook: a table for each kind, with the columns of ``kubectl get``."""
        return repr_html(self)
