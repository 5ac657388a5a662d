"""Who has the file of a store open: a lock beside it that names its holder, and that the kernel gives back when that one ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from podkit.errors import NodeInUse, StoreError


class FileLock:
    """A lock on a file.

    Args:
        path: the file, which need not be there; the lock is beside it.

    Raises:
        NodeInUse: another process, or another part of this one, holds it.
        StoreError: there can be no lock there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-lock")
        self._descriptor: int | None = None
        while self._descriptor is None:
            descriptor = self._open(path)
            if self._is_current(descriptor):
                self._descriptor = descriptor
            else:  # its last holder has removed it just now
                os.close(descriptor)
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give it back. Doing so twice does no harm."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(descriptor)

    def abandon(self) -> None:
        """In a forked child: let go of it without giving it back; it stays the parent's."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self, path: Path) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"the store {path} cannot be opened: {error.strerror} ({error.filename}); see that its directory exists and "
                "may be written to"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise NodeInUse(
                f"the store {path} is in use by process {holder}; close it there, or name another file"
            ) from None
        return descriptor

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False
