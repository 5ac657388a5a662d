"""Work that takes long and must not hold up a Pod's sync: pulling an image, running a probe or a hook."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("podkit")


class Tasks(Protocol):
    """Does work beside the caller."""

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Do it, now or soon. After `close` nothing is done."""

    def close(self) -> None:
        """Begin nothing any more, and wait a moment for what is under way."""


class InlineTasks:
    """Does the work at once, in the caller's thread: for a virtual clock, where nothing takes time by itself."""

    def start(self, name: str, work: Callable[[], object]) -> None:  # noqa: ARG002  (the name is for threads)
        """Do it now."""
        work()

    def close(self) -> None:
        """Nothing is under way."""


class ThreadTasks:
    """Gives each piece of work a thread."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Do it in a thread of its own."""

        def run() -> None:
            try:
                work()
            except Exception:
                log.exception("%s failed for a reason that is a bug of podkit", name)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"podkit-{name}", daemon=True)
        with self._lock:
            if self._closed:
                return
            self._threads.add(thread)
        try:
            thread.start()
        except BaseException:  # the machine has no room for another thread
            with self._lock:
                self._threads.discard(thread)
            raise

    def close(self, timeout: float = 5.0) -> None:
        """Begin nothing any more, and wait for what is under way, at most so many seconds for all of it together."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
