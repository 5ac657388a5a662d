"""What is in the file of a store, and how files of older versions become ones of this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podkit.errors import StoreError

APPLICATION = 0x706F646B
"""What SQLite's header says that the file is: "podk"."""

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """CREATE TABLE objects (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (kind, namespace, name)
        ) WITHOUT ROWID""",
        """CREATE TABLE changes (
            version INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL, before TEXT
        )""",
        "CREATE INDEX changes_of_kind ON changes (kind, version)",
        "CREATE TABLE forgotten (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE counter (version INTEGER NOT NULL)",
        "INSERT INTO counter VALUES (0)",
    ),
)
"""The statements that lead from each version of the schema to the next; an empty file has version 0.

``objects`` has what is there now, ``changes`` the last changes of each kind for watches that go on from a version, ``forgotten``
the version of the last change of a kind that is not there any more, ``counter`` the last version of all. ``before`` is the object
before a change if that had other labels, because a selection looks at nothing else.
"""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a file to the schema of this version, in one transaction.

    Raises:
        StoreError: it is something else than a store, or one of a newer version.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or tables):
        raise StoreError("it is a database of another program; name another file")
    if version > len(migrations):
        raise StoreError(
            f"it was written by a newer podkit (its schema has version {version}, this one knows {len(migrations)}); "
            "install that podkit, or name another file"
        )
    if version == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in migrations[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
