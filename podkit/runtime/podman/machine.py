"""What this machine has left, as the kernel tells it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from podkit.runtime.base import MachineStats

_MEMORY = "MemAvailable:"


def machine_stats(storage: Path, proc: Path = Path("/proc")) -> MachineStats:
    """What this machine has left; what cannot be read is not known.

    Args:
        storage: the directory in which Podman keeps images and containers.
        proc: where the kernel tells about itself.
    """
    memory, running, limit = None, None, None
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = (proc / "meminfo").read_text().splitlines()
        memory = int(next(line for line in lines if line.startswith(_MEMORY)).split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError):
        running = int((proc / "loadavg").read_text().split()[3].partition("/")[2])
        limits = [(proc / "sys" / "kernel" / name).read_text() for name in ("pid_max", "threads-max")]
        limit = min(map(int, limits))
    free, size = None, None
    with contextlib.suppress(OSError):
        disk = os.statvfs(storage)
        free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    left = limit - running if limit is not None and running is not None else None
    return MachineStats(memory, left, limit, free, size)
