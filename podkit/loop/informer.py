"""A local, indexed copy of the objects of one kind, kept up to date by a watch.

As client-go's informer: control loops read from it instead of listing the store each time, and learn from it which
objects have changed. Its objects are shared: whoever wants to change one makes a copy first.

A watch begins with everything that is there. So an informer whose watch has become too slow opens another one, and what it
knows and that one does not tell, has been deleted meanwhile.
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
        self._news = True
        self._objects: dict[Key, T] = {}
        self._unseen: dict[Key, T] = {}
        self._index_of = dict(indexes or {})
        self._indexes: dict[str, dict[str, dict[Key, T]]] = {name: {} for name in self._index_of}

    def open(self) -> None:
        """Begin to follow now, and not with the first `pump`."""
        if self._watch is None:
            self._watch = self._open(self._woken)
            self._unseen = dict(self._objects)

    @property
    def has_news(self) -> bool:
        """Whether there may be something to take in."""
        return self._news

    def pump(self) -> bool:
        """Take in all changes that have happened; whether there were any."""
        if not self._news:
            return False
        self._news = False  # before it reads: what comes from now on is news again
        any_change = False
        try:
            while (event := self._next()) is not None:
                any_change = True
                self._apply(event)
        except BaseException:
            self._news = True  # there may be more
            raise
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

    def _woken(self) -> None:
        self._news = True
        self._wake()

    def _next(self) -> WatchEvent[T] | None:
        """The next change; None when there is none yet. A watch that is too slow is opened anew."""
        while True:
            try:
                self.open()
                assert self._watch is not None
                event = self._watch.poll()
            except Expired:
                self.close()
                self._watch = None
                continue
            if event is not None:
                self._unseen.pop(object_key(event.object), None)
                return event
            if not self._unseen or self._watch.closed:
                return None
            _, gone = self._unseen.popitem()
            return WatchEvent(ChangeType.DELETED, gone)

    def _apply(self, event: WatchEvent[T]) -> None:
        """Take in one change.

        Other threads read meanwhile: an object that is replaced is at no moment missing.
        """
        key = object_key(event.object)
        old = self._objects.get(key)
        new = None if event.type is ChangeType.DELETED else event.object
        if new is not None:
            self._objects[key] = new
        else:
            self._objects.pop(key, None)
        for name in self._index_of:
            self._reindex(name, key, old, new)
        self._on_change(old, new)

    def _reindex(self, name: str, key: Key, old: T | None, new: T | None) -> None:
        index, values = self._indexes[name], self._index_of[name]
        after = list(values(new)) if new is not None else []
        before = list(values(old)) if old is not None else []
        if new is not None:
            for value in after:
                index.setdefault(value, {})[key] = new
        if before == after:  # as it is nearly always
            return
        for value in set(before).difference(after):
            found = index.get(value, {})
            found.pop(key, None)
            if not found:
                index.pop(value, None)
