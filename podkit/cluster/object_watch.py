"""A watch as users get it: its objects are theirs, and waiting for the next change makes the cluster go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from podkit.cluster.driver import Driver
from podkit.cluster.pauses import Pause, Signal, Steps
from podkit.errors import PodkitError
from podkit.loop.watch import Watch, WatchEvent
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)


class ObjectWatch(Generic[T]):
    """An open watch: an iterator that waits for the next change. It ends when it, or its cluster, is closed.

    Use it with ``with``, or close it, when it is needed no longer than a part of the cluster's life.

    Args:
        open_watch: opens the store's watch; its argument is called whenever there is something to poll.
        driver: lets time pass.

    Example:
        ::

            with cluster.watch(Pod, labels="app=web") as watch:
                for event in watch:
                    print(event.type, event.object.status.phase)
                    if event.object.status.phase == "Running":
                        break
    """

    def __init__(self, open_watch: Callable[[Callable[[], None]], Watch[T]], driver: Driver) -> None:
        self._driver = driver
        self._unusable = ""
        self._woken = Signal()
        self._watch = open_watch(self._woken.set)

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._watch.closed

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> WatchEvent[T]:
        """The next change, as soon as there is one."""
        event = self._driver.complete(self.change())
        if event is None:
            raise StopIteration
        return event

    def change(self) -> Steps[WatchEvent[T] | None]:
        """The next change, for those who let time pass themselves; None at the end."""
        if self._unusable:
            raise PodkitError(self._unusable)
        while not self._watch.closed:
            if (event := self._watch.poll()) is not None:
                return WatchEvent(event.type, clone(event.object))
            if not (yield Pause(self._woken)):
                break
        return None

    def close(self) -> None:
        """End it. Closing twice does no harm."""
        self._watch.close()
        self._woken.set()

    def abandon(self, reason: str) -> None:
        """Refuse to go on, without a look at what it has; see `podkit.loop.forks`."""
        self._unusable = reason

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
