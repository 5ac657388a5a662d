"""Applying: making what is there like what a manifest says, whether it is there already or not.

Each object that is applied carries, as with kubectl and in the same annotation, what was applied; so the next time it can be seen
what the manifest does not say any more. All objects are read, defaulted and validated before the first is written, so that a
mistake in the last one leaves nothing half done.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from podkit.admission import prepare_create, prepare_update
from podkit.cluster.again import write_again
from podkit.cluster.known import KnownObjects
from podkit.cluster.merge import three_way_merge
from podkit.cluster.sources import Source, in_order, read_sources
from podkit.codec import from_dict, to_dict
from podkit.codec.positions import carry
from podkit.errors import AlreadyExists, Conflict, FieldError, NotFound, ValidationError
from podkit.model.config import Secret
from podkit.model.copying import clone
from podkit.model.kinds import KINDS, Kind, kind_of
from podkit.model.meta import ObjectMeta
from podkit.store.base import Store

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation that holds what was applied, as JSON."""

SERVERS = (
    "uid",
    "resource_version",
    "creation_timestamp",
    "deletion_timestamp",
    "deletion_grace_period_seconds",
    "generation",
    "managed_fields",
    "self_link",
)
"""What only the server sets: an object that was read from it and is applied does not mean to say anything about that."""

_NOT_PRUNED = frozenset({"Namespace", "Node", "PriorityClass", "RuntimeClass", "Event", "ControllerRevision"})


def apply(
    store: Store, source: Source, *, namespace: str, prune: str | None = None, dry_run: bool = False
) -> list[Any]:
    """Create or update all objects of a source; return them as they are stored, in its order.

    Args:
        store: where to.
        source: see `podkit.cluster.sources`.
        namespace: for objects that do not say theirs.
        prune: a label selector: what it selects and was applied earlier, but is not in the source, is deleted.
        dry_run: write nothing, and return the objects as they would be stored.

    Raises:
        DecodeError, ValidationError: nothing has been written then.
    """
    objects = [_placed(obj, namespace) for obj in read_sources(source)]
    results = _admit_all(store, objects)
    if dry_run:
        return results
    for position in in_order(objects):
        results[position] = _write(store, objects[position])
    if prune is not None:
        _prune(store, results, prune)
    return results


def _placed(obj: Any, namespace: str) -> Any:
    """A copy of an object that says its namespace, and nothing that only the server says."""
    kind = kind_of(obj)
    placed = clone(obj)
    carry(obj, placed)
    meta = placed.metadata
    for attribute in SERVERS:
        setattr(meta, attribute, [] if attribute == "managed_fields" else None)
    meta.annotations.pop(LAST_APPLIED, None)
    if kind.has_status:
        placed.status = type(placed.status)()
    if isinstance(placed, Secret):
        # as data, so that a key that is applied no longer can be taken away
        placed.data.update({name: text.encode() for name, text in placed.string_data.items()})
        placed.string_data = {}
    if kind.namespaced:
        meta.namespace = meta.namespace or namespace
    return placed


def _admit_all(store: Store, objects: Sequence[Any]) -> list[Any]:
    """The objects as they would be stored, without storing any; tell all that is wrong with any of them."""
    known = KnownObjects(store, objects)
    admitted: list[Any] = []
    problems: list[ValidationError] = []
    for obj in objects:
        try:
            admitted.append(_admitted(store, obj, known))
        except ValidationError as problem:
            problems.append(problem)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        names = ", ".join(problem.what for problem in problems)
        raise ValidationError([error for problem in problems for error in problem.errors], what=f"each of {names}")
    return admitted


def _admitted(store: Store, obj: Any, known: KnownObjects) -> Any:
    if not obj.metadata.name:
        message = "is needed to apply an object; objects with generateName can only be created"
        raise ValidationError([FieldError("metadata.name", "Required", message)], what=f"the {obj.kind}")
    there = existing(store, obj)
    if there is None:
        return prepare_create(_annotated(obj), known)
    return prepare_update(there, _merged(obj, there), known)


def _write(store: Store, obj: Any) -> Any:
    """Create or update one object, again when somebody else writes it at the same time."""

    def write() -> Any:
        there = existing(store, obj)
        return store.create(_annotated(obj)) if there is None else store.update(_merged(obj, there))

    return write_again(write, AlreadyExists, Conflict, NotFound)


def existing(store: Store, obj: Any) -> Any:
    """What there is of that kind and name; None if there is nothing."""
    meta = obj.metadata
    try:
        return store.get(type(obj), meta.name, namespace=meta.namespace or "default")
    except NotFound:
        return None


def _annotated(obj: Any) -> Any:
    new = clone(obj)
    carry(obj, new)
    document = to_dict(obj)
    if isinstance(obj, Secret):
        document["data"] = dict.fromkeys(obj.data, "")  # only the names are needed, and an annotation is no secret
    new.metadata.annotations[LAST_APPLIED] = json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n"
    return new


def _merged(obj: Any, there: Any) -> Any:
    """What is to be stored where there is something already."""
    document = three_way_merge(_last_applied(there), to_dict(_annotated(obj)), to_dict(there), type(obj))
    merged = from_dict(document, type(obj))
    carry(obj, merged)
    return merged


def _last_applied(there: Any) -> dict[str, Any]:
    """What was applied the last time; nothing if nobody did, or if the annotation is no such thing."""
    try:
        found = json.loads(there.metadata.annotations.get(LAST_APPLIED, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _prune(store: Store, applied: Sequence[Any], selector: str) -> None:
    """Delete what was applied earlier, is selected, lives in a namespace that is touched, and was not applied now."""
    kept = {obj.metadata.uid for obj in applied}
    for kind in KINDS.kinds:
        if kind.name in _NOT_PRUNED:
            continue
        for namespace in {obj.metadata.namespace for obj in applied if obj.metadata.namespace}:
            for obj in store.list(kind.cls, namespace=namespace, labels=selector):
                if LAST_APPLIED in obj.metadata.annotations and obj.metadata.uid not in kept:
                    _delete(store, kind, obj.metadata)


def _delete(store: Store, kind: Kind, meta: ObjectMeta) -> None:
    with suppress(NotFound):
        store.delete(kind.cls, meta.name or "", namespace=meta.namespace or "default", uid=meta.uid)
