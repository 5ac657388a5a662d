"""A store in a file."""

from podkit.store.sqlite.save import remove, save
from podkit.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "remove", "save"]
