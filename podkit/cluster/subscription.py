"""Functions that are called when objects change.

A subscription is a loop like those of the controllers: in a thread of its own, or, with a virtual clock, stepped by whoever waits.
It calls its handler with one change after the other, in their order. What a handler raises is logged, and the next change is told
nevertheless: an error in somebody's handler must not stop a cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

from attrs import frozen

from podkit.log import about, logger
from podkit.loop.informer import Informer, OpenWatch
from podkit.loop.watch import ChangeType, WatchEvent
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject

log = logger(__name__)

T = TypeVar("T", bound=KubernetesObject)
T_co = TypeVar("T_co", bound=KubernetesObject, covariant=True)

JOIN_SECONDS = 10.0
"""How long closing waits for a handler that is at work."""


@frozen
class ObjectChange(WatchEvent[T_co]):
    """What a handler is told of: one change of one object. See `podkit.Cluster.on`.

    Attributes:
        type: what has happened: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        object: the object after it; for ``DELETED`` as it was last.
        old: the object before it; None for ``ADDED``.

    Example:
        ::

            def tell(change: ObjectChange[Pod]) -> None:
                if change.old is not None and change.old.status.phase != change.object.status.phase:
                    print(change.object.metadata.name, change.old.status.phase, "->", change.object.status.phase)
    """

    old: T_co | None = None


class Subscription(Generic[T]):
    """A function that is called when objects change, until this is closed, or the cluster; see `podkit.Cluster.on`.

    Args:
        name: what is followed, for the name of the thread.
        open_watch: opens the store's watch.
        handler: what to call.
        detach: is called when it is closed.

    Example:
        ::

            with cluster.on(Pod, lambda change: print(change.type, change.object.metadata.name)):
                cluster.run(job)
    """

    def __init__(
        self,
        name: str,
        open_watch: OpenWatch[T],
        handler: Callable[[ObjectChange[T]], object],
        detach: Callable[[Subscription[T]], None],
    ) -> None:
        self._name = name
        self._handler = handler
        self._detach = detach
        self._woken = threading.Event()
        self._closed = False
        self._at_work = False
        self._thread: threading.Thread | None = None
        self._informer = Informer[T](open_watch, self._tell, wake=self._woken.set)
        self._informer.open()

    def close(self) -> None:
        """Call the handler no more. If it is at work in another thread, wait until it has come to its end, at most 10 seconds."""
        self._detach(self)
        self.stop()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # As a loop; see `podkit.cluster.driver.Loop`

    def start(self) -> None:
        """Call the handler in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"podkit-on-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._closed = True
        self._woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(JOIN_SECONDS)
        self._informer.close()

    def step(self) -> bool:
        """Tell all that has happened, in this thread; whether there was anything. A handler that waits is not called meanwhile."""
        if self._at_work or self._closed:
            return False
        self._at_work = True
        try:
            return self._informer.pump()
        finally:
            self._at_work = False

    def next_due(self) -> float | None:
        """Nothing is due by itself."""
        return None

    def _run(self) -> None:
        while not self._closed:
            self.step()
            self._woken.wait()
            self._woken.clear()

    def _tell(self, old: T | None, new: T | None) -> None:
        change = _change(old, new)
        if change is None or self._closed:
            return
        try:
            self._handler(change)
        except Exception:
            log_failure(self._name, change)


def require_handler(handler: object) -> None:
    """See that a handler can be called.

    Raises:
        TypeError: it cannot.
    """
    if not callable(handler):
        raise TypeError(f"a handler is a function that is given an ObjectChange, and not a {type(handler).__name__}")


def log_failure(name: str, change: ObjectChange[Any]) -> None:
    """Log what a handler is raising. The plural of the kind says what it follows."""
    log.exception(
        "a handler of changes of %s failed, and is called again for the next", name, extra=about(change.object)
    )


def _change(old: T | None, new: T | None) -> ObjectChange[T] | None:
    """What to tell, with objects that are the handler's; None: nothing, because the object is only seen anew."""
    if new is None:
        return None if old is None else ObjectChange(ChangeType.DELETED, clone(old), clone(old))
    if old is None:
        return ObjectChange(ChangeType.ADDED, clone(new))
    if old.metadata.resource_version == new.metadata.resource_version:
        return None
    return ObjectChange(ChangeType.MODIFIED, clone(new), clone(old))
