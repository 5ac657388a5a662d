"""Work that takes long and must not hold up a Pod's sync: pulling an image."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("podkit")


class Tasks(Protocol):
    """Does work beside the caller."""

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Do it, now or soon."""

    def close(self) -> None:
        """Wait a moment for what is under way."""


class InlineTasks:
    """Does the work at once, in the caller's thread: for a virtual clock, where nothing takes time by itself."""

    def start(self, name: str, work: Callable[[], None]) -> None:  # noqa: ARG002  (the name is for threads)
        """Do it now."""
        work()

    def close(self) -> None:
        """Nothing is under way."""


class ThreadTasks:
    """Gives each piece of work a thread."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], None]) -> None:
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
            self._threads.add(thread)
        thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Wait for what is under way, at most so many seconds each."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout)
