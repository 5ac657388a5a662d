"""Volumes in memory.

With the right to mount (as root) each is a tmpfs of its own, with its size limit enforced by the kernel. Without it, it is
a directory in ``/dev/shm``, which is a tmpfs that anybody may write to; then only the whole of it has a limit.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from pathlib import Path

from podkit.kubelet.filesystem.base import VolumeError
from podkit.kubelet.filesystem.ownership import OURS, Owners

SHARED_MEMORY = Path("/dev/shm")
_MNT_DETACH = 2
_UMOUNT_NOFOLLOW = 8
_MS_NOSUID, _MS_NODEV = 2, 4


def make(path: Path, *, size: int | None = None) -> None:
    """Turn a directory that is empty, or does not exist yet, into one that lies in memory; one that does already stays as it is.

    An empty directory is what is left of one in memory when the machine has been started anew.

    Args:
        path: where.
        size: bytes that fit in at the most; None: what the kernel grants.

    Raises:
        VolumeError: the kernel refuses, or there is no memory file system.
    """
    if is_made(path):
        return
    if os.geteuid() != 0:
        _link_to_shared_memory(path)
        return
    path.mkdir(exist_ok=True)
    options = "mode=0777" + (f",size={size}" if size is not None else "")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", _MS_NOSUID | _MS_NODEV, options.encode()) != 0:
        problem = os.strerror(ctypes.get_errno())
        path.rmdir()
        raise VolumeError(f"cannot mount a tmpfs at {path}: {problem}")


def is_made(path: Path) -> bool:
    """Whether a directory is there and lies in memory."""
    return path.is_mount() or (path.is_symlink() and path.exists())


def remove(path: Path, owners: Owners = OURS) -> None:
    """Take away whatever is mounted there, or lies in memory there. One that is gone is no error.

    The kernel is not asked before whether something is mounted: it does not say so of a directory that is mounted from the same
    disk, and what is below must not be removed with it.

    Args:
        path: where.
        owners: may remove what containers have written.
    """
    if path.is_symlink():
        with contextlib.suppress(FileNotFoundError):
            owners.remove_tree(path.resolve())
        path.unlink()
        return
    libc = ctypes.CDLL(None, use_errno=True)
    while libc.umount2(os.fsencode(path), _MNT_DETACH | _UMOUNT_NOFOLLOW) == 0:
        pass
    problem = ctypes.get_errno()
    is_no_mount = problem in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR)
    is_not_ours = problem == errno.EPERM and not path.is_mount()  # only root can have mounted something
    if not is_no_mount and not is_not_ours:
        raise VolumeError(f"cannot unmount {path}: {os.strerror(problem)}")


def _link_to_shared_memory(path: Path) -> None:
    if not os.access(SHARED_MEMORY, os.W_OK):
        raise VolumeError(f"a volume in memory needs the right to mount, or to write to {SHARED_MEMORY}")
    place = SHARED_MEMORY / ("podkit-" + str(path).strip("/").replace("/", "-")[-200:])
    place.mkdir(mode=0o777, exist_ok=True)
    place.chmod(0o777)
    if not path.is_symlink():
        path.symlink_to(place)
