"""Letting Ctrl-C in only where it does no harm.

Python raises ``KeyboardInterrupt`` in the main thread between any two instructions, also just after a lock was taken and before
anybody has begun to watch over its release. What other threads share, and what has to be finished, is therefore done
with interrupts deferred: a handler notes that one came, and it takes effect at the end of the block. Blocks are short, or look
now and then whether something has come.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

Interrupts = list[tuple[int, FrameType | None]]
"""The interrupts that have come: none, as long as it is empty."""


_deferred: Interrupts | None = None
"""Where interrupts are noted, while the main thread defers them; blocks in each other share it."""


@contextmanager
def interrupts_deferred() -> Iterator[Interrupts]:
    """Let Ctrl-C take effect only after the block: as a KeyboardInterrupt, or as whatever the program's own handler does.

    What is in the block must be bounded in time, or look at the list that it is given, and end when there is something in
    it. Only Python's main thread is ever interrupted; in others nothing has to be done. Of blocks in each other the outermost
    counts.
    """
    global _deferred
    if threading.current_thread() is not threading.main_thread():
        yield []
        return
    if _deferred is not None:
        yield _deferred
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield []
        return
    came: Interrupts = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    _deferred = came
    try:
        yield came
    finally:
        _deferred = None
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])
