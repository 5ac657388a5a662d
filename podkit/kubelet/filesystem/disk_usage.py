"""How much of a disk a directory takes: ``du`` (`pkg/volume/util/fs`, `DiskUsage`)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_BLOCK = 512
"""Bytes of the blocks in which ``stat`` counts."""


def used(directory: Path) -> int:
    """Bytes on the disk of a directory with all that is in it; 0 if there is none.

    Other file systems that are mounted in it do not count. A file with several names counts once. What vanishes meanwhile, or
    cannot be read, counts as far as it has been seen.
    """
    try:
        top = directory.lstat()
    except OSError:
        return 0
    total, seen, waiting = top.st_blocks, set[int](), [str(directory)] if stat.S_ISDIR(top.st_mode) else []
    while waiting:
        for entry in _entries(waiting.pop()):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if status.st_dev != top.st_dev or (status.st_nlink > 1 and status.st_ino in seen):
                continue
            total += status.st_blocks
            if stat.S_ISDIR(status.st_mode):
                waiting.append(entry.path)
            elif status.st_nlink > 1:
                seen.add(status.st_ino)
    return total * _BLOCK


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []
