"""HTML and SVG as values: text is escaped where it becomes part of an element, and cannot come in otherwise."""

from __future__ import annotations

import html as escaping
from collections.abc import Iterable

_FORBIDDEN = {number: "\N{REPLACEMENT CHARACTER}" for number in range(32) if chr(number) not in "\t\n\r"}
"""Control characters, which no document may hold."""


class Markup(str):
    """Text that is part of a document as it is."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """Text for people as part of a document."""
    if isinstance(text, Markup):
        return text
    return Markup(escaping.escape(str(text).translate(_FORBIDDEN), quote=True))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element.

    Args:
        name: of the element.
        children: elements, and texts, which are escaped. None is left out.
        attributes: by name; ``class_`` is ``class``, and an underscore within a name is a hyphen. None is left out.
    """
    names = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    shown = "".join(f' {key}="{escape(value)}"' for key, value in names)
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Elements and texts, one after the other."""
    return Markup("".join(escape(child) for child in children if child is not None))
