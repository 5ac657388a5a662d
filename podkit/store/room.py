"""What a store keeps of one kind, and how admission looks into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from podkit.errors import AlreadyExists, NotFound
from podkit.model.kinds import Kind
from podkit.model.meta import KubernetesObject
from podkit.store.changes import ChangeLog
from podkit.store.measures import KindMeasures
from podkit.store.naming import ATTEMPTS, generate_name
from podkit.store.table import ObjectTable

T = TypeVar("T", bound=KubernetesObject)


class Room(Generic[T]):
    """What is kept of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.objects: ObjectTable[T] = ObjectTable()
        self.changes: ChangeLog[T] = ChangeLog()

    def existing(self, namespace: str | None, name: str) -> T:
        """The object of this name.

        Raises:
            NotFound: there is none.
        """
        namespace = (namespace or "default") if self.kind.namespaced else None
        found = self.objects.get(namespace, name)
        if found is None:
            raise NotFound(self.kind.name, name, namespace)
        return found

    def free_name(self, namespace: str | None, prefix: str) -> str:
        """A name that begins with ``prefix`` and that no object has.

        Raises:
            AlreadyExists: none was found.
        """
        for _ in range(ATTEMPTS):
            name = generate_name(prefix)
            if self.objects.get(namespace, name) is None:
                return name
        raise AlreadyExists(self.kind.name, f"{prefix}…", namespace)

    def measures(self) -> KindMeasures:
        """How much that is."""
        watches, changes = self.changes.sizes()
        return KindMeasures(self.kind, len(self.objects), watches, changes)


class Known:
    """What admission may look up while the lock is held; see `podkit.admission.Known`."""

    def __init__(self, room_of: Callable[[Any], Room[Any]]) -> None:
        self._room_of = room_of

    def find(self, kind: type[T], name: str, namespace: str | None = None) -> T | None:
        """The object of this name."""
        return self._room_of(kind).objects.get(namespace, name)

    def all(self, kind: type[T]) -> Iterable[T]:
        """All objects of a kind."""
        return self._room_of(kind).objects
