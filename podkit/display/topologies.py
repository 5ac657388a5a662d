"""A topology as a drawing: a column for each sort of object, lines from owners to what they have made, and from Pods to nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from podkit.cluster.topology import Thing, Topology
from podkit.display.drawing import box, curve, drawing, text
from podkit.display.markup import Markup
from podkit.display.tones import tone_of

BOX, GAP, HIGH, ROW, EDGE = 190.0, 56.0, 40.0, 50.0, 10.0


@frozen
class Place:
    """Where an object is drawn: its upper left corner."""

    x: float
    y: float


def topology_picture(topology: Topology) -> Markup:
    """The drawing of a topology."""
    places = place_all(topology)
    width = 2 * EDGE + len(topology.columns) * BOX + max(0, len(topology.columns) - 1) * GAP
    height = 2 * EDGE + max((place.y + HIGH - EDGE for place in places.values()), default=HIGH)
    lines = [
        curve(places[begin].x + BOX, places[begin].y + HIGH / 2, places[end].x, places[end].y + HIGH / 2)
        for begin, end in topology.links
        if begin in places and end in places
    ]
    boxes = [_box(thing, places[thing.id]) for column in topology.columns for thing in column]
    nothing = text(EDGE, EDGE + 20, "nothing", kind="dim") if not boxes else None
    return drawing(max(width, BOX), height, *lines, *boxes, nothing, label="Who has made whom, and what runs where")


def place_all(topology: Topology) -> dict[str, Place]:
    """Places in columns: the longest has a row for each, in the others each is in the middle of what it is linked with."""
    if not topology.columns:
        return {}
    longest = max(range(len(topology.columns)), key=lambda number: len(topology.columns[number]))
    ys = {thing.id: EDGE + row * ROW for row, thing in enumerate(topology.columns[longest])}
    for number in [*reversed(range(longest)), *range(longest + 1, len(topology.columns))]:
        ys |= _between(topology.columns[number], topology.links, ys)
    return {
        thing.id: Place(EDGE + number * (BOX + GAP), ys[thing.id])
        for number, column in enumerate(topology.columns)
        for thing in column
    }


def _between(column: Sequence[Thing], links: Sequence[tuple[str, str]], ys: Mapping[str, float]) -> dict[str, float]:
    """The heights of a column, in its order, none upon another."""
    wanted = {}
    for thing in column:
        near = [ys[a if b == thing.id else b] for a, b in links if thing.id in (a, b) and (a in ys or b in ys)]
        wanted[thing.id] = sum(near) / len(near) if near else None
    found: dict[str, float] = {}
    free = EDGE
    for thing in column:
        middle = wanted[thing.id]
        found[thing.id] = free if middle is None else max(free, middle)
        free = found[thing.id] + ROW
    return found


def _box(thing: Thing, place: Place) -> Markup:
    tone = _tone(thing.status)
    return box(
        place.x,
        place.y,
        BOX,
        HIGH,
        tone,
        text(place.x + 9, place.y + 16, thing.name, kind="strong", room=BOX - 14),
        text(
            place.x + 9,
            place.y + 31,
            f"{thing.kind} · {thing.status}" if thing.status else thing.kind,
            kind=tone,
            room=BOX - 14,
        ),
        hint=f"{thing.kind} {thing.name}: {thing.status}",
    )


def _tone(status: str) -> str:
    have, slash, wanted = status.removesuffix(" ready").partition("/")
    if slash and status.endswith(" ready"):
        return "ok" if have == wanted else "wait"
    return "done" if not status else tone_of(status.partition(",")[0])
