"""A timeline as a drawing: a lane for the Pod and each container, spans as boxes, events as marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from podkit.cluster.timeline import Mark, Span, Timeline
from podkit.display.drawing import box, drawing, line, text
from podkit.display.markup import Markup, tag
from podkit.display.tones import tone_of

WIDTH, LEFT, RIGHT, TOP, LANE = 860.0, 120.0, 20.0, 34.0, 46.0
_BOX, _NEAR = 20.0, 9.0
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)


def timeline_picture(timeline: Timeline) -> Markup:
    """The drawing of a timeline."""
    scale = _Scale(timeline)
    height = TOP + LANE * len(timeline.lanes) + 8
    shapes = [*_axis(timeline, scale, height)]
    for number, lane in enumerate(timeline.lanes):
        y = TOP + LANE * number
        shapes.append(text(8, y + 15, lane, kind="strong", room=LEFT - 16))
        shapes += [_span(span, scale, y) for span in timeline.spans if span.lane == lane]
        shapes += _marks([mark for mark in timeline.marks if mark.lane == lane], scale, y + _BOX + 11)
    return drawing(WIDTH, height, *shapes, label=f"What Pod {timeline.pod} has come through")


class _Scale:
    """From times to places."""

    def __init__(self, timeline: Timeline) -> None:
        self._begin = timeline.begin
        self.seconds = max(1.0, (timeline.end - timeline.begin).total_seconds())

    def __call__(self, time: datetime) -> float:
        return self.at((time - self._begin).total_seconds())

    def at(self, seconds: float) -> float:
        """The place of a time, in seconds from the beginning."""
        share = min(1.0, max(0.0, seconds / self.seconds))
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def _axis(timeline: Timeline, scale: _Scale, height: float) -> Iterator[Markup]:
    yield text(8, 16, f"{timeline.begin:%H:%M:%S}", kind="dim")
    step = next((step for step in _STEPS if scale.seconds / step <= 8), scale.seconds)
    for number in range(int(scale.seconds / step) + 1):
        x = scale.at(number * step)
        yield line(x, 22, x, height - 6)
        yield text(x, 16, f"+{_duration(number * step)}", kind="dim", anchor="middle")


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g}s"
    larger, smaller = ("m", "s") if seconds < 3600 else ("h", "m")
    whole, rest = divmod(round(seconds) if larger == "m" else round(seconds / 60), 60)
    return f"{whole}{larger}{f'{rest}{smaller}' if rest else ''}"


def _span(span: Span, scale: _Scale, y: float) -> Markup:
    x = scale(span.begin)
    width = max(3.0, scale(span.end) - x)
    took = (span.end - span.begin).total_seconds()
    hint = f"{span.word}, {took:.4g} s" + (f": {span.text}" if span.text else "")
    words = text(x + 6, y + 15, span.word, kind=_tone(span.word), room=width - 10) if width > 34 else Markup()
    return box(x, y, width, _BOX, _tone(span.word), words, hint=hint)


def _tone(word: str) -> str:
    return "run" if word == "Pulling" else tone_of(word)


def _marks(marks: Sequence[Mark], scale: _Scale, y: float) -> Iterator[Markup]:
    """Events as dots; those that lie upon one another as one with their number."""
    heaps: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: mark.time):
        if heaps and scale(mark.time) - scale(heaps[-1][0].time) < _NEAR:
            heaps[-1].append(mark)
        else:
            heaps.append([mark])
    for heap in heaps:
        x = scale(heap[0].time)
        tone = "bad" if any(mark.warning for mark in heap) else "done"
        hint = tag("title", "\n".join(f"{mark.word}: {mark.text}" for mark in heap))
        radius = "4" if len(heap) == 1 else "7"
        dot = tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius, class_=f"pk-s pk-s-{tone}")
        number = text(x, y + 3.5, str(len(heap)), kind=f"{tone} pk-t-small", anchor="middle") if len(heap) > 1 else None
        yield tag("g", hint, dot, number)
