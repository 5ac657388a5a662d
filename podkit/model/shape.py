"""The shape of the model's classes as data: what each field is called in documents and what it holds.

The classes themselves know nothing of documents. Whoever walks over them (the codec, the copier, the editor of files) asks here
once per class, and the answer is remembered. A field is called in documents as its attribute in camelCase
(``restart_policy``, ``restartPolicy``); the few that are not (``hostIP``) say so in their metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen


@frozen
class FieldShape:
    """One field of a class.

    Attributes:
        attribute: the name of the Python attribute.
        name: the name in documents.
        annotation: the declared type, with ``None`` taken away and aliases resolved.
        container: ``list``, ``dict``, or None when the field holds one value.
        element: the type of the value, or of the items of the list, or of the values of the map.
        required: True when a value must be given.
        optional: True when the value may be None.
        merge_key: for a list, the field (its name in documents) by which its items are told apart; None for others.
        secret: True when the value must not be shown.
    """

    attribute: str
    name: str
    annotation: Any
    container: type | None
    element: Any
    required: bool
    optional: bool
    merge_key: str | None
    secret: bool

    @property
    def inner_class(self) -> type | None:
        """The model's class of the value, or of the items of the list; None for everything else, maps too."""
        if self.container is dict or not is_model_class(self.element):
            return None
        element: type = self.element
        return element


@cache
def fields_of(cls: type) -> tuple[FieldShape, ...]:
    """The fields of a class of the model, in the order in which they are written."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field_shape(attribute, hints[attribute.name]) for attribute in attrs.fields(cls))


@cache
def fields_by_name(cls: type | None) -> Mapping[str, FieldShape]:
    """The fields of a class of the model by the names that they have in documents; of no class, none."""
    return {shape.name: shape for shape in fields_of(cls)} if cls is not None else {}


def camel_case(attribute: str) -> str:
    """The name that a document gives to an attribute: ``restart_policy`` is ``restartPolicy``."""
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def is_model_class(annotation: Any) -> bool:
    """Whether a type is one of the model's classes, rather than a scalar."""
    return isinstance(annotation, type) and attrs.has(annotation)


def _field_shape(attribute: attrs.Attribute[Any], hint: Any) -> FieldShape:
    annotation = _plain(_without_none(hint))
    container = get_origin(annotation) if get_origin(annotation) in (list, dict) else None
    return FieldShape(
        attribute=attribute.name,
        name=attribute.metadata.get("json") or camel_case(attribute.name),
        annotation=annotation,
        container=container,
        element=get_args(annotation)[-1] if container else annotation,
        required=attribute.default is attrs.NOTHING,
        optional=type(None) in get_args(hint),
        merge_key=attribute.metadata.get("merge_key"),
        secret=attribute.metadata.get("secret", False),
    )


def _plain(annotation: Any) -> Any:
    """A type as documents know it: a set of words that are allowed is a text, since judging them is left to the validation."""
    if get_origin(annotation) is Literal:
        return str
    if get_origin(annotation) is list:
        return list[_plain(get_args(annotation)[0])]  # type: ignore[misc]  # a type that is known only now
    return annotation


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, UnionType):
        return hint
    rest = tuple(part for part in get_args(hint) if part is not type(None))
    return Union[rest]  # noqa: UP007 -- a union of what is known only now
