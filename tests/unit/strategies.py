"""Hypothesis strategies that build arbitrary objects of the model: any field, any value that its type allows.

The objects are what a decoder may return, not what an API server would accept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from podkit.model.kinds import KINDS
from podkit.model.scalars import Int64, IntOrString, MicroTime, QuantityText
from podkit.model.shape import FieldShape, fields_of, is_model_class

TRICKY = [
    "",
    "yes",
    "No",
    "null",
    "~",
    "0644",
    "1_0",
    "1e3",
    ".5",
    "0x1F",
    "2026-01-01",
    "=",
    "<<",
    "- a",
    "a: b",
    "a #b",
    "#",
]
TRICKY += [
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'",
    '"',
    "{",
    "[a",
    "---",
    "--- a",
    "...",
    ":",
    "a:",
    "-",
    "?",
    "? a",
    " a",
    "a ",
    "\n",
]
TRICKY += [
    "\t",
    "a\tb",
    "a\nb",
    "a\n",
    "\na",
    "a\n\n",
    " a\nb",
    "a\n b\n",
    "\ta\nb",
    "a\r\nb",
    "a \nb",
    "é",
    "😀",
    "\u2028",
    "\x85",
    "\x00",
]
TRICKY += [
    "\ufeff",
    "1:30",
    "12:30:45",
    "0o17",
    "0b1",
    "+1",
    "-.inf",
    ".NaN",
    "089",
    "|",
    ">",
    "a,b",
    "a]",
    "\\",
    '"\\"',
    "'''",
]

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
"""For tests with whole objects, which take long to build on a busy machine."""

text = st.sampled_from(TRICKY) | st.text(max_size=12) | st.text("ab \n:#-'\"\t", max_size=12)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)

_SCALARS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, text),
    (bool, st.booleans()),
    (int, int32),
    (Int64, int64),
    (IntOrString, int32 | text),
    (QuantityText, st.sampled_from(["1", "500m", "1.5", "1Gi", "1e3", "-1", "100M", "1E", "0"])),
    (datetime, times),
    (MicroTime, times),
    (bytes, st.binary(max_size=8)),
    (Any, json_values),
]


@cache
def objects(cls: Any) -> st.SearchStrategy[Any]:
    """Objects of a class of the model."""
    return st.deferred(lambda: _build(cls))


def documents() -> st.SearchStrategy[Any]:
    """Objects of any kind."""
    return st.one_of([objects(kind.cls) for kind in KINDS.kinds])


def _build(cls: type) -> st.SearchStrategy[Any]:
    shapes = [shape for shape in fields_of(cls) if not (cls in KINDS and shape.name in ("apiVersion", "kind"))]
    needed = {shape.attribute: _values(shape) for shape in shapes if shape.required}
    optional = [shape for shape in shapes if not shape.required]

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        chosen = (
            draw(st.lists(st.sampled_from(optional), max_size=4, unique_by=lambda shape: shape.name))
            if optional
            else []
        )
        values = {name: draw(strategy) for name, strategy in needed.items()}
        return cls(**values, **{shape.attribute: draw(_values(shape)) for shape in chosen})

    return build()


def _values(shape: FieldShape) -> st.SearchStrategy[Any]:
    element = objects(shape.element) if is_model_class(shape.element) else _scalar(shape.element)
    if shape.container is list:
        return st.lists(element, max_size=2)
    return st.dictionaries(text, element, max_size=2) if shape.container is dict else element


def _scalar(element: Any) -> st.SearchStrategy[Any]:
    return next(strategy for type_, strategy in _SCALARS if type_ == element)
