"""The file of a store: reading what it has, and writing changes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from podkit.codec import from_dict, to_dict
from podkit.errors import PodkitError, StoreError
from podkit.loop.forks import never_free
from podkit.loop.watch import ChangeType, WatchEvent
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.store.changes import HISTORY, Change
from podkit.store.sqlite.file_lock import FileLock
from podkit.store.sqlite.schema import migrate

_SLACK = HISTORY
"""How many changes of a kind may be there beyond its history before they are removed: a write pays for that with a constant."""


class StoreFile:
    """An open file.

    Args:
        path: where; it is made if it does not exist.

    Attributes:
        path: likewise.

    Raises:
        NodeInUse: it is open already.
        StoreError: it cannot be opened, or is no store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock = FileLock(self.path)
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = self._open()
        except BaseException:
            self.close()
            raise
        self._remembered: Counter[str] = Counter()

    def _open(self) -> sqlite3.Connection:
        with self._told("open it"):
            with contextlib.suppress(OSError):  # SQLite will say what is wrong
                os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))  # there are Secrets in it
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if state != "ok":
                    raise StoreError(f"it is damaged ({state}); put a copy in its place, or remove it to begin anew")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                migrate(connection)
                connection.execute("BEGIN IMMEDIATE")  # fails for a file that can only be read
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        return connection

    def close(self) -> None:
        """Close it; all is then in the one file. Closing twice does no harm."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._lock.release()

    def abandon(self) -> None:
        """In a forked child: leave it to the parent. To close the connection would remove what the parent has yet to take over."""
        connection, self._connection = self._connection, None
        never_free(connection)
        self._lock.abandon()

    # Reading

    def version(self) -> int:
        """The last resource version."""
        (version,) = self._query("SELECT version FROM counter").fetchone()
        return int(version)

    def objects(self) -> Iterator[Any]:
        """All objects."""
        for kind, content in self._query("SELECT kind, content FROM objects"):
            yield self._decoded(kind, content)

    def histories(self) -> Iterator[tuple[type, int, list[Change[Any]]]]:
        """For each kind that has changed, the version of the last change that is forgotten, and those that are not."""
        forgotten = dict(self._query("SELECT kind, version FROM forgotten").fetchall())
        for (kind,) in self._query("SELECT kind FROM changes UNION SELECT kind FROM forgotten").fetchall():
            rows = self._query(
                "SELECT version, type, content, before FROM changes WHERE kind = ? ORDER BY version", kind
            )
            changes = [self._change(kind, *row) for row in rows]
            self._remembered[kind] = len(changes)
            yield kind_of(kind).cls, forgotten.get(kind, 0), changes

    def _change(self, kind: str, version: int, type_: str, content: str, before: str | None) -> Change[Any]:
        obj = self._decoded(kind, content)
        old = self._decoded(kind, before) if before is not None else obj
        return Change(version, None if type_ == ChangeType.ADDED else old, WatchEvent(ChangeType(type_), obj))

    def _decoded(self, kind: str, content: str) -> Any:
        try:
            return from_dict(json.loads(content))
        except (PodkitError, ValueError) as error:
            raise StoreError(
                f"the store {self.path} holds a {kind} that cannot be read: {error}; put a copy of the file in its place, or "
                "remove it to begin anew"
            ) from error

    # Writing

    def write(self, written: Sequence[tuple[type, Change[Any]]]) -> None:
        """Write changes, all or none.

        Raises:
            StoreError: the file refuses.
        """
        with self._transaction():
            for cls, change in written:
                self._write_one(kind_of(cls).name, change)
            self._execute("UPDATE counter SET version = ?", max(change.version for _, change in written))
        for kind, number in Counter(kind_of(cls).name for cls, _ in written).items():
            self._remembered[kind] += number

    def fill(self, objects: Iterable[KubernetesObject]) -> None:
        """Write objects of another store as they are into a new file. No watch can go on from one of their versions.

        Raises:
            StoreError: the file refuses.
        """
        newest = 0
        with self._transaction():
            for obj in objects:
                kind, version = kind_of(obj).name, int(obj.metadata.resource_version or 0)
                self._put(kind, obj, version, _encoded(obj))
                newest = max(newest, version)
            self._execute("UPDATE counter SET version = ?", newest)
            self._execute("INSERT INTO forgotten SELECT DISTINCT kind, ? FROM objects", newest)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is executed inside happens, or nothing does."""
        with self._told("write to it"):
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
                self._execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error, StoreError):
                    self._execute("ROLLBACK")
                raise

    def _put(self, kind: str, obj: KubernetesObject, version: int, content: str) -> None:
        meta = obj.metadata
        place = (kind, meta.namespace or "", meta.name or "")
        self._execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", *place, version, content)

    def _write_one(self, kind: str, change: Change[Any]) -> None:
        event, before = change.event, change.before
        meta, content = event.object.metadata, _encoded(event.object)
        if event.type is ChangeType.DELETED:
            place = (kind, meta.namespace or "", meta.name or "")
            self._execute("DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?", *place)
        else:
            self._put(kind, event.object, change.version, content)
        told = before if before is not None and before.metadata.labels != meta.labels else None
        last = _encoded(told) if told is not None else None
        self._execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?)", change.version, kind, event.type.value, content, last
        )
        if self._remembered[kind] > HISTORY + _SLACK:
            self._forget(kind)

    def _forget(self, kind: str) -> None:
        """Remove the changes of a kind beyond its history."""
        newest = "SELECT version FROM changes WHERE kind = ? ORDER BY version DESC LIMIT 1 OFFSET ?"
        (version,) = self._query(newest, kind, HISTORY).fetchone()
        self._execute("DELETE FROM changes WHERE kind = ? AND version <= ?", kind, version)
        self._execute("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", kind, version)
        self._remembered[kind] = HISTORY

    def _query(self, statement: str, *values: object) -> sqlite3.Cursor:
        with self._told("read it"):
            return self._execute(statement, *values)

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        if self._connection is None:
            raise StoreError("the store is closed, and with it the cluster that it was opened for")
        return self._connection.execute(statement, values)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Let what SQLite refuses be a `StoreError` that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the store {self.path}: could not {what}: {error}{_remedy(error)}") from error
        except StoreError as error:
            if str(self.path) in str(error) or what != "open it":
                raise
            raise StoreError(f"the store {self.path}: could not {what}: {error}") from error


def _encoded(obj: KubernetesObject) -> str:
    return json.dumps(to_dict(obj), separators=(",", ":"), ensure_ascii=False)


_REMEDIES: Iterable[tuple[str, str]] = (
    ("full", "; make room on the disk, nothing of this write has happened"),
    ("readonly", "; make the file and its directory writable"),
    ("disk I/O", "; see that the file and its directory may be written to, and that the disk is in order"),
    ("not a database", "; name another file, or remove this one to begin anew"),
    ("malformed", "; it is damaged: put a copy in its place, or remove it to begin anew"),
    ("unable to open", "; see that its directory exists and may be written to"),
    ("locked", "; another program has it open"),
)


def _remedy(error: sqlite3.Error) -> str:
    return next((remedy for sign, remedy in _REMEDIES if sign in str(error)), "")
