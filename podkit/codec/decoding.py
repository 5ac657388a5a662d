"""From a text to objects, with everything that is wrong in it.

The readers of YAML and JSON make plain values of the documents; here each becomes an object, a ``List`` its items. What is
wrong is collected for all documents of the text, and looked up in the text once a document: a file with a hundred mistakes
is read twice, not a hundred times.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from attrs import evolve

from podkit.codec.json_reader import DuplicateKey, NotJson, as_yaml, read_json
from podkit.codec.mistakes import MAX_MISTAKES, Mistake, Mistakes, Path
from podkit.codec.positions import Origin, Position, remember
from podkit.codec.structure import reader
from podkit.codec.yaml_parser import without_go_escapes
from podkit.codec.yaml_reader import RawDocument, read_yaml
from podkit.errors import DecodeError, FieldError
from podkit.model.kinds import KINDS, UnknownKind

UnknownFields = Literal["error", "ignore"]
"""What becomes of fields that Kubernetes does not have."""


class UnknownFieldWarning(UserWarning):
    r"""Fields that Kubernetes does not have were dropped, because the caller asked for it.

    Example:
        ::

            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnknownFieldWarning)
                loads("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nspec: {}\n", unknown_fields="ignore")
    """


def decode_text(text: str, source: str | None, unknown_fields: UnknownFields) -> list[Any]:
    """The objects of all documents of a text, each with its origin remembered.

    Args:
        text: YAML or JSON.
        source: the name of its file, for errors.
        unknown_fields: what becomes of fields that Kubernetes does not have.

    Raises:
        DecodeError: something is wrong in one of the documents; it has the errors of all of them.
    """
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
                mistakes = _decode_document(document.value, origin, unknown_fields, objs)
                errors += field_errors(mistakes, origin)
    except DecodeError as error:
        errors += error.errors
    if errors:
        raise DecodeError(errors, what="the document")
    return objs


def decode_value(value: Mapping[str, Any], cls: Any, unknown_fields: UnknownFields, source: str | None = None) -> Any:
    """The object that a plain value describes.

    Args:
        value: the value.
        cls: the class to read it as; None when the value itself says what it is.
        unknown_fields: what becomes of fields that Kubernetes does not have.
        source: the name of the file it came from, for warnings.

    Raises:
        Mistakes: it describes no such object.
    """
    if cls is None:
        cls = _class_of(value)
    try:
        return reader(cls)(value, cls)
    except Mistakes as found:
        unknown = [mistake for mistake in found.mistakes if mistake.unknown_field]
        if unknown_fields == "error":
            raise
        if len(unknown) < len(found.mistakes):
            raise Mistakes(mistake for mistake in found.mistakes if not mistake.unknown_field) from None
    place = f"{source}: " if source else ""
    names = ", ".join(mistake.shown for mistake in unknown)
    warnings.warn(
        f"{place}unknown fields are dropped: {names}", UnknownFieldWarning, stacklevel=_frames_of_podkit() + 1
    )
    return reader(cls)(_without(value, [mistake.path for mistake in unknown]), cls)


def field_errors(mistakes: list[Mistake], origin: Origin | None) -> list[FieldError]:
    """The mistakes of a document as errors for users, each with its place if the document came from a text."""
    places: list[Position | None] = [None] * len(mistakes)
    if origin is not None and mistakes:
        unknown = {mistake.path for mistake in mistakes if mistake.unknown_field}
        places = [*origin.find([mistake.path for mistake in mistakes], at_name=unknown)]
    return [_field_error(mistake, place) for mistake, place in zip(mistakes, places, strict=True)]


def _field_error(mistake: Mistake, place: Position | None) -> FieldError:
    if place is None:
        return FieldError(mistake.shown, mistake.reason, mistake.message, mistake.value)
    message = mistake.message
    if mistake.quotable and place.text is not None:
        message += f'; quotes make a string of it: "{place.text}"'
    line, column = place.line, place.column
    return FieldError(mistake.shown, mistake.reason, message, mistake.value, line, column, source=place.source)


def _documents(text: str, source: str | None) -> Iterable[RawDocument]:
    if text.lstrip()[:1] != "{":
        return read_yaml(text, source)
    try:
        return list(read_json(text))
    except DuplicateKey:
        return read_yaml(as_yaml(text), source)
    except NotJson:
        return read_yaml(text, source)


def _decode_document(value: Any, origin: Origin, unknown_fields: UnknownFields, objs: list[Any]) -> list[Mistake]:
    """Add the objects of a document to others, and return what is wrong in it."""
    mistakes: list[Mistake] = []
    for item, path in _items(value, (), mistakes):
        try:
            obj = decode_value(_demand_map(item), None, unknown_fields, origin.source)
        except Mistakes as found:
            mistakes += [evolve(mistake, path=path + mistake.path) for mistake in found.mistakes]
            if len(mistakes) >= MAX_MISTAKES:
                break
        else:
            remember(obj, evolve(origin, path=path) if path else origin)
            objs.append(obj)
    return mistakes


def _items(value: Any, path: Path, mistakes: list[Mistake]) -> Iterator[tuple[Any, Path]]:
    """What a document holds, or each item of its list, and the path to it."""
    stem = _list_stem(value)
    if stem is None:
        yield value, path
        return
    items: Any = value.get("items")
    if not isinstance(items, list):
        if items is not None:
            mistakes.append(Mistake((*path, "items"), "TypeInvalid", "must be a list", items, "items"))
        return
    head = {"apiVersion": value["apiVersion"], "kind": stem} if stem and "apiVersion" in value else {}
    for index, item in enumerate(items):
        yield from _items({**head, **item} if isinstance(item, dict) else item, (*path, "items", index), mistakes)


def _list_stem(value: Any) -> str | None:
    """The kind of the items of a list: empty for a ``List``, whose items say it themselves; None for what is no list."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "List":
        return ""
    if not isinstance(kind, str) or not kind.endswith("List"):
        return None
    stem = kind.removesuffix("List")
    return stem if any(known.name == stem for known in KINDS.kinds) else None


def _demand_map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Mistakes([Mistake((), "TypeInvalid", _NO_DOCUMENT + _is_path(value), value)])


def _class_of(value: Mapping[str, Any]) -> Any:
    """The class of the kind that a value says it is of."""
    api_version, kind = value.get("apiVersion"), value.get("kind")
    if type(api_version) is str and type(kind) is str and (known := KINDS.get(api_version, kind)) is not None:
        return known.cls
    mistakes = []
    for name, found, example in (("apiVersion", api_version, "v1"), ("kind", kind, "Pod")):
        if not isinstance(found, str) or not found:
            reason = "TypeInvalid" if found else "Required"
            mistakes.append(Mistake((name,), reason, f"must say what the object is, such as {example}", found, name))
    if mistakes:
        raise Mistakes(mistakes)
    try:
        return KINDS.find_document(str(api_version), str(kind)).cls
    except UnknownKind as error:
        raise Mistakes([Mistake(("kind",), "NotSupported", str(error), kind, "kind")]) from None


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
        kept = ((key, item) for key, item in value.items() if key not in here)
        return {key: _without(item, deeper[key]) if key in deeper else item for key, item in kept}
    return [_without(item, deeper[index]) if index in deeper else item for index, item in enumerate(value)]


_NO_DOCUMENT = "a document must be a map with apiVersion and kind"


def _is_path(value: Any) -> str:
    """A word of help where the document is the path of a file."""
    looks = isinstance(value, str) and value.endswith((".yaml", ".yml", ".json"))
    return f", and not a text; {value!r} looks like a path, which load() reads" if looks else ""
