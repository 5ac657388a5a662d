"""What users call: objects from and to files, texts and dicts.

Reading decides nothing about meaning: defaults and validation are admission's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, TypeVar, overload

from podkit.codec.decoding import UnknownFields, decode_text, decode_value, field_errors
from podkit.codec.files import replace_file
from podkit.codec.mistakes import Mistake, Mistakes
from podkit.codec.positions import origin
from podkit.codec.unstructure import unstructure
from podkit.codec.yaml_parser import syntax_error
from podkit.codec.yaml_writer import write_yaml
from podkit.errors import DecodeError, FieldError

Source: TypeAlias = str | os.PathLike[str] | IO[str] | IO[bytes]
"""A path, or a file that is open for reading (or writing, where something is written)."""

T = TypeVar("T")


def load_all(source: Source, *, unknown_fields: UnknownFields = "error") -> list[Any]:
    """All objects in a YAML or JSON file, in their order; a ``List`` counts as its items.

    Args:
        source: a path or an open file.
        unknown_fields: ``error`` (the default) or ``ignore``, which drops them with a warning that names them.

    Raises:
        DecodeError: a document cannot be read as an object. It has the errors of all documents, each with its line and column;
            after an error of YAML itself nothing more is read.
        OSError: the file cannot be read.

    Example:
        ::

            for obj in load_all("manifests.yaml"):
                print(obj.kind, obj.metadata.name)
    """
    text, name = read_text(source)
    return decode_text(text, name, unknown_fields)


def loads_all(text: str | bytes, *, unknown_fields: UnknownFields = "error") -> list[Any]:
    """All objects in a YAML or JSON text; see ``load_all``.

    Example:
        ::

            objects = loads_all(dumps([pod, deployment]))
    """
    return decode_text(_as_text(text, None), None, unknown_fields)


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

    Example:
        ::

            pod = load("pod.yaml")
            pod = load("pod.yaml", Pod)                      # an error if it is something else; a Pod to a type checker
    """
    text, name = read_text(source)
    return _the_only_one(decode_text(text, name, unknown_fields), cls, name)


@overload
def loads(text: str | bytes, cls: type[T], *, unknown_fields: UnknownFields = ...) -> T: ...
@overload
def loads(text: str | bytes, cls: None = None, *, unknown_fields: UnknownFields = ...) -> Any: ...
def loads(text: str | bytes, cls: type[Any] | None = None, *, unknown_fields: UnknownFields = "error") -> Any:
    r"""The one object in a YAML or JSON text; see ``load``.

    Example:
        ::

            settings = loads("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n", ConfigMap)
    """
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

    Example:
        ::

            settings = from_dict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}})
            spec = from_dict({"containers": [{"name": "main", "image": "busybox"}]}, PodSpec)
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        raise DecodeError([FieldError("", "TypeInvalid", "must be a mapping", value)])
    try:
        return decode_value(value, cls, unknown_fields)
    except Mistakes as found:
        raise DecodeError(field_errors(found.mistakes, None), what="the document") from None


def to_dict(obj: Any) -> dict[str, Any]:
    """The plain mapping of an object, with Kubernetes' names of fields: what JSON can hold, and nothing that is absent.

    Example:
        ::

            assert to_dict(ConfigMap.new("a", {"b": "c"})) == {
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "c"}
            }
    """
    return unstructure(obj)


def dumps(objs: Any, *, format: Literal["yaml", "json"] = "yaml") -> str:
    """The text of one object, or of several.

    Args:
        objs: an object, or an iterable of objects.
        format: ``yaml`` (documents one after the other) or ``json`` (several objects make a ``List``).

    Example:
        ::

            print(dumps(pod))
            print(dumps([pod, deployment], format="json"))
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

    Example:
        ::

            dump([pod, deployment], "objects.yaml")
            dump(pod, "pod.json")
    """
    is_json = isinstance(target, str | os.PathLike) and Path(target).suffix == ".json"
    text = dumps(objs, format=format or ("json" if is_json else "yaml"))
    if isinstance(target, str | os.PathLike):
        replace_file(Path(target), text)
        return
    file: Any = target
    try:
        file.write(text)
    except TypeError:  # a file of bytes
        file.write(text.encode())


def read_text(source: Source) -> tuple[str, str | None]:
    """The text of a file and its name; None for an open file that has none."""
    if isinstance(source, str | os.PathLike):
        if isinstance(source, str) and "\n" in source:
            raise FileNotFoundError("a text of several lines is no path of a file; loads() and loads_all() read texts")
        return _as_text(Path(source).read_bytes(), os.fspath(source)), os.fspath(source)
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
            f"this is not {encoding.upper()}: {error.reason}", before.count("\n") + 1, column, source
        ) from None


def _the_only_one(objs: list[Any], cls: type[Any] | None, source: str | None) -> Any:
    if len(objs) != 1:
        message = f"one object was expected, but there are {len(objs) or 'none'}; load_all reads any number"
        raise DecodeError([FieldError("", "Invalid", message, source=source)], what="the document")
    (obj,) = objs
    if cls is not None and not isinstance(obj, cls):
        message = f"a {cls.__name__} was expected, but this is a {obj.kind}"
        mistake = Mistake(("kind",), "Invalid", message, obj.kind, "kind")
        raise DecodeError(field_errors([mistake], origin(obj)), what="the document")
    return obj
