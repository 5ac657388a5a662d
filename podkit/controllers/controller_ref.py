"""Which controller an object belongs to: at most one of its owners is marked as the controller.

A controller owns what it has made. It *adopts* objects that its selector matches and that no controller owns, and *releases*
those of its own that its selector no longer matches (somebody has changed their labels to take them out): they go on without it.
Neither happens once it is being deleted, or they are.

Source of the rules: ``pkg/controller/controller_ref_manager.go``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from attrs import frozen

from podkit.model.meta import KubernetesObject, ObjectMeta, OwnerReference
from podkit.model.owners import controller_of
from podkit.model.selector import Selector

__all__ = ["Claim", "adopted", "claim", "controller_of", "controller_reference", "is_controlled_by", "released"]

T = TypeVar("T", bound=KubernetesObject)


def is_controlled_by(obj: KubernetesObject, owner: KubernetesObject) -> bool:
    """Whether an object belongs to this very controller."""
    reference = controller_of(obj)
    return reference is not None and reference.uid == owner.metadata.uid


def controller_reference(owner: KubernetesObject) -> OwnerReference:
    """The reference that marks an object as made, or adopted, by a controller."""
    return OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=owner.metadata.name or "",
        uid=owner.metadata.uid or "",
        controller=True,
        block_owner_deletion=True,
    )


@frozen
class Claim(Generic[T]):
    """What of some objects is a controller's.

    Attributes:
        owned: those that are its own.
        adopt: those that no controller owns and that become its own.
        release: those that are its own and are to be let go.
    """

    owned: list[T]
    adopt: list[T]
    release: list[T]


def claim(owner: KubernetesObject, selector: Selector, candidates: Iterable[T]) -> Claim[T]:
    """Decide which of some objects a controller owns, adopts and releases."""
    verdict: Claim[T] = Claim([], [], [])
    deleted = owner.metadata.deletion_timestamp is not None
    for obj in candidates:
        matches = selector.matches(obj.metadata.labels)
        reference = controller_of(obj)
        if reference is None:
            if matches and not deleted and obj.metadata.deletion_timestamp is None:
                verdict.adopt.append(obj)
        elif reference.uid == owner.metadata.uid:
            keep = matches or deleted
            (verdict.owned if keep else verdict.release).append(obj)
    return verdict


def adopted(meta: ObjectMeta, owner: KubernetesObject) -> list[OwnerReference]:
    """The owners of an object once a controller has adopted it."""
    others = [reference for reference in meta.owner_references if reference.uid != owner.metadata.uid]
    return [*others, controller_reference(owner)]


def released(meta: ObjectMeta, owner: KubernetesObject) -> list[OwnerReference]:
    """The owners of an object once a controller has let it go."""
    return [reference for reference in meta.owner_references if reference.uid != owner.metadata.uid]
