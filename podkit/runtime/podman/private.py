"""Directories of this process for what Podman is to find: the socket of a service, the description of a command.

Each is locked as long as its process lives, so that the next one can remove what a killed one has left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_DIRECTORY_PREFIX = "podkit-service-"
_LONGEST_BASE = 70
"""The kernel takes paths of sockets up to 107 bytes."""
_SETTLING_SECONDS = 60.0
"""A directory younger than this may belong to a process that has not locked it yet."""


def private_directory() -> tuple[Path, int]:
    """A fresh directory that only this user may enter, and a descriptor that holds a lock on it as long as this process lives.

    Directories of processes that were killed are removed: nobody holds their lock.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    if len(os.fsencode(base)) > _LONGEST_BASE:
        base = Path("/tmp")
    for stale in base.glob(f"{_DIRECTORY_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = stale.stat()
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _SETTLING_SECONDS:
                os.close(_lock(stale))
                shutil.rmtree(stale, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=_DIRECTORY_PREFIX, dir=base))
    return directory, _lock(directory)


def _lock(directory: Path) -> int:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
