"""Whether what a user passes in is an object of the model all through: a text where a list belongs is easily written in Python.

Manifests cannot go wrong in this way, since reading them looks at types; objects that are built in Python are looked at by the
verbs that store them. Validation then need not ask of what type things are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from podkit.errors import FieldError, ValidationError
from podkit.model.kinds import KINDS
from podkit.model.shape import FieldShape, fields_of, is_model_class

_SCALARS: dict[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    int: ((int,), "an integer"),
    bool: ((bool,), "a boolean"),
    bytes: ((bytes,), "bytes (or a text, in Secret.new())"),
}


def require_object(obj: Any, verb: str) -> None:
    """See that a verb was given an object, whose fields hold what they are for.

    Raises:
        TypeError: it is none.
        ValidationError: a field holds a value of another type; all that do are named.
    """
    if type(obj) not in KINDS:
        raise TypeError(
            f"{verb}() takes one object, such as a Pod, and not {named(obj)}; apply() takes paths, texts, mappings and "
            "several objects"
        )
    if found := mistakes(obj):
        raise ValidationError(found, what=f'{obj.kind} "{obj.metadata.name or ""}"')


def mistakes(obj: Any) -> list[FieldError]:
    """Which fields of an object hold a value of another type."""
    return list(_of_object(obj, ""))


def _of_object(obj: Any, path: str) -> Iterator[FieldError]:
    cls: Any = type(obj)
    for field in fields_of(cls):
        value = getattr(obj, field.attribute)
        if value is not None:
            yield from _of_field(field, value, f"{path}.{field.name}" if path else field.name)


def _of_field(field: FieldShape, value: Any, path: str) -> Iterator[FieldError]:
    container: Any = field.container
    if container is None:
        yield from _of_value(field.element, value, path)
    elif not isinstance(value, container):
        yield _wrong(path, "a list" if field.container is list else "a map", value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _of_value(field.element, item, f"{path}[{key}]")
    else:
        for number, item in enumerate(value):
            yield from _of_value(field.element, item, f"{path}[{number}]")


def _of_value(wanted: Any, value: Any, path: str) -> Iterator[FieldError]:
    if get_origin(wanted) is Annotated:
        wanted = get_args(wanted)[0]
    if wanted in _SCALARS:
        types, name = _SCALARS[wanted]
        if not isinstance(value, types) or (wanted is int and isinstance(value, bool)):
            yield _wrong(path, name, value)
    elif is_model_class(wanted):
        if isinstance(value, wanted):
            yield from _of_object(value, path)
        else:
            yield _wrong(path, f"a {wanted.__name__}", value)


def _wrong(path: str, wanted: str, value: Any) -> FieldError:
    shown = None if wanted == _SCALARS[bytes][1] else value  # what is of bytes may be secret
    return FieldError(path, "TypeInvalid", f"must be {wanted}, not {named(value)}", shown)


def named(value: Any) -> str:
    """The name of a value's type, with its article."""
    name = type(value).__name__
    return name if isinstance(value, bytes) else f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"
