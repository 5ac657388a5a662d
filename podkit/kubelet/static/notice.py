"""Noticing at once that something has changed in a directory, with inotify, where that can be had.

It takes Linux and the extra ``podkit[static-pods]``. Without them, or as long as the directory is not there, the caller has to look
more often himself.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

try:
    import inotify_simple
except ImportError:  # no Linux, or installed without the extra
    inotify_simple = None


class Notice:
    """Calls somebody when a directory, or a file, changes. Its thread begins with the first `begin` that succeeds.

    Args:
        path: the directory or file.
        changed: what to call, from a thread of its own.
    """

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self._path = path
        self._changed = changed
        self._thread: threading.Thread | None = None
        self._end = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK) if inotify_simple is not None else -1

    def begin(self) -> bool:
        """Begin, if that has not been done; whether changes are noticed from now on."""
        if self._thread is not None and self._thread.is_alive():
            return True
        if inotify_simple is None or self._end < 0:
            return False
        inotify = inotify_simple.INotify()
        try:
            inotify.add_watch(self._path, _changes())
        except OSError:  # it is not there
            inotify.close()
            return False
        self._thread = threading.Thread(target=self._run, args=(inotify,), name="podkit-static-pods", daemon=True)
        self._thread.start()
        return True

    def close(self) -> None:
        """End the thread. Doing so twice does no harm."""
        if self._end < 0:
            return
        os.eventfd_write(self._end, 1)
        if self._thread is not None:
            self._thread.join()
        os.close(self._end)
        self._end = -1

    def _run(self, inotify: inotify_simple.INotify) -> None:
        """Notice changes until the end, or until what is watched has gone."""
        with inotify:
            while True:
                ready, _, _ = select.select([inotify, self._end], [], [])
                if self._end in ready:
                    return
                events = inotify.read(timeout=0)
                self._changed()
                if any(event.mask & inotify_simple.flags.IGNORED for event in events):
                    return


def _changes() -> int:
    """What is to be noticed: not every write, but that a file has been written."""
    flags = inotify_simple.flags
    return int(
        flags.CREATE | flags.CLOSE_WRITE | flags.DELETE | flags.MOVED_TO | flags.MOVED_FROM
        | flags.DELETE_SELF | flags.MOVE_SELF
    )  # fmt: skip
