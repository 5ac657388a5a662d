"""What outlives the call of a verb, and has to end when the cluster does: what verbs have opened, and calls in other threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar
from weakref import WeakSet

from podkit.cluster.driver import CLOSED
from podkit.errors import PodkitError
from podkit.loop.cancellation import Cancellation, Cancelled, check
from podkit.runtime.base import Closeable

T = TypeVar("T", bound=Closeable)
U = TypeVar("U", bound=Closeable)


class LeftOpen(Generic[T]):
    """What verbs have opened. What nobody refers to any more is forgotten: to be here keeps nothing alive."""

    def __init__(self) -> None:
        self._opened: WeakSet[T] = WeakSet()

    def add(self, opened: U) -> U:
        """Take in what a verb has just opened, and return it."""
        self._opened.add(opened)  # type: ignore[arg-type]  # there are no words for "a U that is a T"
        return opened

    def __iter__(self) -> Iterator[T]:
        """All that is there now; others may open more meanwhile."""
        return iter(list(self._opened))

    def close(self) -> None:
        """Close all of it."""
        for opened in self:
            opened.close()


class CallsUnderWay:
    """Calls that take as long as what runs in a container does, and are broken off when the cluster is closed."""

    def __init__(self) -> None:
        self._calls: set[Cancellation] = set()

    @contextmanager
    def ended_by_closing(self) -> Iterator[None]:
        """A block that ends when another thread calls `end`.

        Raises:
            PodkitError: it has done so.
        """
        call = Cancellation()
        self._calls.add(call)
        try:
            with call.applies():
                yield
        except Cancelled:
            check()  # is it one that somebody else wants to end?
            raise PodkitError(CLOSED) from None
        finally:
            self._calls.discard(call)

    def end(self) -> None:
        """Break all of them off."""
        for call in list(self._calls):
            call.request()
