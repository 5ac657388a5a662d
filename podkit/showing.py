"""How objects come to be shown in notebooks, seen from below.

A notebook asks an object for its picture by the method ``_repr_html_``. The classes whose objects can be shown know nothing of
pictures: their method is `repr_html`, which asks the painter. Who that is says the package itself, which knows all its rooms
(`podkit.display` paints); it is imported when the first object is shown, and never by a program that shows none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Painter: TypeAlias = Callable[[Any], str | None]
"""Makes HTML of an object; None where it has no picture."""

_painters: list[Painter] = []


def show_with(painter: Painter) -> None:
    """Say who paints."""
    _painters[:] = [painter]


def repr_html(obj: Any) -> str | None:
    """The picture of an object as HTML; None where it has none, and a notebook shows its ``repr``."""
    return _painters[0](obj) if _painters else None
