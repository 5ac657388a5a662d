"""Removes what belongs to objects that are gone, and sees foreground and orphaning deletions through.

An object refers to its owners, by uid. When all of them are gone, it is deleted; when some are, it only loses the references to
those. An owner that is deleted *in the foreground* stays (with the finalizer ``foregroundDeletion``) until all dependents that
block it are gone; one that *orphans* (finalizer ``orphan``) stays until its dependents have lost their references to it. Owners may
own each other: the circle is broken where it closes.

Owners of kinds that podkit does not know are taken as there: nothing is ever deleted for their sake.

Source of the rules: ``pkg/controller/garbagecollector/garbagecollector.go`` (attemptToDeleteItem, orphanDependents).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from attrs import frozen

from podkit.controllers.controller import Controller
from podkit.controllers.failures import Failures
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.loop.informer import Informer
from podkit.model.copying import clone
from podkit.model.kinds import KINDS, Kind, UnknownKind
from podkit.model.meta import KubernetesObject, ObjectMeta, OwnerReference
from podkit.store.base import Propagation, Store
from podkit.store.deletion import FOREGROUND, ORPHAN

ItemKey: TypeAlias = tuple[str, str | None, str]
"""Kind, namespace and name of an object."""


class OwnerState(enum.Enum):
    """How an owner is."""

    SOLID = "it is there"
    ABSENT = "it is gone"
    WAITING = "it is being deleted and waits for what it owns"


@frozen
class Decision:
    """What is to be done with an object, in this order.

    Attributes:
        orphan: dependents that are to lose their reference to the object.
        drop_finalizer: the finalizer that has been served.
        disown: the uids of owners that the object is to lose.
        unblock: whether its owners are not to wait for it any more.
        delete: how to delete it; None: it stays.
        visit: dependents that are to be looked at.
    """

    orphan: Sequence[KubernetesObject] = ()
    drop_finalizer: str | None = None
    disown: frozenset[str] = frozenset()
    unblock: bool = False
    delete: Propagation | None = None
    visit: Sequence[KubernetesObject] = ()


NOTHING = Decision()


def decide(obj: KubernetesObject, owners: Mapping[str, OwnerState], dependents: Sequence[KubernetesObject]) -> Decision:
    """Decide what is to be done with an object.

    Args:
        obj: the object.
        owners: how its owners are, by uid.
        dependents: the objects that refer to it as an owner.
    """
    meta = obj.metadata
    if meta.deletion_timestamp is not None and ORPHAN in meta.finalizers:
        return Decision(orphan=dependents, drop_finalizer=ORPHAN)
    if waits_for_dependents(obj):
        blocking = [other for other in dependents if _blocks(other, meta.uid)]
        if blocking:
            return Decision(visit=[other for other in dependents if not waits_for_dependents(other)])
        return Decision(drop_finalizer=FOREGROUND)
    if meta.deletion_timestamp is not None or not meta.owner_references:
        return NOTHING
    lost = frozenset(uid for uid, state in owners.items() if state is not OwnerState.SOLID)
    if len(lost) < len(owners):
        return Decision(disown=lost)
    if OwnerState.WAITING in owners.values() and dependents:
        circle = any(waits_for_dependents(other) for other in dependents)
        return Decision(unblock=circle, delete="Foreground")
    return Decision(delete=_propagation(meta))


def waits_for_dependents(obj: KubernetesObject) -> bool:
    """Whether an object is being deleted in the foreground."""
    return obj.metadata.deletion_timestamp is not None and FOREGROUND in obj.metadata.finalizers


def _blocks(obj: KubernetesObject, uid: str | None) -> bool:
    return any(owner.uid == uid and owner.block_owner_deletion for owner in obj.metadata.owner_references)


def _propagation(meta: ObjectMeta) -> Propagation:
    """How to delete an object: as its finalizers say, if somebody has put them there beforehand."""
    if ORPHAN in meta.finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in meta.finalizers else "Background"


class GarbageCollector(Controller[ItemKey]):
    """Collects garbage among all kinds but Events, which have no owners.

    Args:
        store: the store with the objects.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(ReplicaSet.new("web", containers=[main], replicas=3))
            ReplicaSetController(store).step()
            store.delete(ReplicaSet, "web")
            GarbageCollector(store).step()
            assert store.list(Pod) == []
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("garbage-collector", store, clock=clock)
        self._informers = {kind.name: self._follow(kind) for kind in KINDS.kinds if kind.name != "Event"}

    def _reconcile(self, key: ItemKey) -> float | None:
        kind, namespace, name = key
        obj = self._informers[kind].get(namespace, name)
        if obj is None:
            return None
        owners = {owner.uid: self._state(obj, owner) for owner in obj.metadata.owner_references}
        self._perform(obj, decide(obj, owners, self._dependents(obj)))
        return None

    def _perform(self, obj: KubernetesObject, decision: Decision) -> None:
        uid = obj.metadata.uid or ""
        failures = Failures()
        for dependent in decision.orphan:
            failures.attempt(partial(self._edit, dependent, lambda meta: _disown(meta, {uid})))
        failures.raise_first()
        if decision.drop_finalizer is not None:
            self._edit(obj, lambda meta: meta.finalizers.remove(decision.drop_finalizer or ""))
        if decision.disown:
            self._edit(obj, lambda meta: _disown(meta, decision.disown))
        if decision.unblock:
            self._edit(obj, _unblock)
        if decision.delete is not None:
            self._delete(obj, decision.delete)
        for dependent in decision.visit:
            self.loop.enqueue(_key(dependent))

    def _edit(self, obj: KubernetesObject, change: Callable[[ObjectMeta], None]) -> None:
        """Change the metadata of an object; refused with Conflict when it has changed meanwhile."""
        changed = clone(obj)
        change(changed.metadata)
        try:
            self._store.update(changed)
        except NotFound:
            return

    def _delete(self, obj: KubernetesObject, propagation: Propagation) -> None:
        meta = obj.metadata
        try:
            self._store.delete(
                type(obj), meta.name or "", namespace=meta.namespace or "", propagation=propagation, uid=meta.uid
            )
        except NotFound:
            return

    # What is there

    def _state(self, obj: KubernetesObject, reference: OwnerReference) -> OwnerState:
        kind = _kind_of_owner(reference)
        if kind is None:
            return OwnerState.SOLID
        owner = self._owner(obj, reference, kind) or self._ask(obj, reference, kind)
        if owner is None:
            return OwnerState.ABSENT
        return OwnerState.WAITING if waits_for_dependents(owner) else OwnerState.SOLID

    def _owner(self, obj: KubernetesObject, reference: OwnerReference, kind: Kind) -> KubernetesObject | None:
        informer = self._informers.get(kind.name)
        owner = informer.get(_namespace_of_owner(obj, kind), reference.name) if informer is not None else None
        return owner if owner is not None and owner.metadata.uid == reference.uid else None

    def _ask(self, obj: KubernetesObject, reference: OwnerReference, kind: Kind) -> KubernetesObject | None:
        """The owner as the store has it: an informer may not have heard of it yet."""
        namespace = _namespace_of_owner(obj, kind) or ""
        try:
            owner: KubernetesObject = self._store.get(kind.cls, reference.name, namespace=namespace)
        except NotFound:
            return None
        return owner if owner.metadata.uid == reference.uid else None

    def _dependents(self, obj: KubernetesObject) -> list[KubernetesObject]:
        uid = obj.metadata.uid or ""
        return [other for informer in self._informers.values() for other in informer.by_index("owner", uid)]

    # What has changed

    def _follow(self, kind: Kind) -> Informer[Any]:
        return self.loop.follow(
            lambda wake: self._store.watch(kind.cls, wake=wake), self._changed, indexes={"owner": _owner_uids}
        )

    def _changed(self, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        last = new or old
        if last is None or _same_ties(old, new):
            return
        if new is None or waits_for_dependents(new):
            self._enqueue(self._dependents(last))
        if new is not None:
            self._enqueue([new])
        if old is not None:
            # An owner may have waited for this one to go, or to stop blocking it.
            self._enqueue(filter(waits_for_dependents, self._owners(old)))

    def _owners(self, obj: KubernetesObject) -> Iterator[KubernetesObject]:
        for reference in obj.metadata.owner_references:
            kind = _kind_of_owner(reference)
            owner = self._owner(obj, reference, kind) if kind is not None else None
            if owner is not None:
                yield owner

    def _enqueue(self, objects: Iterable[KubernetesObject]) -> None:
        for obj in objects:
            self.loop.enqueue(_key(obj))


def _same_ties(old: KubernetesObject | None, new: KubernetesObject | None) -> bool:
    """Whether nothing has changed between two versions of an object that garbage collection is about."""
    if old is None or new is None:
        there = new or old
        return old is None and there is not None and not there.metadata.owner_references and not _is_ending(there)
    before, after = old.metadata, new.metadata
    return (before.uid, before.owner_references, before.finalizers, before.deletion_timestamp) == (
        after.uid,
        after.owner_references,
        after.finalizers,
        after.deletion_timestamp,
    )


def _is_ending(obj: KubernetesObject) -> bool:
    return obj.metadata.deletion_timestamp is not None


def _kind_of_owner(reference: OwnerReference) -> Kind | None:
    try:
        return KINDS.find_document(reference.api_version, reference.kind)
    except UnknownKind:
        return None


def _namespace_of_owner(obj: KubernetesObject, kind: Kind) -> str | None:
    return obj.metadata.namespace if kind.namespaced else None


def _key(obj: KubernetesObject) -> ItemKey:
    return obj.kind, obj.metadata.namespace, obj.metadata.name or ""


def _owner_uids(obj: KubernetesObject) -> list[str]:
    return [owner.uid for owner in obj.metadata.owner_references]


def _disown(meta: ObjectMeta, uids: Iterable[str]) -> None:
    meta.owner_references = [owner for owner in meta.owner_references if owner.uid not in uids]


def _unblock(meta: ObjectMeta) -> None:
    for owner in meta.owner_references:
        owner.block_owner_deletion = False
