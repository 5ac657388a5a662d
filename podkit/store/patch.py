"""Strategic merge patches: changing a document by another one that holds only what changes.

A patch is merged into a document field by field: maps are merged, ``None`` removes a field, anything else replaces. What makes it
strategic is the lists. Where the items of a list are told apart by a field of theirs (its *merge key*, such as the name of a
container), they are merged one by one; all other lists are replaced. Which lists have a merge key the classes of the model say.

Directives in a patch say what cannot be said so:

- ``$patch: delete`` in an item removes that item, in a map the map's whole content;
- ``$patch: replace`` in a map, or in an item of its own in a list, lets the patch replace all that is there;
- ``$deleteFromPrimitiveList/<field>`` lists values to be taken out of a list of values that is merged;
- ``$setElementOrder/<field>`` says the order of the merged list;
- ``$retainKeys`` in a map lists the only fields that may remain.

Everything here is pure: documents are plain mappings and none that is given is changed; the result shares with them what the
patch has left alone.

Source of the rules: apimachinery `pkg/util/strategicpatch/patch.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from podkit.errors import DecodeError, FieldError
from podkit.model.meta import ObjectMeta
from podkit.model.shape import fields_by_name

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList/"
ORDER_OF = "$setElementOrder/"

_SETS = {(ObjectMeta, "finalizers")}
"""The lists of plain values that are merged: those with the patch strategy ``merge`` and without a key."""

Document = dict[str, Any]


def strategic_merge(document: Mapping[str, Any], patch: Mapping[str, Any], cls: type) -> Document:
    """The document with the patch merged into it.

    Args:
        document: a document, with Kubernetes' names of fields.
        patch: what is to change in it.
        cls: the model's class of such documents, which knows the merge keys.

    Raises:
        DecodeError: the patch has a directive that does not exist, or an item without its merge key.
    """
    return _merge_maps(document, patch, cls, "")


def _merge_maps(old: Mapping[str, Any], patch: Mapping[str, Any], cls: type | None, path: str) -> Document:
    directive = patch.get(DIRECTIVE, "merge")
    if directive == "delete":
        return {}
    if directive == "replace":
        return _new_map(patch)
    if directive != "merge":
        raise _wrong(
            f"{path}.{DIRECTIVE}".lstrip("."), f"must be replace, delete or merge, not {directive!r}", directive
        )
    retained = patch.get(RETAIN_KEYS)
    merged = {name: value for name, value in old.items() if retained is None or name in retained}
    for name in _fields(patch):
        _merge_field(merged, name, patch, cls, f"{path}.{name}".lstrip("."))
    return merged


def _fields(patch: Mapping[str, Any]) -> list[str]:
    """The fields that a patch is about, those included of which it holds only directives."""
    about = (name.partition("/")[2] if name.startswith((DELETE_FROM, ORDER_OF)) else name for name in patch)
    return [name for name in dict.fromkeys(about) if not name.startswith("$")]


def _merge_field(merged: Document, name: str, patch: Mapping[str, Any], cls: type | None, path: str) -> None:
    """Merge one field of a patch into what there is already."""
    value, old = patch.get(name, []), merged.get(name)
    if value is None:
        merged.pop(name, None)
    elif isinstance(value, Mapping):
        merged[name] = _merge_maps(old if isinstance(old, Mapping) else {}, value, _class_of(cls, name), path)
    elif not isinstance(value, list):
        merged[name] = value
    elif (key := _merge_key(cls, name)) is not None:
        there = old if isinstance(old, list) else []
        merged[name] = _merge_items(there, value, key, _class_of(cls, name), path, patch.get(ORDER_OF + name))
    elif (cls, name) in _SETS:
        there = old if isinstance(old, list) else []
        kept = [item for item in there if item not in patch.get(DELETE_FROM + name, ())]
        values = list(dict.fromkeys([*kept, *value]))
        merged[name] = _ordered(values, values, patch.get(ORDER_OF + name, value), there)
    elif name in patch:
        merged[name] = _new(value)


def _merge_items(
    old: list[Any], new: list[Any], key: str, cls: type | None, path: str, order: list[Any] | None
) -> list[Any]:
    """Merge lists of maps: an item with the merge key of an old one is merged into it, any other is added."""
    directives = {_directive(item, path) for item in new}
    plain = [item for item in new if _directive(item, path) is None]
    if "replace" in directives:
        return [_new(item) for item in plain]
    gone = [_identity(item, key, path) for item in new if _directive(item, path) == "delete"]
    merged = [item for item in old if item.get(key) not in gone]
    for item in plain:
        identity = _identity(item, key, path)
        index = next((i for i, there in enumerate(merged) if there.get(key) == identity), None)
        if index is None:
            merged.append(_merge_maps({}, item, cls, f"{path}[{identity}]"))
        else:
            merged[index] = _merge_maps(merged[index], item, cls, f"{path}[{identity}]")
    wanted = [_identity(item, key, path) for item in (plain if order is None else order)]
    return _ordered(merged, [item.get(key) for item in merged], wanted, [item.get(key) for item in old])


def _ordered(merged: list[Any], names: Sequence[Any], wanted: Sequence[Any], before: Sequence[Any]) -> list[Any]:
    """The merged list: what the patch names in the patch's order, the rest in its own order.

    The two are merged so that, where both were there before, what stood in front stays in front; what is new comes after
    the rest (patch.go: normalizeElementOrder, mergeSortedSlice).

    Args:
        merged: the items.
        names: what tells them apart, item for item.
        wanted: the names in the order of the patch.
        before: the names in their order before.
    """
    named = sorted((i for i, name in enumerate(names) if name in wanted), key=lambda i: wanted.index(names[i]))
    rest = [i for i, name in enumerate(names) if name not in wanted]
    result = []
    while named and rest:
        left, right = names[named[0]], names[rest[0]]
        in_front = left in before and right in before and before.index(left) < before.index(right)
        result.append((named if in_front else rest).pop(0))
    return [merged[i] for i in [*result, *named, *rest]]


def _directive(item: Any, path: str) -> str | None:
    """What an item of a list says about the list."""
    if not isinstance(item, Mapping):
        raise _wrong(path, "every item must be a map", item)
    directive = item.get(DIRECTIVE)
    if directive not in (None, "replace", "delete"):
        raise _wrong(f"{path}.{DIRECTIVE}", f"must be replace or delete, not {directive!r}", directive)
    return directive


def _identity(item: Any, key: str, path: str) -> Any:
    """The value of the merge key of an item."""
    if not isinstance(item, Mapping) or item.get(key) is None:
        raise _wrong(path, f"every item must have the field {key}, by which the items are told apart", item)
    return item[key]


def _new(value: Any) -> Any:
    """What a patch puts where nothing is merged: without directives, and without the fields that are None."""
    if isinstance(value, Mapping):
        return _new_map(value)
    return [_new(item) for item in value] if isinstance(value, list) else value


def _new_map(value: Mapping[str, Any]) -> Document:
    return {name: _new(item) for name, item in value.items() if item is not None and not name.startswith("$")}


def _merge_key(cls: type | None, name: str) -> str | None:
    shape = fields_by_name(cls).get(name)
    return shape.merge_key if shape is not None else None


def _class_of(cls: type | None, name: str) -> type | None:
    shape = fields_by_name(cls).get(name)
    return shape.inner_class if shape is not None else None


def _wrong(path: str, message: str, value: Any) -> DecodeError:
    return DecodeError([FieldError(path, "Invalid", message, value)], what="the patch")
