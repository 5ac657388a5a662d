"""Finishing what must be finished, even if the user presses Ctrl-C again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C take effect only after the block, as a KeyboardInterrupt.

    What is in the block must be bounded in time. Only Python's main thread is ever interrupted; in others nothing has to be
    done. A handler of the user's own is called, in the same way, after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
        if came and callable(before):
            before(*came[0])
