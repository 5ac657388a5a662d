"""What drawings are made of: boxes, lines and texts of SVG, in the colours of the style sheet."""

from __future__ import annotations

from podkit.display.markup import Markup, joined, tag
from podkit.display.style import sheet

WIDE = 6.6
"""About how many units a character of 12 units takes."""


def drawing(width: float, height: float, *shapes: Markup | None, label: str) -> Markup:
    """A drawing that becomes narrower with its page.

    Args:
        width: in units.
        height: in units.
        shapes: what is on it.
        label: what it shows, for those who cannot see it.
    """
    return tag(
        "svg",
        *shapes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        role="img",
        aria_label=label,
        class_="podkit pk-drawing",
    )


def alone(picture: Markup) -> str:
    """A drawing as a file of its own, which brings its colours along."""
    start = picture.index(">") + 1
    return f"{picture[:start]}{sheet()}{picture[start:]}\n"


def text(
    x: float, y: float, words: str, *, kind: str = "", anchor: str | None = None, room: float | None = None
) -> Markup:
    """A text; what finds no room is cut off.

    Args:
        x: where it begins, or with an ``anchor`` is centred (``middle``) or ends (``end``).
        y: where its base line is.
        words: the text.
        kind: ``dim`` or ``strong``, or a tone.
        anchor: see ``x``.
        room: how wide it may be.
    """
    longest = None if room is None else max(1, int(room / WIDE))
    cut = words if longest is None or len(words) <= longest else words[: longest - 1] + "…"
    return tag(
        "text",
        cut,
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        text_anchor=anchor,
        class_=f"pk-t {f'pk-t-{kind}' if kind else ''}".strip(),
    )


def box(x: float, y: float, width: float, height: float, tone: str, *inside: Markup, hint: str = "") -> Markup:
    """A rounded box in a tone, with a hint under the pointer."""
    shape = tag(
        "rect",
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        rx="5",
        class_=f"pk-s pk-s-{tone}",
    )
    return tag("g", tag("title", hint) if hint else None, shape, joined(inside))


def line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """A thin line."""
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", class_="pk-l")


def curve(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """A line that leaves and arrives level."""
    bend = (x2 - x1) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return tag("path", d=path, class_="pk-l")
