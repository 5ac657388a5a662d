"""The templates that StatefulSets and DaemonSets have had, each remembered by a ControllerRevision.

A revision holds a patch that replaces the template, and never changes but for its number. The present one has the highest number.
Going back to an earlier template finds its revision again and gives it a new number: it is compared by what it holds, never by
its name. The name is the owner's and a hash; where that is taken by something else, the hash is made anew.

Source of the rules: ``pkg/controller/history/controller_history.go``, ``pkg/controller/statefulset/stateful_set_utils.go``
(getPatch, newRevision), ``pkg/controller/daemon/update.go`` (constructHistory, snapshot).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from attrs import define, frozen

from podkit.codec import from_dict, to_dict
from podkit.controllers.controller_ref import controller_reference, is_controlled_by
from podkit.controllers.hashing import template_hash
from podkit.errors import AlreadyExists, NotFound
from podkit.model.copying import clone
from podkit.model.daemonset import DaemonSet
from podkit.model.meta import ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.statefulset import ControllerRevision, StatefulSet
from podkit.store.base import Store

HASH = "controller-revision-hash"
"""The label of Pods that tells their revision."""

_LONGEST_PREFIX = 223
_NEVER = datetime.max.replace(tzinfo=UTC)


Revised: TypeAlias = StatefulSet | DaemonSet
"""An object whose templates are remembered."""


def snapshot(template: PodTemplateSpec) -> dict[str, Any]:
    """What a revision holds for a template: a patch of its owner."""
    return {"spec": {"template": {**to_dict(template), "$patch": "replace"}}}


def template_of(revision: ControllerRevision) -> PodTemplateSpec:
    """The template that a revision remembers."""
    template = {key: value for key, value in revision.data["spec"]["template"].items() if key != "$patch"}
    return from_dict(template, PodTemplateSpec)


def in_order(revisions: Iterable[ControllerRevision]) -> list[ControllerRevision]:
    """Revisions by number, the oldest first."""
    return sorted(
        revisions,
        key=lambda one: (one.revision, one.metadata.creation_timestamp or _NEVER, one.metadata.name or ""),
    )


@frozen
class Match:
    """Which revisions hold a template.

    Attributes:
        present: the one that stands for it; None: it is to be made.
        duplicates: further ones that hold the same.
        number: the number that it is to have.
    """

    present: ControllerRevision | None
    duplicates: Sequence[ControllerRevision]
    number: int


def match(revisions: Sequence[ControllerRevision], data: dict[str, Any]) -> Match:
    """Find the revision that holds what is wanted, and the number that makes it the latest one."""
    equal = [one for one in in_order(revisions) if one.data == data]
    others = max((one.revision for one in revisions if one.data != data), default=0)
    if not equal:
        return Match(None, (), others + 1)
    return Match(equal[-1], equal[:-1], max(equal[-1].revision, others + 1))


def surplus(
    revisions: Sequence[ControllerRevision], live: Collection[str], limit: int | None
) -> list[ControllerRevision]:
    """The oldest revisions beyond the limit, of those that nothing uses any more.

    Args:
        revisions: all of an object.
        live: the names of those that are in use.
        limit: how many of the others are kept; None: all.
    """
    history = [one for one in in_order(revisions) if one.metadata.name not in live]
    return [] if limit is None else history[: max(0, len(history) - limit)]


@define
class Present:
    """The revision of an object's present template.

    Attributes:
        revision: the revision.
        duplicates: further ones that hold the same.
        collisions: how often the name of one was taken by something else.
    """

    revision: ControllerRevision
    duplicates: Sequence[ControllerRevision]
    collisions: int


class RevisionKeeper:
    """Makes the revisions of objects, and numbers them.

    Args:
        store: where they are.
        hash_label: the label of a revision that has its hash.
    """

    def __init__(self, store: Store, hash_label: str) -> None:
        self._store = store
        self._hash_label = hash_label
        self._snapshots: dict[str, tuple[int | None, dict[str, Any]]] = {}

    def present(self, owner: Revised, collisions: int, known: Sequence[ControllerRevision]) -> Present:
        """The revision of an object's template, made or numbered anew if need be.

        Args:
            owner: the object.
            collisions: how often the name of a revision of it was taken.
            known: the revisions that it has.
        """
        data = self._snapshot(owner)
        found = match(known, data)
        if found.present is None:
            return self._create(owner, data, found.number, collisions)
        present = found.present
        if present.revision != found.number:
            present = clone(present)
            present.revision = found.number
            present = self._store.update(present)
        return Present(present, found.duplicates, collisions)

    def delete(self, revisions: Iterable[ControllerRevision]) -> None:
        """Forget revisions."""
        for one in revisions:
            meta = one.metadata
            try:
                self._store.delete(ControllerRevision, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
            except NotFound:
                continue

    def forget(self, uid: str) -> None:
        """Forget an object that is gone."""
        self._snapshots.pop(uid, None)

    def _snapshot(self, owner: Revised) -> dict[str, Any]:
        """What the present template is as data; made once for each generation, as a large set asks for it often."""
        meta = owner.metadata
        kept = self._snapshots.get(meta.uid or "")
        if kept is None or kept[0] != meta.generation:
            kept = self._snapshots[meta.uid or ""] = meta.generation, snapshot(owner.spec.template)
        return kept[1]

    def _create(self, owner: Revised, data: dict[str, Any], number: int, collisions: int) -> Present:
        while True:
            made = self._new(owner, data, number, collisions)
            try:
                return Present(self._store.create(made), (), collisions)
            except AlreadyExists:
                there = self._there(made)
                if there is not None and there.data == data and is_controlled_by(there, owner):
                    return Present(there, (), collisions)
                collisions += there is not None

    def _there(self, made: ControllerRevision) -> ControllerRevision | None:
        meta = made.metadata
        try:
            return self._store.get(ControllerRevision, meta.name or "", namespace=meta.namespace or "")
        except NotFound:
            return None

    def _new(self, owner: Revised, data: dict[str, Any], number: int, collisions: int) -> ControllerRevision:
        hashed = template_hash(owner.spec.template, collisions)
        meta = ObjectMeta(
            name=f"{(owner.metadata.name or '')[:_LONGEST_PREFIX]}-{hashed}",
            namespace=owner.metadata.namespace,
            labels={**owner.spec.template.metadata.labels, self._hash_label: hashed},
            annotations=dict(owner.metadata.annotations),
            owner_references=[controller_reference(owner)],
        )
        return ControllerRevision(metadata=meta, data=data, revision=number)
