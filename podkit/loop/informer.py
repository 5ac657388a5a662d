"""A local, indexed copy of the objects of one kind, kept up to date by a watch.

As client-go's informer: control loops read from it instead of listing the store each time, and learn from it which
objects have changed. Its objects are shared: whoever wants to change one makes a copy first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic

from podkit.errors import Expired
from podkit.loop.watch import ChangeType, T, Watch, WatchEvent

OpenWatch = Callable[[Callable[[], None]], Watch[T]]
"""Opens a watch that begins with what is there; its argument is called whenever there is something to poll."""

OnChange = Callable[[T | None, T | None], None]
"""Is told the object before and after a change; None where it was or is not there."""

Key = tuple[str | None, str]


def object_key(obj: T) -> Key:
    """Namespace and name of an object."""
    return obj.metadata.namespace, obj.metadata.name or ""


class Informer(Generic[T]):
    """Follows the objects of one kind.

    Args:
        open_watch: opens a watch that begins with ``ADDED`` for everything that is there.
        on_change: is told of each change, from within `pump`.
        wake: is called, from whatever thread changes an object, when `pump` has something to do.
        indexes: for `by_index`: by the name of the index, what an object is to be found under.
    """

    def __init__(
        self,
        open_watch: OpenWatch[T],
        on_change: OnChange[T],
        *,
        wake: Callable[[], None],
        indexes: Mapping[str, Callable[[T], Iterable[str]]] | None = None,
    ) -> None:
        self._open = open_watch
        self._on_change = on_change
        self._wake = wake
        self._watch: Watch[T] | None = None
        self._objects: dict[Key, T] = {}
        self._index_of = dict(indexes or {})
        self._indexes: dict[str, dict[str, dict[Key, T]]] = {name: {} for name in self._index_of}

    def pump(self) -> bool:
        """Take in all changes that have happened; whether there were any."""
        if self._watch is None:
            self._reopen()
        any_change = False
        while (event := self._poll()) is not None:
            any_change = True
            self._apply(event)
        return any_change

    def get(self, namespace: str | None, name: str) -> T | None:
        """The object of this name; None when there is none."""
        return self._objects.get((namespace, name))

    def objects(self) -> list[T]:
        """All objects."""
        return list(self._objects.values())

    def by_index(self, index: str, value: str) -> list[T]:
        """The objects that an index has under a value."""
        return list(self._indexes[index].get(value, {}).values())

    def close(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.close()

    def _poll(self) -> WatchEvent[T] | None:
        assert self._watch is not None
        try:
            return self._watch.poll()
        except Expired:
            self._reopen()
            return self._watch.poll()

    def _reopen(self) -> None:
        """Open a watch; what is known and no longer there is told as deleted."""
        self.close()
        self._watch = self._open(self._wake)
        before = dict(self._objects)
        while (event := self._watch.poll()) is not None:
            before.pop(object_key(event.object), None)
            self._apply(event)
        for obj in before.values():
            self._apply(WatchEvent(ChangeType.DELETED, obj))

    def _apply(self, event: WatchEvent[T]) -> None:
        key = object_key(event.object)
        old = self._objects.pop(key, None)
        if old is not None:
            self._unindex(key, old)
        new = None if event.type is ChangeType.DELETED else event.object
        if new is not None:
            self._objects[key] = new
            self._index(key, new)
        self._on_change(old, new if new is not None else None)

    def _index(self, key: Key, obj: T) -> None:
        for name, values in self._index_of.items():
            for value in values(obj):
                self._indexes[name].setdefault(value, {})[key] = obj

    def _unindex(self, key: Key, obj: T) -> None:
        for name, values in self._index_of.items():
            for value in values(obj):
                found = self._indexes[name].get(value, {})
                found.pop(key, None)
                if not found:
                    self._indexes[name].pop(value, None)
