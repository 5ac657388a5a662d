"""What a run may leave behind, how to recognise it as the run's, and its removal.

A process is the run's if our directory is in its command line, in its environment, or under its root file system: conmon and the
registry, services and their children, and the containers themselves. No process is ever recognised by its name.
"""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_PARENT = "libpod_parent"
_IDENTITY = re.compile(r'"ID":"([0-9a-f]{64})"')
_END_SECONDS = 5.0


def end_processes(directory: Path) -> list[int]:
    """Kill every process that belongs to a directory, and wait until they are gone.

    Returns:
        The ids of those that were there.
    """
    found: set[int] = set()
    deadline = time.monotonic() + _END_SECONDS
    while (alive := processes_of(directory)) and time.monotonic() < deadline:
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        found.update(alive)
        time.sleep(0.02)
    return sorted(found)


def processes_of(directory: Path) -> list[int]:
    """The processes, other than ourselves and our parents, that belong to a directory."""
    needle = os.fsencode(directory) + b"/"
    family = _family()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid not in family and _belongs(Path("/proc", str(pid)), needle)]


def _belongs(process: Path, needle: bytes) -> bool:
    try:
        if process.joinpath("stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z":
            return False
        if needle in process.joinpath("cmdline").read_bytes() or needle in process.joinpath("environ").read_bytes():
            return True
        mounts = process.joinpath("mountinfo").read_bytes().splitlines()
    except OSError:
        return False
    return any(line.split()[4] == b"/" and needle in line for line in mounts)


def _family() -> set[int]:
    family, pid = set(), os.getpid()
    while pid > 0:
        family.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return family


def cgroup_parents() -> set[Path]:
    """The cgroups below which Podman keeps its pods, in every hierarchy."""
    return {path for pattern in (_PARENT, f"*/{_PARENT}") for path in _CGROUP.glob(pattern)}


def remove_cgroups(events: Path, parents_before: set[Path]) -> None:
    """Remove the cgroups of what Podman had: on cgroup v1, those without a controller stay behind.

    Args:
        events: Podman's log of events, which names all pods and containers that there were.
        parents_before: what `cgroup_parents` said at the start; other parents go too, unless they are in use by now.
    """
    parents = cgroup_parents()
    for identity in _identities(events):
        for path in (parent / name for parent in parents for name in (identity, f"libpod-{identity}")):
            _remove_empty(path)
    for parent in parents - parents_before:
        with contextlib.suppress(OSError):
            parent.rmdir()


def _identities(events: Path) -> set[str]:
    try:
        lines = events.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return {match[1] for line in lines if (match := _IDENTITY.search(line))}


def _remove_empty(path: Path) -> None:
    if path.is_dir():
        for below in (*sorted(path.rglob("*/"), reverse=True), path):
            with contextlib.suppress(OSError):
                below.rmdir()
