"""What a watch tells: the changes of objects, in the order in which they happened."""

from __future__ import annotations

import enum
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)
T_co = TypeVar("T_co", bound=KubernetesObject, covariant=True)


class ChangeType(enum.StrEnum):
    """What has happened to an object.

    Example:
        ::

            with cluster.watch(Pod) as watch:
                event = next(watch)
                assert event.type is ChangeType.ADDED and event.type == "ADDED"
    """

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@frozen
class WatchEvent(Generic[T_co]):
    """One change of one object.

    Attributes:
        type: what has happened: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        object: the object after it; for ``DELETED`` as it was last. A watch with a selector says ``ADDED`` and
            ``DELETED`` when an object comes to match it, or does so no more.

    Example:
        ::

            with cluster.watch(Pod, labels="app=web") as watch:
                for event in watch:
                    print(event.type, event.object.status.phase)
                    if event.object.status.phase == "Running":
                        break
    """

    type: ChangeType
    object: T_co


class Watch(Protocol[T]):
    """An open watch: iterate over it, or poll it; close it."""

    @property
    def closed(self) -> bool:
        """Whether it has ended, so that nothing more comes."""

    def __iter__(self) -> Watch[T]:
        """Itself."""

    def __next__(self) -> WatchEvent[T]:
        """The next change, as soon as there is one; ``StopIteration`` when the watch is closed."""

    def poll(self) -> WatchEvent[T] | None:
        """The next change if there is one already.

        Raises:
            Expired: the watch was so slow that changes were dropped; open a new one.
        """

    def close(self) -> None:
        """End it; whoever iterates over it comes to the end. Closing twice does no harm."""
