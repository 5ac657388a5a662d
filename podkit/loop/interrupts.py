"""Letting Ctrl-C in only where it does no harm.

Python raises ``KeyboardInterrupt`` in the main thread between any two instructions, also just after a lock was taken and before
anybody has begun to watch over its release. What other threads share, and what has to be finished, is therefore done
with interrupts deferred: a handler notes that one came, and it takes effect at the end of the block. Blocks are short, or look
now and then whether something has come.
"""

from __future__ import annotations

import signal
import threading
from contextlib import AbstractContextManager
from types import FrameType, TracebackType
from typing import Any

Interrupts = list[tuple[int, FrameType | None]]
"""The interrupts that have come: none, as long as it is empty."""


_deferred: Interrupts | None = None
"""Where interrupts are noted, while the main thread defers them; blocks in each other share it."""


def interrupts_deferred() -> AbstractContextManager[Interrupts]:
    """Let Ctrl-C take effect only after the block: as a KeyboardInterrupt, or as whatever the program's own handler does.

    What is in the block must be bounded in time, or look at the list that it is given, and end when there is something in
    it. Only Python's main thread is ever interrupted; in others nothing has to be done. Of blocks in each other the outermost
    counts.
    """
    return _Deferral()


class _Deferral:
    """A block of `interrupts_deferred`; a class, as a generator would take twice the time."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        global _deferred
        if threading.current_thread() is not threading.main_thread():
            return []
        if _deferred is not None:
            return _deferred
        before = signal.getsignal(signal.SIGINT)
        if not callable(before):
            return []
        came: Interrupts = []
        self._before = before
        signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
        _deferred = came
        return came

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _deferred
        if self._before is None:
            return
        came, _deferred = _deferred, None
        signal.signal(signal.SIGINT, self._before)
        if came:
            self._before(*came[0])
