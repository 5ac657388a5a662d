"""What a machine has left, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit.runtime.base import MachineStats
from podkit.runtime.podman.machine import machine_stats


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "sys" / "kernel").mkdir(parents=True)
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 300 kB\n")
    (tmp_path / "loadavg").write_text("0.00 0.01 0.05 2/120 4711\n")
    (tmp_path / "sys" / "kernel" / "pid_max").write_text("32768\n")
    (tmp_path / "sys" / "kernel" / "threads-max").write_text("1000\n")
    return tmp_path


def test_memory_processes_and_disk_are_read(proc: Path) -> None:
    stats = machine_stats(proc, proc)
    assert (stats.memory_available, stats.processes_available, stats.processes) == (300 * 1024, 880, 1000)
    assert stats.storage_available is not None
    assert stats.storage is not None
    assert 0 < stats.storage_available <= stats.storage


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert machine_stats(tmp_path / "nothing", tmp_path / "nothing") == MachineStats()
