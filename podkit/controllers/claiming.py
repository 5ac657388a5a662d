"""Making objects a controller's own, and letting them go: what `controller_ref.claim` decides, carried out.

Before the first adoption the owner is read anew: one that is being deleted meanwhile, or that is another one of its name by now,
adopts nothing.

Source of the rules: ``pkg/controller/controller_ref_manager.go`` (ClaimPods, ClaimReplicaSets, RecheckDeletionTimestamp).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from podkit.controllers.controller_ref import Claim, adopted, claim, released
from podkit.errors import NotFound
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject, OwnerReference
from podkit.model.selector import Selector
from podkit.store.base import Store

T = TypeVar("T", bound=KubernetesObject)


def claim_objects(store: Store, owner: KubernetesObject, selector: Selector, candidates: Iterable[T]) -> list[T]:
    """The objects that belong to a controller, after it has adopted and released what it should.

    Args:
        store: where they are.
        owner: the controller's object.
        selector: which objects are to belong to it.
        candidates: those that do already, and those without a controller that it may adopt.

    Raises:
        Conflict: one of them has changed meanwhile.
    """
    verdict: Claim[T] = claim(owner, selector, candidates)
    for obj in verdict.release:
        _with_owners(store, obj, released(obj.metadata, owner))
    if verdict.adopt and _may_adopt(store, owner):
        for obj in verdict.adopt:
            mine = _with_owners(store, obj, adopted(obj.metadata, owner))
            verdict.owned.extend([mine] if mine is not None else [])
    return verdict.owned


def _may_adopt(store: Store, owner: KubernetesObject) -> bool:
    meta = owner.metadata
    try:
        fresh = store.get(type(owner), meta.name or "", namespace=meta.namespace or "")
    except NotFound:
        return False
    return fresh.metadata.uid == meta.uid and fresh.metadata.deletion_timestamp is None


def _with_owners(store: Store, obj: T, owners: list[OwnerReference]) -> T | None:
    """The object with other owners; None when it is gone."""
    changed = clone(obj)
    changed.metadata.owner_references = owners
    try:
        return store.update(changed)
    except NotFound:
        return None
