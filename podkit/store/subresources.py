"""What of an object a write is about: all of it, or one of its subresources.

A *subresource* is a part, or a view, of an object that is written by itself: whoever writes it cannot change anything else.
Which there are:

- ``status`` of the kinds that have one;
- ``scale`` of the kinds that keep a number of Pods (see `podkit.store.scale`), seen as a `podkit.model.scale.Scale`;
- ``resize`` of a Pod: the resources of its containers;
- ``ephemeralcontainers`` of a Pod: the containers that were added to look at it.

Each is a function of admission, from the old and the new object to the one that is to be stored. A store only looks up which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

from podkit.admission import (
    Known,
    prepare_ephemeral_containers_update,
    prepare_resize,
    prepare_status_update,
    prepare_update,
)
from podkit.codec import from_dict, to_dict
from podkit.errors import FieldError, PodkitError, ValidationError
from podkit.model.copying import clone
from podkit.model.kinds import Kind
from podkit.model.pod import Pod
from podkit.model.scale import Scale
from podkit.store.json_patch import json_patch, merge_patch
from podkit.store.patch import strategic_merge
from podkit.store.scale import has_scale, scale_of, scaled

Subresource: TypeAlias = Literal["", "status", "scale", "resize", "ephemeralcontainers"]
"""A part of an object that is written by itself; empty for the object without those parts."""

PatchType: TypeAlias = Literal["strategic", "merge", "json"]
"""How a patch says what changes: see `podkit.store.patch` and `podkit.store.json_patch`."""

Patch: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A patch: a mapping, or for a JSON patch a list of operations."""

Prepare: TypeAlias = Callable[[Any, Any], Any]
"""What admission does with the old and the new object of an update."""


def preparation(kind: Kind, subresource: Subresource, known: Known) -> Prepare:
    """What admission does with a write.

    Args:
        kind: the kind of the object.
        subresource: what of it is written.
        known: the other objects.

    Raises:
        ValidationError: the kind has no such subresource.
        PodkitError: there is no such subresource at all.
    """
    if not subresource:
        return partial(prepare_update, known=known)
    require_subresource(kind, subresource)
    return _SUBRESOURCES[subresource][1](known)


def require_subresource(kind: Kind, subresource: Subresource) -> None:
    """See that a kind has a subresource.

    Raises:
        ValidationError: it has none.
        PodkitError: there is no such subresource at all.
    """
    if subresource not in _SUBRESOURCES:
        raise PodkitError(f"there is no subresource {subresource!r}; there are {', '.join(_SUBRESOURCES)}")
    if not _SUBRESOURCES[subresource][0](kind):
        message = f"a {kind.name} has no {subresource}"
        raise ValidationError([FieldError(subresource, "Forbidden", message)], what="the request")


def _prepare_scale(old: Any, new: Any) -> Any:
    return prepare_update(old, scaled(old, scale_of(new)))


_SUBRESOURCES: dict[str, tuple[Callable[[Kind], bool], Callable[[Known], Prepare]]] = {
    "status": (lambda kind: kind.has_status, lambda _: prepare_status_update),
    "scale": (has_scale, lambda _: _prepare_scale),
    "resize": (lambda kind: kind.cls is Pod, lambda known: partial(prepare_resize, known=known)),
    "ephemeralcontainers": (lambda kind: kind.cls is Pod, lambda _: prepare_ephemeral_containers_update),
}
"""Of each subresource, which kinds have it, and what admission does with a write."""


def view(obj: Any, subresource: Subresource) -> Any:
    """What is returned of a stored object: a copy of it, or its scale."""
    return scale_of(obj) if subresource == "scale" else clone(obj)


def patched(old: Any, patch: Patch, how: PatchType, kind: Kind, subresource: Subresource) -> Any:
    """The object that a patch wants to have written; the old one is not changed.

    Raises:
        DecodeError: the patch is none, or what comes out is no such object.
        ValidationError: it would make another object of it.
    """
    if subresource == "scale":
        document = _merged(to_dict(scale_of(old)), patch, how, Scale)
        return scaled(old, from_dict(document, Scale))
    new = from_dict(_merged(to_dict(old), patch, how, kind.cls), kind.cls)
    _require_same_identity(old, new)
    return new


def _merged(document: dict[str, Any], patch: Patch, how: PatchType, cls: type) -> dict[str, Any]:
    if how not in get_args(PatchType):
        raise PodkitError(f"a patch is of type {', '.join(get_args(PatchType))}, not {how!r}")
    is_mapping = isinstance(patch, Mapping)
    if is_mapping is (how == "json"):
        wanted = "a list of operations" if how == "json" else "a mapping"
        raise PodkitError(f"a patch of type {how!r} is {wanted}, not a {type(patch).__name__}")
    if not isinstance(patch, Mapping):
        return json_patch(document, patch)
    if how == "merge":
        merged: dict[str, Any] = merge_patch(document, patch)
        return merged
    return strategic_merge(document, patch, cls)


def _require_same_identity(old: Any, new: Any) -> None:
    """Refuse a patch that would make another object of it."""
    found = [
        FieldError(f"metadata.{field}", "Invalid", f"a patch cannot change it from {before!r}", after)
        for field, before, after in (
            ("name", old.metadata.name, new.metadata.name),
            ("namespace", old.metadata.namespace, new.metadata.namespace),
        )
        if before != after
    ]
    if found:
        raise ValidationError(found, what=f"{old.kind} {old.metadata.name!r}")
