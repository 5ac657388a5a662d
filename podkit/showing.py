"""How objects, and the progress of waits, come to be shown, seen from below.

A notebook asks an object for its picture by the method ``_repr_html_``. The classes whose objects can be shown know nothing of
pictures: their method is `repr_html`, which asks the painter. Likewise a wait that is to be shown opens a `Screen` and does not
know whether that is a terminal or a notebook. Who paints says the package itself, which knows all its rooms (`podkit.display`
does); it is imported when the first thing is shown, and never by a program that shows none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias


class Screen(Protocol):
    """Where something is shown that changes."""

    def show(self, state: Any) -> None:
        """Show it as it is now, in place of what was shown before."""

    def close(self) -> None:
        """Show nothing more; what is there stays."""


Painter: TypeAlias = Callable[[Any], str | None]
"""Makes HTML of an object; None where it has no picture."""

OpenScreen: TypeAlias = Callable[[], Screen | None]
"""Opens a screen; None where nobody looks: the output is no terminal, and there is no notebook."""

_makers: list[tuple[Painter, OpenScreen]] = []


def show_with(painter: Painter, open_screen: OpenScreen) -> None:
    """Say who paints, and who opens screens."""
    _makers[:] = [(painter, open_screen)]


def repr_html(obj: Any) -> str | None:
    """The picture of an object as HTML; None where it has none, and a notebook shows its ``repr``."""
    return _makers[0][0](obj) if _makers else None


def open_screen() -> Screen | None:
    """A screen; None where nobody looks.

    Raises:
        PodkitError: it would need a package that is not installed.
    """
    return _makers[0][1]() if _makers else None
