"""Control groups of containers and pods on this machine: who was killed for lack of memory, and limits that Podman cannot change.

The kernel counts, in each memory control group, the processes that it has killed for lack of memory: ``oom_kill`` in
``memory.events`` (version 2) or ``memory.oom_control`` (version 1). Podman before version 5 says that a container was killed so
only by chance, because its monitor leaves the note in the wrong directory; the count is right everywhere, as long as the group is
there: for some milliseconds after the end of the container. For who comes later there is an alarm (`podkit.runtime.podman.alarm`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from podkit.errors import RuntimeFailed
from podkit.runtime.base import Resources

ROOT = Path("/sys/fs/cgroup")
_COUNTERS = {1: "memory.oom_control", 2: "memory.events"}


def oom_counter(pid: int, proc: Path = Path("/proc"), root: Path = ROOT) -> Path | None:
    """The file in which the kernel counts the processes that it kills in the memory control group of a process.

    None if the process has ended already, or its control group cannot be seen from here.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    groups = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    found = next((path for names, path in groups.items() if "memory" in names.split(",")), None)
    if found is not None:
        file = root / "memory" / found.lstrip("/") / _COUNTERS[1]
    else:
        file = root / groups.get("", "/").lstrip("/") / _COUNTERS[2]
    return file if file.is_file() else None


def has_killed(counter: Path) -> bool:
    """Whether the kernel has killed a process there for lack of memory; False if the group is gone."""
    try:
        words = counter.read_text().split()
    except OSError:
        return False
    return "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0


def kill_together(counter: Path) -> None:
    """Let the kernel kill all processes of a control group where it kills one for lack of memory; version 1 cannot.

    A container of which a part is missing is of no use (`kuberuntime_container_linux.go`, ``memory.oom.group``). Who may not set it
    leaves it to the kernel which process it is.
    """
    if counter.name == _COUNTERS[2]:
        with contextlib.suppress(OSError):
            (counter.parent / "memory.oom.group").write_text("1")


def resize(path: str, resources: Resources, operation: str, root: Path = ROOT) -> None:
    """Set the limits of a control group.

    Args:
        path: the group, as Podman tells it.
        resources: the limits; those that are None or 0 stay as they are.
        operation: what is being done, for the error.
        root: where control groups are mounted.

    Raises:
        RuntimeFailed: the group cannot be written to, or the kernel refuses the limit.
    """
    settings = _version_2(resources) if (root / "cgroup.controllers").exists() else _version_1(resources, root, path)
    for controller, name, value in settings:
        file = root / controller / path.lstrip("/") / name
        try:
            file.write_text(value)
        except OSError as error:
            message = f"could not {operation}: could not write {value} to {file}: {error.strerror}"
            raise RuntimeFailed(message, operation=operation, detail=error.strerror or "") from error


def _version_2(resources: Resources) -> Iterator[tuple[str, str, str]]:
    if resources.memory_limit:
        yield "", "memory.max", str(resources.memory_limit)
    if resources.cpu_quota:
        yield "", "cpu.max", f"{resources.cpu_quota} {resources.cpu_period}"
    if resources.cpu_shares:
        # the kubelet's and the OCI runtimes' translation of 2..262144 to 1..10000
        yield "", "cpu.weight", str(1 + (resources.cpu_shares - 2) * 9999 // 262142)


def _version_1(resources: Resources, root: Path, path: str) -> Iterator[tuple[str, str, str]]:
    """Memory and memory with swap are two limits, of which the second may never be below the first."""
    if resources.memory_limit:
        files = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
        group = root / "memory" / path.lstrip("/")
        present = [name for name in files if (group / name).exists()]
        before = int((group / files[0]).read_text()) if (group / files[0]).exists() else 0
        for name in reversed(present) if resources.memory_limit > before else present:
            yield "memory", name, str(resources.memory_limit)
    if resources.cpu_quota:
        yield "cpu", "cpu.cfs_period_us", str(resources.cpu_period)
        yield "cpu", "cpu.cfs_quota_us", str(resources.cpu_quota)
    if resources.cpu_shares:
        yield "cpu", "cpu.shares", str(resources.cpu_shares)
