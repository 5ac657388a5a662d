"""What the engine holds, found by id, by name, and by labels.

With ten thousand Pods, looking through everything for the containers of one would be what a simulation spends its time on. So
there is an index by Pod uid, which a kubelet always asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from podkit.runtime.base import POD_UID


class Labelled(Protocol):
    """Something that has an id and labels."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""


T = TypeVar("T", bound=Labelled)


class Table(Generic[T]):
    """Things by id and labels, in the order in which they were made."""

    def __init__(self) -> None:
        self._by_id: dict[str, T] = {}
        self._by_pod: dict[str | None, dict[str, T]] = {}

    def add(self, thing: T) -> None:
        """Take in a thing."""
        self._by_id[thing.id] = thing
        self._by_pod.setdefault(thing.labels.get(POD_UID), {})[thing.id] = thing

    def get(self, thing_id: str) -> T | None:
        """The thing of this id, if there is one."""
        return self._by_id.get(thing_id)

    def remove(self, thing: T) -> None:
        """Forget a thing that is there."""
        del self._by_id[thing.id]
        pod = thing.labels.get(POD_UID)
        del self._by_pod[pod][thing.id]
        if not self._by_pod[pod]:
            del self._by_pod[pod]

    def select(self, labels: Mapping[str, str]) -> Iterator[T]:
        """All things that carry these labels."""
        pod = labels.get(POD_UID)
        candidates = self._by_id if pod is None else self._by_pod.get(pod, {})
        wanted = labels.items()
        return (thing for thing in candidates.values() if wanted <= thing.labels.items())

    def __len__(self) -> int:
        return len(self._by_id)
