"""Waiting, written so that anybody can let the time pass.

What has to wait is a generator of pauses: it yields a `Pause` where it can go on only when something has changed, and is told
whether that happened in time. A driver that has a thread to spare sleeps in between (`podkit.cluster.driver.Driver.complete`), an
event loop awaits (`podkit.aio`). So there is one way of waiting, and a thousand waits of an event loop need no thousand threads.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

from attrs import frozen

P = ParamSpec("P")
T = TypeVar("T")


class Signal(threading.Event):
    """An event of which one further party can be told beside those who wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._listener: Callable[[], None] | None = None

    def set(self) -> None:
        """Say that something has changed; from any thread."""
        super().set()
        if (listener := self._listener) is not None:
            listener()

    @contextlib.contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Within the block, call ``listener`` when it is set, from whatever thread does so; at once if it is set already."""
        self._listener = listener
        try:
            if self.is_set():
                listener()
            yield
        finally:
            self._listener = None


@frozen
class Pause:
    """A wish to let time pass.

    Attributes:
        woken: until this is set, which is then cleared.
        until: or until then, on the clock's monotonic time; None: for as long as it takes.
    """

    woken: Signal
    until: float | None = None


Steps: TypeAlias = Generator[Pause, bool, T]
"""Something that waits: it yields pauses, is sent whether it was woken in time, and returns what it has come to."""


def require_seconds(timeout: Any) -> None:
    """See that a timeout is a number of seconds, or None.

    Raises:
        TypeError: it is something else, such as a text or a timedelta.
    """
    if timeout is not None and not isinstance(timeout, int | float):
        hint = "; a timedelta has total_seconds()" if isinstance(timeout, timedelta) else ""
        raise TypeError(f"timeout is a number of seconds, such as 60, and not a {type(timeout).__name__}{hint}")


def waits(method: Callable[Concatenate[Any, P], Steps[T]]) -> Callable[Concatenate[Any, P], T]:
    """Make a method that is written as steps one that waits; the steps themselves stay what `steps_of` finds.

    Its object has a method ``_complete`` that goes steps to their end.
    """

    @functools.wraps(method)
    def wait(self: Any, /, *args: P.args, **options: P.kwargs) -> T:
        complete: Callable[[Steps[T]], T] = self._complete
        return complete(method(self, *args, **options))

    wait.steps = method  # type: ignore[attr-defined]  # a function has any attribute
    return wait


def steps_of(method: Callable[..., Any]) -> Callable[..., Steps[Any]] | None:
    """The steps of a method that waits; None for one that is not written so."""
    found: Callable[..., Steps[Any]] | None = getattr(method, "steps", None)
    return found


@frozen
class Done(Generic[T]):
    """The end of steps.

    Attributes:
        result: what they have come to.
    """

    result: T


def advance(steps: Steps[T], passed: bool | None) -> Pause | Done[T]:
    """Go on by one step: to the next pause, or to the end.

    Args:
        steps: the steps.
        passed: whether the last pause was ended by its signal; None at the beginning.
    """
    try:
        return next(steps) if passed is None else steps.send(passed)
    except StopIteration as end:
        return Done(end.value)
