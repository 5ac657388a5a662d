"""From objects of the model to plain values: what YAML and JSON can hold.

For each class a function is generated on first use: a straight line of one test and one assignment a field, in the order in which
the model declares them, which is the order people write. What is absent is left out: no nulls, no empty lists or maps, and none
of the parts that every object has (``metadata``, ``spec``, ``status``) while they are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import attrs

from podkit.codec import scalars
from podkit.model.kinds import KINDS
from podkit.model.scalars import MicroTime
from podkit.model.shape import FieldShape, fields_of, is_model_class

Document = dict[str, Any]

_WRITERS: list[tuple[Any, Callable[[Any], Any]]] = [
    (datetime, scalars.write_time),
    (MicroTime, scalars.write_micro_time),
    (bytes, scalars.write_bytes),
]
"""The scalar types that documents hold in another form, and what makes that of them."""


def unstructure(obj: Any) -> Document:
    """The plain value of an object: new maps and lists all through, which share nothing that can change with it."""
    cls: Any = type(obj)
    return writer(cls)(obj)


@cache
def writer(cls: Any) -> Callable[[Any], Document]:
    """The function that makes a plain value of an object of the class.

    Raises:
        TypeError: it is no class of the model.
    """
    if not is_model_class(cls):
        raise TypeError(f"{cls.__name__} is neither a kind of Kubernetes object nor a part of one")
    names: dict[str, Any] = {"free_form": _free_form}
    lines = ["def write(obj):", "    document = {}"]
    for shape in fields_of(cls):
        convert = _converter_of(shape.element)
        if convert is not None:
            names[f"write_{shape.attribute}"] = convert
        lines += [f"    value = obj.{shape.attribute}", *_statement(shape, converted=convert is not None)]
    if cls in KINDS:
        lines += _without_empty_kind()
    lines.append("    return document")
    exec(compile("\n".join(lines), f"<writer of {cls.__name__}>", "exec"), names)  # noqa: S102 -- our own text, no input
    write: Callable[[Any], Document] = names["write"]
    return write


def _statement(shape: FieldShape, *, converted: bool) -> list[str]:
    """The lines that put the value of a field into the document, if there is one."""
    target, write = f"document[{shape.name!r}]", f"write_{shape.attribute}"
    if shape.container is list:
        items = f"[{write}(item) for item in value]" if converted else "value[:]"
        return ["    if value:", f"        {target} = {items}"]
    if shape.container is dict:
        items = f"{{key: {write}(item) for key, item in value.items()}}" if converted else "value.copy()"
        return ["    if value:", f"        {target} = {items}"]
    if _always_there(shape):
        return [f"    value = {write}(value)", "    if value:", f"        {target} = value"]
    return ["    if value is not None:", f"        {target} = {f'{write}(value)' if converted else 'value'}"]


def _without_empty_kind() -> list[str]:
    """The lines that take away the kind of an object which has none, because it is a part of another (a claim of a StatefulSet)."""
    return [f"    if not document[{name!r}]: del document[{name!r}]" for name in ("apiVersion", "kind")]


def _always_there(shape: FieldShape) -> bool:
    """Whether every object has this part, written or not, as Go has structs there rather than pointers."""
    return is_model_class(shape.annotation) and not shape.optional and not shape.required


def _converter_of(element: Any) -> Callable[[Any], Any] | None:
    if is_model_class(element):
        return lambda obj: writer(element)(obj)
    if element is Any:
        return _free_form
    return next((convert for type_, convert in _WRITERS if type_ == element), None)


def _free_form(value: Any) -> Any:
    """Copy a value that has no declared shape, such as the data of a ControllerRevision."""
    if isinstance(value, dict):
        return {key: _free_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_free_form(item) for item in value]
    if attrs.has(type(value)):
        return unstructure(value)
    return value
