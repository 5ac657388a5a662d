"""The table that a benchmark prints: what was measured, what it should be, and whether it is."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def line(name: str, value: str, note: str = "") -> None:
    """Print a figure that has no target."""
    print(f"{name:<58}{value:>12}   {note}".rstrip(), flush=True)


def check(name: str, measured: float, target: float, form: str = "{:.2f}") -> None:
    """Print a figure that should be at most its target.

    Args:
        name: what was measured.
        measured: the figure.
        target: what it should not be above.
        form: how to write either.
    """
    verdict = "kept" if measured <= target else "MISSED"
    line(name, form.format(measured), f"target {form.format(target)}: {verdict}")


def processor_seconds(pid: int) -> float:
    """The processor time of a process and of those of its children that have ended and been waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def resident_mebibytes(pid: int) -> float:
    """The memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def services() -> list[int]:
    """The processes of the Podman service that this process has started: rootless, it is a process and its child."""
    found: list[int] = []
    parents = {int(entry.name): _parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    wanted = {os.getpid()}
    while wanted:
        children = {pid for pid, parent in parents.items() if parent in wanted and _serves(pid)}
        found.extend(children)
        wanted = children
    return found


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _serves(pid: int) -> bool:
    try:
        return b"system\0service" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
