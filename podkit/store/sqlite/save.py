"""Writing down the objects of a store that is not in a file, so that one in a file can be opened on them."""

from __future__ import annotations

from pathlib import Path

from podkit.model.kinds import KINDS
from podkit.store.base import Store
from podkit.store.sqlite.file import StoreFile


def save(store: Store, path: Path) -> None:
    """Write all objects of a store into the file of a new `SqliteStore`, in place of what is there.

    Their uids and resource versions stay what they are.

    Raises:
        NodeInUse: the file is in use.
        StoreError: the file cannot be written.
    """
    remove(path)
    file = StoreFile(path)
    try:
        file.fill(obj for kind in KINDS.kinds for obj in store.list(kind.cls))
    finally:
        file.close()


def remove(path: Path) -> None:
    """Remove the file of a store that nobody uses, if it is there."""
    for suffix in ("", "-wal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
