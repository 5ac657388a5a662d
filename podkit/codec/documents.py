"""What users call: objects from and to files, texts and dicts.

A text is read document by document; each becomes an object, a ``List`` its items. Whatever is wrong comes out as one DecodeError
for the document, with all places. Reading decides nothing about meaning: defaults and validation are admission's.
"""

from __future__ import annotations

import inspect
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import IO, Any, Literal, TypeAlias, TypeVar, overload

from attrs import evolve

from podkit.codec.files import replace_file
from podkit.codec.json_reader import DuplicateKey, NotJson, as_yaml, read_json
from podkit.codec.mistakes import MAX_MISTAKES, Mistake, Mistakes, Path
from podkit.codec.positions import Origin, Position, remember
from podkit.codec.positions import origin as origin_of
from podkit.codec.structure import reader
from podkit.codec.unstructure import unstructure
from podkit.codec.yaml_parser import syntax_error, without_go_escapes
from podkit.codec.yaml_reader import RawDocument, read_yaml
from podkit.codec.yaml_writer import write_yaml
from podkit.errors import DecodeError, FieldError
from podkit.model.kinds import KINDS, UnknownKind

Source: TypeAlias = str | os.PathLike[str] | IO[str] | IO[bytes]
"""A path, or a file that is open for reading (or writing, where something is written)."""

UnknownFields = Literal["error", "ignore"]
"""What becomes of fields that Kubernetes does not have."""

T = TypeVar("T")


class UnknownFieldWarning(UserWarning):
    """Fields that Kubernetes does not have were dropped, because the caller asked for it."""


def load_all(source: Source, *, unknown_fields: UnknownFields = "error") -> list[Any]:
    """All objects in a YAML or JSON file, in their order; a ``List`` counts as its items.

    Args:
        source: a path or an open file.
        unknown_fields: ``error`` (the default) or ``ignore``, which drops them with a warning that names them.

    Raises:
        DecodeError: a document cannot be read as an object. It has the errors of all documents, each with its line and column;
            after an error of YAML itself nothing more is read.
        OSError: the file cannot be read.
    """
    text, name = read_text(source)
    return read_objects(text, name, unknown_fields)


def loads_all(text: str | bytes, *, unknown_fields: UnknownFields = "error") -> list[Any]:
    """All objects in a YAML or JSON text; see ``load_all``."""
    return read_objects(_as_text(text, None), None, unknown_fields)


@overload
def load(source: Source, cls: type[T], *, unknown_fields: UnknownFields = ...) -> T: ...
@overload
def load(source: Source, cls: None = None, *, unknown_fields: UnknownFields = ...) -> Any: ...
def load(source: Source, cls: type[Any] | None = None, *, unknown_fields: UnknownFields = "error") -> Any:
    """The one object in a YAML or JSON file; see ``load_all``.

    Args:
        source: a path or an open file.
        cls: the kind that the object must be of, such as Pod; it is also the type that a type checker sees. Default: any.
        unknown_fields: ``error`` (the default) or ``ignore``, which drops them with a warning that names them.

    Raises:
        DecodeError: also when there is no object in it, or more than one, or one of another kind.
    """
    text, name = read_text(source)
    return _the_only_one(read_objects(text, name, unknown_fields), cls, name)


@overload
def loads(text: str | bytes, cls: type[T], *, unknown_fields: UnknownFields = ...) -> T: ...
@overload
def loads(text: str | bytes, cls: None = None, *, unknown_fields: UnknownFields = ...) -> Any: ...
def loads(text: str | bytes, cls: type[Any] | None = None, *, unknown_fields: UnknownFields = "error") -> Any:
    """The one object in a YAML or JSON text; see ``load``."""
    return _the_only_one(loads_all(text, unknown_fields=unknown_fields), cls, None)


@overload
def from_dict(value: Mapping[str, Any], cls: type[T], *, unknown_fields: UnknownFields = ...) -> T: ...
@overload
def from_dict(value: Mapping[str, Any], cls: None = None, *, unknown_fields: UnknownFields = ...) -> Any: ...
def from_dict(
    value: Mapping[str, Any], cls: type[Any] | None = None, *, unknown_fields: UnknownFields = "error"
) -> Any:
    """The object that a plain mapping describes, as ``json.load`` would return it.

    Args:
        value: the mapping, with Kubernetes' names of fields.
        cls: the class to read it as: a kind, whose ``apiVersion`` and ``kind`` may then be absent, or a part of one, such as
            PodSpec. By default the mapping says what it is.
        unknown_fields: ``error`` (the default) or ``ignore``, which drops them with a warning that names them.

    Raises:
        DecodeError: it describes no such object; all that is wrong with it.
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        raise DecodeError([FieldError("", "TypeInvalid", "must be a mapping", value)])
    wanted: Any = cls if cls is not None else _class_of(value, None)
    try:
        return reader(wanted)(value, wanted)
    except Mistakes as found:
        return _repaired(value, wanted, found, None, unknown_fields)


def to_dict(obj: Any) -> dict[str, Any]:
    """The plain mapping of an object, with Kubernetes' names of fields: what JSON can hold, and nothing that is absent."""
    return unstructure(obj)


def dumps(objs: Any, *, format: Literal["yaml", "json"] = "yaml") -> str:
    """The text of one object, or of several.

    Args:
        objs: an object, or an iterable of objects.
        format: ``yaml`` (documents one after the other) or ``json`` (several objects make a ``List``).
    """
    many = isinstance(objs, Iterable) and not isinstance(objs, str | bytes | Mapping)
    documents = [unstructure(obj) for obj in (objs if many else [objs])]
    if format == "yaml":
        return "---\n".join(write_yaml(document) for document in documents)
    whole = {"apiVersion": "v1", "kind": "List", "items": documents} if many else documents[0]
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def dump(objs: Any, target: Source, *, format: Literal["yaml", "json"] | None = None) -> None:
    """Write one object, or several, to a file; see ``dumps``.

    Args:
        objs: an object, or an iterable of objects.
        target: a path, or a file open for writing.
        format: ``yaml`` or ``json``. Default: what the path ends with, else ``yaml``.

    Raises:
        OSError: the file cannot be written; its old content is still there.
    """
    is_json = isinstance(target, str | os.PathLike) and FilePath(target).suffix == ".json"
    text = dumps(objs, format=format or ("json" if is_json else "yaml"))
    if isinstance(target, str | os.PathLike):
        replace_file(FilePath(target), text)
        return
    file: Any = target
    try:
        file.write(text)
    except TypeError:  # a file of bytes
        file.write(text.encode())


def read_text(source: Source) -> tuple[str, str | None]:
    """The text of a file and its name; None for an open file that has none."""
    if isinstance(source, str | os.PathLike):
        return _as_text(FilePath(source).read_bytes(), os.fspath(source)), os.fspath(source)
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else None
    return _as_text(source.read(), name), name


def _as_text(data: str | bytes, source: str | None) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="replace")
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise syntax_error(
            f"is not {encoding.upper()}: {error.reason}", before.count("\n") + 1, column, source
        ) from None


def _documents(text: str, source: str | None) -> Iterable[RawDocument]:
    if text.lstrip()[:1] != "{":
        return read_yaml(text, source)
    try:
        return list(read_json(text))
    except DuplicateKey:
        return read_yaml(as_yaml(text), source)
    except NotJson:
        return read_yaml(text, source)


def read_objects(text: str, source: str | None, unknown_fields: UnknownFields) -> list[Any]:
    """The objects of a text; the errors of all its documents are raised together."""
    if "\\'" in text:
        text = without_go_escapes(text)
    objs: list[Any] = []
    errors: list[FieldError] = []
    try:
        for document in _documents(text, source):
            if len(errors) >= MAX_MISTAKES:
                break
            errors += document.errors
            if document.value is not None and not document.errors:
                origin = Origin(text, document.start, document.line, source, is_json=document.is_json)
                for value, where in _items(document.value, origin):
                    try:
                        objs.append(_object(value, where, unknown_fields))
                    except DecodeError as error:
                        errors += error.errors
    except DecodeError as error:
        errors += error.errors
    if errors:
        raise DecodeError(errors, what="the document")
    return objs


def _items(value: Any, origin: Origin) -> Iterator[tuple[Any, Origin]]:
    """What a document holds, or each item of its list, and where it comes from."""
    stem = _list_stem(value)
    if stem is None:
        yield value, origin
        return
    items: Any = value.get("items")
    if items is None:
        return
    if not isinstance(items, list):
        raise _decode_error([Mistake(("items",), "TypeInvalid", "must be a list", items, "items")], origin)
    head = {"apiVersion": value["apiVersion"], "kind": stem} if stem and "apiVersion" in value else {}
    for index, item in enumerate(items):
        where = evolve(origin, path=(*origin.path, "items", index))
        yield from _items({**head, **item} if isinstance(item, dict) else item, where)


def _list_stem(value: Any) -> str | None:
    """The kind of the items of a list: empty for a ``List``, whose items say it themselves; None for what is no list."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "List":
        return ""
    if not isinstance(kind, str) or not kind.endswith("List"):
        return None
    stem = kind.removesuffix("List")
    return stem if any(known.name == stem for known in KINDS.kinds) else None


def _object(value: Any, origin: Origin, unknown_fields: UnknownFields) -> Any:
    if not isinstance(value, dict):
        raise _decode_error(
            [Mistake((), "TypeInvalid", "a document must be a map with apiVersion and kind", value)], origin
        )
    cls: Any = _class_of(value, origin)
    try:
        obj = reader(cls)(value, cls)
    except Mistakes as found:
        obj = _repaired(value, cls, found, origin, unknown_fields)
    remember(obj, origin)
    return obj


def _class_of(value: Mapping[str, Any], origin: Origin | None) -> type[Any]:
    api_version, kind = value.get("apiVersion"), value.get("kind")
    if type(api_version) is str and type(kind) is str and (known := KINDS.get(api_version, kind)) is not None:
        return known.cls
    mistakes = [
        Mistake(
            (name,),
            "TypeInvalid" if found else "Required",
            f"must say what the object is, such as {example}",
            found,
            name,
        )
        for name, found, example in (("apiVersion", api_version, "v1"), ("kind", kind, "Pod"))
        if not isinstance(found, str) or not found
    ]
    if mistakes:
        raise _decode_error(mistakes, origin)
    try:
        return KINDS.find_document(str(api_version), str(kind)).cls
    except UnknownKind as error:
        raise _decode_error([Mistake(("kind",), "NotSupported", str(error), kind, "kind")], origin) from None


def _repaired(value: Any, cls: Any, found: Mistakes, origin: Origin | None, unknown_fields: UnknownFields) -> Any:
    """The object without its unknown fields, if these are all that is wrong and may be dropped; else the error."""
    unknown = [mistake for mistake in found.mistakes if mistake.unknown_field]
    others = [mistake for mistake in found.mistakes if not mistake.unknown_field]
    if unknown_fields == "error" or others:
        raise _decode_error(found.mistakes if unknown_fields == "error" else others, origin) from None
    names = ", ".join(mistake.shown for mistake in unknown)
    place = f"{origin.source}: " if origin and origin.source else ""
    warnings.warn(
        f"{place}unknown fields are dropped: {names}", UnknownFieldWarning, stacklevel=_frames_of_podkit() + 1
    )
    try:
        return reader(cls)(_without(value, [mistake.path for mistake in unknown]), cls)
    except Mistakes as more:  # there were more than are counted
        return _repaired(_without(value, [mistake.path for mistake in unknown]), cls, more, origin, unknown_fields)


def _frames_of_podkit() -> int:
    """How many frames there are between the caller of this and the code that called podkit."""
    frames, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("podkit."):
        frames, frame = frames + 1, frame.f_back
    return frames - 1


def _without(value: Any, paths: list[Path]) -> Any:
    """A copy of a plain value that lacks what stands at some paths."""
    here = {path[0] for path in paths if len(path) == 1}
    deeper: dict[Any, list[Path]] = {}
    for path in paths:
        deeper.setdefault(path[0], []).append(path[1:])
    if isinstance(value, Mapping):
        return {
            key: _without(item, deeper[key]) if key in deeper else item
            for key, item in value.items()
            if key not in here
        }
    return [_without(item, deeper[index]) if index in deeper else item for index, item in enumerate(value)]


def _decode_error(mistakes: Iterable[Mistake], origin: Origin | None) -> DecodeError:
    """The error with all mistakes of a document, each with its place if the document came from a text."""
    mistakes = list(mistakes)
    places: list[Position | None] = [None] * len(mistakes)
    if origin is not None:
        unknown = {mistake.path for mistake in mistakes if mistake.unknown_field}
        places = [*origin.find([mistake.path for mistake in mistakes], at_name=unknown)]
    errors = [_field_error(mistake, place) for mistake, place in zip(mistakes, places, strict=True)]
    return DecodeError(errors, what="the document")


def _field_error(mistake: Mistake, place: Position | None) -> FieldError:
    if place is None:
        return FieldError(mistake.shown, mistake.reason, mistake.message, mistake.value)
    message = mistake.message
    if mistake.quotable and place.text is not None:
        message += f'; quotes make a string of it: "{place.text}"'
    return FieldError(
        mistake.shown, mistake.reason, message, mistake.value, place.line, place.column, source=place.source
    )


def _the_only_one(objs: list[Any], cls: type[Any] | None, source: str | None) -> Any:
    if len(objs) != 1:
        message = f"one object was expected, but there are {len(objs) or 'none'}; load_all reads any number"
        raise DecodeError([FieldError("", "Invalid", message, source=source)], what="the document")
    (obj,) = objs
    if cls is not None and not isinstance(obj, cls):
        mistake = Mistake(
            ("kind",), "Invalid", f"a {cls.__name__} was expected, but this is a {obj.kind}", obj.kind, "kind"
        )
        raise _decode_error([mistake], origin_of(obj))
    return obj
