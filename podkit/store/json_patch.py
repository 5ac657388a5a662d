"""The two standard ways to say a change in JSON: merge patches (RFC 7386) and JSON patches (RFC 6902).

A *merge patch* is a document that holds only what changes: maps are merged, None removes a field, anything else replaces,
lists too. A *JSON patch* is a list of operations on places: ``{"op": "add", "path": "/metadata/labels/tier", "value": "web"}``.

Everything here is pure: documents are plain values, none that is given is changed, and the result may share parts with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podkit.errors import DecodeError, FieldError

Document = dict[str, Any]


def merge_patch(document: Any, patch: Any) -> Any:
    """The document with a merge patch made to it."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def json_patch(document: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> Document:
    """The document after all operations of a JSON patch, in their order.

    Raises:
        DecodeError: there is no such operation, it lacks a member, its path leads nowhere, or a ``test`` fails.
    """
    patched: Any = document
    for position, operation in enumerate(operations):
        try:
            perform = _OPERATIONS[_member(operation, "op")]
            patched = perform(patched, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _wrong(position, operation, error) from None
    if not isinstance(patched, dict):
        raise _wrong(len(operations) - 1, operations[-1], ValueError("what remains is no document"))
    return patched


def _add(document: Any, operation: Mapping[str, Any]) -> Any:
    value = _member(operation, "value")

    def put(parent: Any, key: str) -> None:
        if isinstance(parent, list):
            parent.insert(len(parent) if key == "-" else _index(key, len(parent)), value)
        else:
            parent[key] = value

    return _changed(document, _path(operation, "path"), put, whole=value)


def _remove(document: Any, operation: Mapping[str, Any]) -> Any:
    def take(parent: Any, key: str) -> None:
        del parent[_key(parent, key)]

    return _changed(document, _path(operation, "path"), take, whole=None)


def _replace(document: Any, operation: Mapping[str, Any]) -> Any:
    value = _member(operation, "value")

    def put(parent: Any, key: str) -> None:
        parent[_key(parent, key)] = value

    return _changed(document, _path(operation, "path"), put, whole=value)


def _move(document: Any, operation: Mapping[str, Any]) -> Any:
    source = _member(operation, "from")
    if f"{_member(operation, 'path')}/".startswith(f"{source}/"):
        if operation["path"] == source:
            return document
        raise ValueError(f"{source!r} cannot be moved into itself")
    value = _at(document, _path(operation, "from"))
    rest = _remove(document, {"path": source})
    return _add(rest, {"path": operation["path"], "value": value})


def _copy(document: Any, operation: Mapping[str, Any]) -> Any:
    value = _at(document, _path(operation, "from"))
    return _add(document, {"path": _member(operation, "path"), "value": value})


def _test(document: Any, operation: Mapping[str, Any]) -> Any:
    found, expected = _at(document, _path(operation, "path")), _member(operation, "value")
    if found != expected:
        raise ValueError(f"the test has failed: there is {found!r}, not {expected!r}")
    return document


_OPERATIONS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _member(operation: Mapping[str, Any], name: str) -> Any:
    if name not in operation:
        raise ValueError(f"it has no member {name!r}")
    return operation[name]


def _path(operation: Mapping[str, Any], name: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    pointer = _member(operation, name)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{name} must be empty or begin with '/', not {pointer!r}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _changed(value: Any, path: Sequence[str], change: Callable[[Any, str], None], *, whole: Any) -> Any:
    """A copy of a value, as far as the path leads, with the place at its end changed; an empty path means the whole."""
    if not path:
        return whole
    copied = list(value) if isinstance(value, list) else dict(value)
    first, *rest = path
    if rest:
        key = _key(copied, first)
        copied[key] = _changed(copied[key], rest, change, whole=None)
    else:
        change(copied, first)
    return copied


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value[_key(value, step)]
    return value


def _key(parent: Any, step: str) -> Any:
    """A step as a key of what is there; it must lead to something."""
    if isinstance(parent, list):
        return _index(step, len(parent) - 1)
    if step not in parent:
        raise ValueError(f"there is no {step!r}")
    return step


def _index(step: str, last: int) -> int:
    if not step.isdecimal() or int(step) > last:
        raise ValueError(f"{step!r} is no position in a list whose last one is {last}")
    return int(step)


def _wrong(position: int, operation: Mapping[str, Any], error: Exception) -> DecodeError:
    op = str(operation.get("op")) if isinstance(operation, Mapping) else ""
    message = f"must be one of {', '.join(_OPERATIONS)}" if op not in _OPERATIONS else f"{op} cannot be done: {error}"
    return DecodeError([FieldError(f"[{position}]", "Invalid", message, operation)], what="the patch")
