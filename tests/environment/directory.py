"""The directory of a run: made, locked as long as its owner lives, and removed; also those that dead runs left.

The lock is how a run knows a dead one from one that is at work. Looking for the dead and making one's own happen under a lock
on the place where all directories are, so that nobody finds a directory between its making and its locking.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

PREFIX = "podkit-env-"
"""Short, because the process that cleans up after a container refuses a runroot of more than 50 characters."""
MEMORY_NEEDED = 2 << 30
"""Bytes that images, containers and logs may take; where there are less in memory, they go to the disk."""
_LONGEST_BASE = 16
_MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def own_directory(end: Callable[[Path], None]) -> Iterator[Path]:
    """An empty directory for some time.

    Args:
        end: ends all that goes on in the directory of a dead run.
    """
    base = _base()
    with contextlib.ExitStack() as stack:
        with _lock(base, fcntl.LOCK_EX):
            _remove_dead(base, end)
            directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            stack.enter_context(locked(directory))
        yield directory


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[bool]:
    """Lock a directory against being taken for a dead run's.

    Returns:
        Whether it was free; else its owner lives.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_lock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def _lock(directory: Path, how: int) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _remove_dead(base: Path, end: Callable[[Path], None]) -> None:
    for directory in base.glob(f"{PREFIX}*"):
        # another user's is not ours to touch
        with contextlib.suppress(PermissionError, FileNotFoundError), locked(directory) as free:
            if free:
                end(directory)
                shutil.rmtree(directory, ignore_errors=True)


def _base() -> Path:
    """Where directories for some time go: in memory for a user who is not root, who has no tmpfs to mount."""
    if os.geteuid() != 0 and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > MEMORY_NEEDED:
        return _MEMORY
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) <= _LONGEST_BASE else Path("/tmp")
