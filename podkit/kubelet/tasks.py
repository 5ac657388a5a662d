"""Work beside a Pod's sync: pulling an image, running a probe or a hook, starting a container while the next one is made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeAlias, TypeVar

from podkit.log import logger

log = logger(__name__)
T = TypeVar("T")
Step: TypeAlias = Callable[[], Callable[[], T] | None]
"""Work in two halves: the first gives the second, or None where there is none."""


class Tasks(Protocol):
    """Does work beside the caller."""

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Do it, now or soon. After `close` nothing is done."""

    def overlap(self, steps: Iterable[Step[T]]) -> list[T]:
        """Do the first halves in order, and the second halves in order: each may go on while the next first half is done.

        Returns:
            What the second halves gave, in order, once all are through.
        """

    def close(self) -> None:
        """Begin nothing any more, and wait a moment for what is under way."""


class InlineTasks:
    """Does the work at once, in the caller's thread: for a virtual clock, where nothing takes time by itself."""

    def start(self, name: str, work: Callable[[], object]) -> None:  # noqa: ARG002  (the name is for threads)
        """Do it now."""
        work()

    def overlap(self, steps: Iterable[Step[T]]) -> list[T]:
        """Do one half after the other."""
        return [second() for step in steps if (second := step()) is not None]

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

    def overlap(self, steps: Iterable[Step[T]]) -> list[T]:
        """Do the second halves in a thread of their own; but the last one, beside which there is nothing to do, in this one."""
        under_way: list[Future[T]] = []
        last: Callable[[], T] | None = None
        # an executor makes its thread with the first submit
        with ThreadPoolExecutor(1, thread_name_prefix="podkit-overlap") as thread:
            for step in steps:
                if last is not None:
                    under_way.append(thread.submit(last))
                last = step()
        done = [one.result() for one in under_way]
        return done if last is None else [*done, last()]

    def close(self, timeout: float = 5.0) -> None:
        """Begin nothing any more, and wait for what is under way, at most so many seconds for all of it together."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
