"""Deep copies of objects, fast enough to make one for every object that enters or leaves a store.

For each class a copying function is generated on first use, as attrs generates ``__init__``: a straight line of one assignment a
field, which knows from the declared type whether the value must be copied (lists, maps, objects) or can be shared (everything
immutable). ``copy.deepcopy`` would ask all of that again for every value, at thirty times the price.

Where objects are never changed once they are made, as in a store, a new one may share with the old one what is the same in both:
that is what `shallow` is for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from podkit.model.shape import FieldShape, fields_of, is_model_class

T = TypeVar("T")


def clone(obj: T) -> T:
    """A deep copy of an object of the model: nothing that can change is shared with the original."""
    cls: Any = type(obj)
    copied: T = copier(cls)(obj)
    return copied


def shallow(obj: T) -> T:
    """A copy of an object of the model that shares all of its parts with the original, for putting others in the place of some."""
    cls: Any = type(obj)
    copied: T = _shallow_copier(cls)(obj)
    return copied


@cache
def copier(cls: Any) -> Callable[[Any], Any]:
    """The copying function of a class."""
    names: dict[str, Any] = {"new": cls.__new__, "cls": cls, "clone_free": _clone_free_form}
    lines = ["def copy(old):", "    copied = new(cls)"]
    for shape in fields_of(cls):
        if is_model_class(shape.element):
            called = f"copy_{shape.attribute}"
            names[called] = _deferred(shape.element, names, called)
        lines.append(f"    value = old.{shape.attribute}")
        lines.append(f"    copied.{shape.attribute} = {_copied(shape)}")
    return _compiled(lines, f"<copier of {cls.__name__}>", names)


@cache
def _shallow_copier(cls: Any) -> Callable[[Any], Any]:
    lines = ["def copy(old):", "    copied = new(cls)"]
    lines += [f"    copied.{shape.attribute} = old.{shape.attribute}" for shape in fields_of(cls)]
    return _compiled(lines, f"<shallow copier of {cls.__name__}>", {"new": cls.__new__, "cls": cls})


def _compiled(lines: list[str], name: str, names: dict[str, Any]) -> Callable[[Any], Any]:
    """The function ``copy`` that some lines define."""
    exec(compile("\n".join([*lines, "    return copied"]), name, "exec"), names)  # noqa: S102 -- our own text, no input
    copy: Callable[[Any], Any] = names["copy"]
    return copy


def _copied(shape: FieldShape) -> str:
    """The expression that copies the value of a field."""
    inner = f"copy_{shape.attribute}"
    holds_objects, free_form = is_model_class(shape.element), shape.element is Any
    if shape.container is list:
        return f"[{inner}(item) for item in value] if value else []" if holds_objects else "value[:] if value else []"
    if shape.container is dict:
        return "clone_free(value)" if free_form else "value.copy() if value else {}"
    if free_form:
        return "clone_free(value)"
    return f"None if value is None else {inner}(value)" if holds_objects else "value"


def _deferred(cls: type, names: dict[str, Any], called: str) -> Callable[[Any], Any]:
    """The copier of a class that is not made before it is needed (most optional parts of a Pod never are).

    Once it is, it takes the place of this one among the names that the generated function sees.
    """

    def first(old: Any) -> Any:
        copy = names[called] = copier(cls)
        return copy(old)

    return first


def _clone_free_form(value: Any) -> Any:
    """Copy a value that has no declared shape, such as the data of a ControllerRevision."""
    if isinstance(value, dict):
        return {key: _clone_free_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clone_free_form(item) for item in value]
    return value
