"""The changes of one kind in their order, and the watches that follow them.

There is one log a kind, and a watch is a position in it: watching costs nothing per change but the question whether the watch
wants to know, and a hundred watches share what they have not read yet. The log forgets from its old end. It keeps a history
for those who come later (``since``), and beyond it whatever an open watch has not read, up to a bound; a watch that falls
behind that bound is told so (`podkit.errors.Expired`) and has to begin anew, as with an API server. A watch that
nobody refers to any more is no longer followed, so that forgetting to close one does no harm.

Writers append under the store's lock. The log has a lock of its own, so that readers never wait for a writer's admission.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from weakref import ref

from attrs import frozen

from podkit.errors import Expired
from podkit.log import logger
from podkit.loop.watch import ChangeType, WatchEvent
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)

Wake = Callable[[], None]

HISTORY = 1_000
"""How many changes of a kind are kept for those who ask for them later."""

BACKLOG = 20_000
"""How many changes a watch may be behind."""

log = logger(__name__)


@frozen
class Change(Generic[T]):
    """One change of one object.

    Attributes:
        version: the resource version that it made.
        before: the object before it; None when it was not there.
        event: what a watch without a selector is told.
    """

    version: int
    before: T | None
    event: WatchEvent[T]


@frozen
class Selection(Generic[T]):
    """Which objects a watch is about.

    Attributes:
        namespace: those of this one; None: all.
        matches: those for which this is true; None: all.
    """

    namespace: str | None = None
    matches: Callable[[T], bool] | None = None

    def has(self, obj: T) -> bool:
        """Whether an object is one of them."""
        if self.namespace is not None and obj.metadata.namespace != self.namespace:
            return False
        return self.matches is None or self.matches(obj)

    def concerns(self, change: Change[T]) -> bool:
        """Whether `event` has something to tell of a change."""
        return self.has(change.event.object) or (change.before is not None and self.has(change.before))

    def event(self, change: Change[T]) -> WatchEvent[T] | None:
        """What to tell of a change; None: nothing.

        An object that comes to be one of them is told as added, one that no longer is as deleted, as it was when it last
        was one (apiserver: `storage/cacher/cache_watcher.go`, convertToWatchEvent).
        """
        if self.namespace is None and self.matches is None:
            return change.event
        event = change.event
        was = change.before is not None and self.has(change.before)
        is_one = event.type is not ChangeType.DELETED and self.has(event.object)
        if was and is_one:
            return event
        if is_one:
            return WatchEvent(ChangeType.ADDED, event.object)
        return WatchEvent(ChangeType.DELETED, _last_seen(change)) if was else None


def _last_seen(change: Change[T]) -> T:
    """The object of a change as it was before it, with the resource version that the change has made."""
    if change.event.type is ChangeType.DELETED or change.before is None:
        return change.event.object
    last = clone(change.before)
    last.metadata.resource_version = str(change.version)
    return last


class ChangeLog(Generic[T]):
    """The changes of one kind.

    Args:
        history: how many changes are kept in any case.
        backlog: how many are kept for the sake of a watch that has not read them.
    """

    def __init__(self, *, history: int = HISTORY, backlog: int = BACKLOG) -> None:
        self._history, self._backlog = history, max(history, backlog)
        self._lock = threading.Lock()
        self._changes: list[Change[T]] = []
        self._first = 0
        self._forgotten = 0
        self._trim_at = 2 * history + 1
        self._watches: list[ref[LogWatch[T]]] = []

    def restore(self, changes: Iterable[Change[T]], *, forgotten: int) -> None:
        """Take in what happened before this process; nobody watches yet.

        Args:
            changes: the changes that are remembered, in their order.
            forgotten: the version of the last one that is not.
        """
        self._changes = list(changes)
        self._forgotten = forgotten
        self._trim_at = len(self._changes) + self._history + 1

    def append(self, change: Change[T]) -> list[Wake]:
        """Add a change; returns whom to call because of it, once no lock is held."""
        with self._lock:
            self._changes.append(change)
            if len(self._changes) >= self._trim_at:
                self._trim()
            return [wake for watch in self._open_watches() if (wake := watch.notice(change)) is not None]

    def follow(self, selection: Selection[T], there: Iterable[T], *, wake: Wake | None) -> LogWatch[T]:
        """A watch that begins with ``ADDED`` for what is there and goes on with what comes."""
        with self._lock:
            return self._open(selection, there, self._first + len(self._changes), wake)

    def follow_since(self, selection: Selection[T], version: int, *, wake: Wake | None) -> LogWatch[T]:
        """A watch that begins with the first change after a resource version.

        Raises:
            Expired: that change has been forgotten.
        """
        with self._lock:
            if version < self._forgotten:
                raise Expired(
                    f"resource version {version} is too old: only changes after {self._forgotten} are remembered; "
                    "list again and watch from there"
                )
            behind = sum(1 for _ in _while_newer(self._changes, version))
            return self._open(selection, (), self._first + len(self._changes) - behind, wake)

    def sizes(self) -> tuple[int, int]:
        """How many watches follow, and how many changes are remembered."""
        with self._lock:
            return len(self._open_watches()), len(self._changes)

    def close(self) -> None:
        """End all watches and forget all changes."""
        with self._lock:
            watches = self._open_watches()
            self._changes.clear()
        for watch in watches:
            watch.close()

    def _open(self, selection: Selection[T], there: Iterable[T], position: int, wake: Wake | None) -> LogWatch[T]:
        watch = LogWatch(self, self._lock, selection, there, position, wake)
        self._watches.append(ref(watch))
        return watch

    def _open_watches(self) -> list[LogWatch[T]]:
        """Those that somebody still refers to, in the order in which they were opened; the caller holds the lock."""
        found = [watch for reference in self._watches if (watch := reference()) is not None]
        if len(found) < len(self._watches):
            self._watches = [reference for reference in self._watches if reference() is not None]
        return found

    def read(self, position: int) -> Change[T] | None:
        """The change at a position, for a watch that holds the lock; None when it has not happened yet.

        Raises:
            Expired: it has been forgotten.
        """
        index = position - self._first
        if index < 0:
            raise Expired(
                f"the watch was too slow: it was more than {self._backlog} changes behind, and {-index} of them have been "
                "dropped; list again and watch from there"
            )
        return self._changes[index] if index < len(self._changes) else None

    def forget(self, watch: LogWatch[T]) -> None:
        """Follow a watch no longer; the caller holds the lock."""
        self._watches = [reference for reference in self._watches if reference() is not watch]

    def _trim(self) -> None:
        """Forget what is neither history nor awaited by a watch that is not too slow.

        It is done only when the log has grown by a history's length since the last time, so that a write pays for it with
        a constant.
        """
        end = self._first + len(self._changes)
        keep_from = min([end - self._history, *(watch.position for watch in self._open_watches())])
        dropped = max(keep_from, end - self._backlog) - self._first
        if dropped > 0:
            self._forgotten = self._changes[dropped - 1].version
            del self._changes[:dropped]
            self._first += dropped
        self._trim_at = len(self._changes) + self._history + 1


def _while_newer(changes: list[Change[T]], version: int) -> Iterable[Change[T]]:
    for change in reversed(changes):
        if change.version <= version:
            return
        yield change


class LogWatch(Generic[T]):
    """A watch on a `ChangeLog`; see `podkit.loop.watch.Watch`."""

    def __init__(
        self,
        changes: ChangeLog[T],
        lock: threading.Lock,
        selection: Selection[T],
        there: Iterable[T],
        position: int,
        wake: Wake | None,
    ) -> None:
        self._changes = changes
        self._selection = selection
        self._there = deque(there)
        self._wake = wake
        self._closed = False
        self._lock = lock
        self._changed = threading.Condition(lock)
        self._waiting = 0
        self.position = position

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def __iter__(self) -> LogWatch[T]:
        return self

    def __next__(self) -> WatchEvent[T]:
        with self._lock:
            while not self._closed:
                if (event := self._take()) is not None:
                    return event
                self._waiting += 1
                try:
                    self._changed.wait()
                finally:
                    self._waiting -= 1
        raise StopIteration

    def poll(self) -> WatchEvent[T] | None:
        """The next change if there is one already.

        Raises:
            Expired: the watch was so slow that changes were dropped.
        """
        with self._lock:
            return None if self._closed else self._take()

    def close(self) -> None:
        """End it; whoever iterates over it comes to the end."""
        with self._lock:
            self._closed = True
            self._there.clear()
            self._changes.forget(self)
            self._changed.notify_all()

    def notice(self, change: Change[T]) -> Wake | None:
        """Rouse whoever waits for this change; returns whom to call because of it. The caller holds the lock."""
        if not (self._waiting or self._wake) or not self._selection.concerns(change):
            return None
        if self._waiting:
            self._changed.notify_all()
        return self._wake

    def _take(self) -> WatchEvent[T] | None:
        if self._there:
            return WatchEvent(ChangeType.ADDED, self._there.popleft())
        while (change := self._changes.read(self.position)) is not None:
            self.position += 1
            if (event := self._selection.event(change)) is not None:
                return event
        return None


def call_all(wakes: Iterable[Wake]) -> None:
    """Call each once; what one raises is logged, and keeps neither the others nor the writer from going on."""
    for wake in dict.fromkeys(wakes):
        try:
            wake()
        except Exception:
            log.exception("a watch's wake function %r failed", wake)
