"""From plain values (what YAML and JSON can hold) to objects of the model.

The converter is a configured value: for each type that occurs in the model, cattrs is told which function reads it, and
composes these for every class the first time that it is met. Reading is strict, as the API server's decoder is
with field validation on: unknown fields and wrong types are mistakes, all of them are found, each with its path.
Three things it takes from Go: null is as good as absent, a required field that is absent has the zero value (the validation
says that it is required, not the decoder), and the content of maps and lists that is null is zero too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import cache, partial
from typing import Any, get_args, get_origin

from cattrs import Converter

from podkit.codec import scalars
from podkit.codec.mistakes import MAX_MISTAKES, Mistake, Mistakes, wrong
from podkit.model.kinds import KINDS
from podkit.model.scalars import Int64, IntOrString, MicroTime, QuantityText
from podkit.model.shape import FieldShape, fields_of, is_model_class

Hook = Callable[[Any, Any], Any]

_SCALARS: list[tuple[Any, Hook, Any]] = [
    (str, scalars.read_str, ""),
    (bool, scalars.read_bool, False),
    (int, scalars.read_int32, 0),
    (Int64, scalars.read_int64, 0),
    (IntOrString, scalars.read_int_or_string, 0),
    (QuantityText, scalars.read_quantity, "0"),
    (datetime, scalars.read_time, None),
    (MicroTime, scalars.read_time, None),
    (bytes, scalars.read_bytes, b""),
    (Any, scalars.read_free_form, None),
]
"""Each scalar type of the model, the function that reads it, and Go's zero value for it."""


def _make_converter() -> Converter:
    """The converter that reads and writes the classes of the model."""
    converter = Converter(detailed_validation=False)
    for type_, hook, _ in _SCALARS:
        if isinstance(type_, type):
            converter.register_structure_hook(type_, hook)
        else:
            converter.register_structure_hook_func(partial(_is_same, type_), hook)
    converter.register_structure_hook_factory(_is_list, lambda type_: _list_hook(converter, type_))
    converter.register_structure_hook_factory(_is_map, lambda type_: _map_hook(converter, type_))
    converter.register_structure_hook_factory(is_model_class, lambda cls: _object_hook(converter, cls))
    return converter


def _is_same(type_: Any, other: Any) -> bool:
    return bool(type_ == other)


def _is_list(type_: Any) -> bool:
    return get_origin(type_) is list


def _is_map(type_: Any) -> bool:
    return get_origin(type_) is dict


def _zero(type_: Any) -> Any:
    """What Go has in a field of this type that a document does not mention."""
    for scalar, _, zero in _SCALARS:
        if type_ == scalar:
            return zero
    return reader(type_)({}, type_) if is_model_class(type_) else get_origin(type_)()


def _list_hook(converter: Converter, type_: Any) -> Hook:
    (element,) = get_args(type_)
    read = _element_hook(converter, element)
    exact = _exact_type(element)

    def read_list(value: Any, _: Any) -> list[Any]:
        if type(value) is not list and not isinstance(value, (list, tuple)):
            raise wrong(f"must be a list, but this is {scalars.named(value)}", value)
        items: list[Any] = []
        mistakes: list[Mistake] = []
        for index, item in enumerate(value):
            if type(item) is exact:
                items.append(item)
                continue
            try:
                items.append(_zero(element) if item is None else read(item, element))
            except Mistakes as found:
                mistakes += found.under(index)
                if len(mistakes) >= MAX_MISTAKES:
                    break
        if mistakes:
            raise Mistakes(mistakes)
        return items

    return read_list


def _map_hook(converter: Converter, type_: Any) -> Hook:
    _, element = get_args(type_)
    read = converter.get_structure_hook(element)
    exact = _exact_type(element)

    def read_map(value: Any, _: Any) -> dict[str, Any]:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise wrong(f"must be a map, but this is {scalars.named(value)}", value)
        items: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        for key, item in value.items():
            if type(item) is exact and type(key) is str:
                items[key] = item
                continue
            try:
                items[scalars.read_str(key)] = _zero(element) if item is None else read(item, element)
            except Mistakes as found:
                mistakes += found.under(str(key), key=True)
                if len(mistakes) >= MAX_MISTAKES:
                    break
        if mistakes:
            raise Mistakes(mistakes)
        return items

    return read_map


def _object_hook(converter: Converter, cls: type) -> Hook:  # noqa: C901 -- one flat loop, on which the speed of all reading depends
    shapes = fields_of(cls)
    readers: dict[str, tuple[str, type, Hook, Any]] = {}
    readers |= {
        shape.name: (
            shape.attribute,
            _exact_type(shape.annotation),
            _field_hook(converter, shape, readers),
            shape.annotation,
        )
        for shape in shapes
    }
    secret = {shape.name for shape in shapes if shape.secret}
    reader_of = readers.get
    required = tuple((shape.attribute, partial(_zero, shape.annotation)) for shape in shapes if shape.required)

    def read_object(value: Any, _: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise wrong(f"must be a map with the fields of {cls.__name__}, but this is {scalars.named(value)}", value)
        arguments: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        for name, item in value.items():
            reader = reader_of(name)
            if reader is None:
                mistakes += _unknown_field(name, item, readers).under(str(name))
                if len(mistakes) >= MAX_MISTAKES:
                    break
                continue
            attribute, exact, read, type_ = reader
            if type(item) is exact:
                arguments[attribute] = item
            elif item is not None:
                try:
                    arguments[attribute] = read(item, type_)
                except Mistakes as found:
                    mistakes += (found.hidden() if name in secret else found).under(name)
                    if len(mistakes) >= MAX_MISTAKES:
                        break
        if mistakes:
            raise Mistakes(mistakes)
        for attribute, zero in required:
            if attribute not in arguments:
                arguments[attribute] = zero()
        return cls(**arguments)

    return read_object


class _NoType:
    """The type of no value."""


def _exact_type(annotation: Any) -> type:
    """The type whose values need no further look, for types that have one; looking there first saves most of the calls."""
    return annotation if annotation in (str, bool) else _NoType


def _element_hook(converter: Converter, element: Any) -> Hook:
    read: Hook = converter.get_structure_hook(element)
    return _embedded_kind_hook(read) if element in KINDS else read


def _embedded_kind_hook(read: Hook) -> Hook:
    """Read whole objects inside of others (claims of a StatefulSet); they need not say their kind, and then have none, as in Go."""

    def read_embedded(value: Any, type_: Any) -> Any:
        obj = read(value, type_)
        obj.api_version = value.get("apiVersion") or ""
        obj.kind = value.get("kind") or ""
        return obj

    return read_embedded


def _field_hook(converter: Converter, shape: FieldShape, readers: dict[str, tuple[str, type, Hook, Any]]) -> Hook:
    """The function that reads a field; that of a class is made on its first use, since most parts of a Pod never occur."""
    if not is_model_class(shape.annotation):
        return converter.get_structure_hook(shape.annotation)

    def read_first(value: Any, type_: Any) -> Any:
        read = converter.get_structure_hook(shape.annotation)
        readers[shape.name] = (shape.attribute, _NoType, read, type_)
        return read(value, type_)

    return read_first


def _unknown_field(name: Any, value: Any, known: Mapping[str, Any]) -> Mistakes:
    same_but_for_case = [field for field in known if field.lower() == str(name).lower()]
    nearest = same_but_for_case or get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return Mistakes([Mistake((), "NotSupported", f"unknown field{hint}", value, unknown_field=True)])


_CONVERTER = _make_converter()


@cache
def reader(cls: Any) -> Hook:
    """The function that reads plain values as objects of a class of the model; its second argument is the class.

    What it returns raises Mistakes when the value is no such object: all that is wrong with it.
    """
    return _CONVERTER.get_structure_hook(cls)
