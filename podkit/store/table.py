"""The objects of one kind, found by namespace and name.

The table holds the store's own objects, which are never changed: a write puts another object in the place of the old one. So
whoever has taken an object out, or is going over a list of them, sees each as it was, without a lock and without a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)


class ObjectTable(Generic[T]):
    """Objects by namespace (None for kinds that have none) and name."""

    def __init__(self) -> None:
        self._namespaces: dict[str | None, dict[str, T]] = {}

    def get(self, namespace: str | None, name: str) -> T | None:
        """The object of this name; None when there is none."""
        return self._namespaces.get(namespace, {}).get(name)

    def put(self, obj: T) -> None:
        """Add an object, or replace the one of the same name."""
        meta = obj.metadata
        self._namespaces.setdefault(meta.namespace, {})[meta.name or ""] = obj

    def remove(self, namespace: str | None, name: str) -> None:
        """Take the object of this name out, if there is one."""
        named = self._namespaces.get(namespace, {})
        named.pop(name, None)
        if not named:
            self._namespaces.pop(namespace, None)

    def select(self, namespace: str | None, wanted: Callable[[T], bool] | None) -> list[T]:
        """The objects that are wanted, of one namespace or (None) of all, ordered by namespace and name."""
        spaces = [namespace] if namespace is not None else sorted(self._namespaces, key=lambda space: space or "")
        found: list[T] = []
        for space in spaces:
            named = self._namespaces.get(space, {})
            names = named if wanted is None else [name for name, obj in named.items() if wanted(obj)]
            found += [named[name] for name in sorted(names)]
        return found

    def __iter__(self) -> Iterator[T]:
        """All objects, in no order."""
        return (obj for named in self._namespaces.values() for obj in named.values())

    def __len__(self) -> int:
        return sum(map(len, self._namespaces.values()))
