"""A store whose objects are also in a file, and are there again when another process opens it.

It is the store in memory: what is read comes from there, and every rule is its. What a write changes goes into the file in one
transaction before anybody is told of it, so that the file never knows less than a watch; a write that the file refuses has not
happened. The file is SQLite's, with a write-ahead log: a process that is killed at any moment leaves it consistent, with all that
was acknowledged. A failure of the machine's power can cost the last moments, and nothing else.
"""

from __future__ import annotations

import builtins
import os
import threading
from pathlib import Path
from typing import Any

from podkit.loop import forks
from podkit.loop.clock import Clock
from podkit.model.event import Event
from podkit.store.changes import Change
from podkit.store.memory import MemoryStore
from podkit.store.room import Room
from podkit.store.sqlite.file import StoreFile


class SqliteStore(MemoryStore):
    """Keeps objects in a file; see `podkit.store.base.Store`.

    It may be used from any number of threads of one process: the file is locked, and a second process is refused.

    Args:
        path: the file; it is made if it does not exist. While it is open there are others beside it, with ``-lock`` and ``-wal`` at
            the end of their names.
        clock: what the times of creation and deletion are read from; None: the machine's clock.

    Raises:
        NodeInUse: another process, or another store of this one, has it open.
        StoreError: the file is damaged, is no store, is of a newer version of podkit, or cannot be opened.

    Example:
        ::

            store = SqliteStore("objects.db")
            store.create(ConfigMap.new("settings", {"color": "blue"}))
            store.close()
            SqliteStore("objects.db").get("configmap", "settings").data      # {'color': 'blue'}
    """

    def __init__(self, path: str | os.PathLike[str], clock: Clock | None = None) -> None:
        self._file = StoreFile(Path(path))
        try:
            super().__init__(clock)
        except BaseException:
            self._file.close()
            raise
        forks.stays_with_its_process(self)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def close(self) -> None:
        """End all watches, and close the file. Closing twice does no harm."""
        forks.ended(self)
        super().close()
        self._file.close()

    def _abandon(self) -> None:
        """In a forked child: leave the file to the parent; see `podkit.loop.forks`."""
        self._lock = threading.Lock()  # a thread that is not there may hold the other
        self._closed = True
        self._file.abandon()

    # Inside: the caller holds the lock

    def _begin(self) -> None:
        """Take in what the file has, before anything is written."""
        self._version = self._file.version()
        for obj in self._file.objects():
            self._room(obj).objects.put(obj)
            if isinstance(obj, Event):
                self._retention.note(obj, self._clock.monotonic())
        for kind, forgotten, changes in self._file.histories():
            self._room(kind).changes.restore(changes, forgotten=forgotten)

    def _save(self, written: builtins.list[tuple[Room[Any], Change[Any]]]) -> None:
        self._file.write([(room.kind.cls, change) for room, change in written])
