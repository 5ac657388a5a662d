"""Ending a call that blocks, from another thread.

Whoever may want to end a call makes a `Cancellation` and has the call made where it `applies`. What blocks below looks at
it: it sleeps by `sleep`, calls `check` now and then, or says by `on_cancellation` how to end what it waits for. The call then ends
by `Cancelled`. Where none applies all of this costs nothing, and nothing is ever cancelled.

Threads that a call starts do not inherit it; what has such threads makes a cancellation of its own for them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

NAP = 0.05
"""Seconds that pass at most between a request and its being noticed by what cannot be woken."""


class Cancelled(BaseException):
    """The call has been ended from another thread. It is no `Exception`, so that nobody takes it for a failure on the way."""


class Cancellation:
    """A wish to end calls, which somebody may come to have."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requested = threading.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether the calls are to end."""
        return self._requested.is_set()

    def request(self) -> None:
        """End the calls, from any thread. Doing so twice does no harm."""
        with self._lock:
            self._requested.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def sleep(self, seconds: float) -> None:
        """Let time pass in the calling thread.

        Raises:
            Cancelled: the call is to end.
        """
        if self._requested.wait(seconds):
            raise Cancelled

    @contextlib.contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Within the block, call ``callback`` when the calls are to end: at once if that is so already."""
        with self._lock:
            requested = self._requested.is_set()
            if not requested:
                self._callbacks.append(callback)
        if requested:
            callback()
        try:
            yield
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

    @contextlib.contextmanager
    def applies(self) -> Iterator[None]:
        """Within the block, what is called in this thread ends when it is requested; also when one is that applied before."""
        outer = _current.get()
        with outer.calling(self.request) if outer is not None else contextlib.nullcontext():
            before = _current.set(self)
            try:
                yield
            finally:
                _current.reset(before)


_current: ContextVar[Cancellation | None] = ContextVar("podkit_cancellation", default=None)


def check() -> None:
    """See whether the call that is under way in this thread is to end.

    Raises:
        Cancelled: it is.
    """
    current = _current.get()
    if current is not None and current.requested:
        raise Cancelled


def sleep(seconds: float) -> None:
    """Let time pass, unless the call that is under way in this thread is to end.

    Raises:
        Cancelled: it is.
    """
    current = _current.get()
    if current is None:
        time.sleep(seconds)
    else:
        current.sleep(seconds)


def nap(seconds: float | None) -> float | None:
    """For what can only sleep for a time: how long, so that `check` is called soon enough if the call is to end."""
    if _current.get() is None:
        return seconds
    return NAP if seconds is None else min(NAP, seconds)


@contextlib.contextmanager
def on_cancellation(callback: Callable[[], None]) -> Iterator[None]:
    """Within the block, have ``callback`` called, from another thread, when the call that is under way is to end.

    It ends what the block waits for; by which error the block then ends makes no difference: it becomes `Cancelled`.
    """
    current = _current.get()
    if current is None:
        yield
        return
    try:
        with current.calling(callback):
            yield
    except Exception:
        if current.requested:
            raise Cancelled from None
        raise
