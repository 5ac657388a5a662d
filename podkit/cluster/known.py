"""What admission knows of other objects while nothing has been written yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from podkit.errors import NotFound
from podkit.model.meta import KubernetesObject
from podkit.store.base import Store

T = TypeVar("T", bound=KubernetesObject)


class KnownObjects:
    """The objects of a store, and over them those that are about to be written; see `podkit.admission.Known`.

    Args:
        store: the store.
        objects: what is about to be written.
    """

    def __init__(self, store: Store, objects: Sequence[Any]) -> None:
        self._store = store
        self._objects = {(type(obj), obj.metadata.namespace, obj.metadata.name): obj for obj in objects}

    def find(self, kind: type[T], name: str, namespace: str | None = None) -> T | None:
        """The object of this name."""
        found: T | None = self._objects.get((kind, namespace, name))
        if found is not None:
            return found
        try:
            return self._store.get(kind, name, namespace=namespace or "default")
        except NotFound:
            return None

    def all(self, kind: type[T]) -> Iterable[T]:
        """All objects of a kind."""
        there = {(kind, obj.metadata.namespace, obj.metadata.name): obj for obj in self._store.list(kind)}
        mine = {key: obj for key, obj in self._objects.items() if key[0] is kind}
        return list({**there, **mine}.values())
