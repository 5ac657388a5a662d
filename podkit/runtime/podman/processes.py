"""The processes of containers, where they are processes of this machine.

Podman learns of the end of a container from its monitor (conmon) some milliseconds after the kernel does, and never if the
monitor itself has died. Where the service runs in our own process namespace, the kernel can be asked: a pidfd becomes readable
when its process ends, also while it waits as a zombie to be collected.

Each command that is run in a container by the API has a monitor too. When the command has ended, the monitor sleeps for
``exit_command_delay`` (300 s by default) before it cleans up, for clients that ask late for the exit code. Probes would pile them
up, and where Podman manages cgroups by itself, one of them makes the removal of a pod take 3 s. We ask at once, so they need not
wait: SIGTERM ends the sleep, and the monitor cleans up and goes.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import socket
import struct
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from attrs import frozen


@functools.cache
def can_watch_processes() -> bool:
    """Whether the kernel tells of the end of processes by pidfds (since Linux 5.3)."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def ended(pid: int) -> bool:
    """Whether a process of this machine has ended, or never was."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    finally:
        os.close(descriptor)


def serves_from_here(uri: str) -> bool:
    """Whether the service's process ids mean the same to us.

    True if what listens on a Unix socket is a process that we can see, and is Podman itself or systemd on its behalf: not so in
    a container that has the machine's socket, nor for a forwarded socket or a virtual machine.
    """
    parts = urlsplit(uri)
    if not parts.scheme.endswith("unix"):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2.0)
            connection.connect(unquote(parts.path or parts.netloc))
            peer, _, _ = struct.unpack(
                "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            )
        return peer > 0 and Path(f"/proc/{peer}/comm").read_text().strip() in ("podman", "systemd")
    except OSError:
        return False


_CAP_SYS_RESOURCE = 24


@frozen
class ExecMonitor:
    """The monitor of a command, or (a fork of it) the one who sleeps before cleaning up.

    Attributes:
        pid: its process.
        parent: the process that started it.
        container_id: where the command runs, or ran.
    """

    pid: int
    parent: int
    container_id: str


def exec_monitors(proc: Path = Path("/proc")) -> list[ExecMonitor]:
    """All monitors of commands on this machine."""
    found: list[ExecMonitor] = []
    for entry in os.scandir(proc):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile, or is no such monitor
                found.extend(_exec_monitor(Path(entry.path)))
    return found


def _exec_monitor(process: Path) -> Iterator[ExecMonitor]:
    arguments = (process / "cmdline").read_bytes().split(b"\0")
    if arguments[0].endswith(b"conmon") and b"--exec-attach" in arguments:
        yield ExecMonitor(int(process.name), _parent(process), arguments[arguments.index(b"-c") + 1].decode())


def hasten_exec_monitors(container_ids: Collection[str]) -> None:
    """Let those monitors clean up whose commands in these containers have ended."""
    monitors = exec_monitors()
    pids = {monitor.pid for monitor in monitors}
    for monitor in monitors:
        if monitor.container_id in container_ids and monitor.parent in pids:
            _signal(monitor.pid, signal.SIGTERM)


def end_exec_monitors(container_ids: Collection[str]) -> None:
    """End all monitors of commands in these containers, which have ended and are about to be removed."""
    for monitor in exec_monitors():
        if monitor.container_id in container_ids:
            _signal(monitor.pid, signal.SIGKILL)


def lowest_oom_score(proc: Path = Path("/proc/self")) -> int:
    """The lowest ``oom_score_adj`` that may be given to a process: only CAP_SYS_RESOURCE may go below one's own."""
    status = (proc / "status").read_text()
    capabilities = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    if int(capabilities, 16) >> _CAP_SYS_RESOURCE & 1:
        return -1000
    return int((proc / "oom_score_adj").read_text())


def kill(pid: int) -> None:
    """Kill a process, unless it has ended, or is none of ours."""
    _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_descendants(pid: int, enter: Sequence[str] = ()) -> None:
    """Kill all that descends from a process of ours, but not the process itself.

    Each is stopped before its children are looked for, so that none can flee by forking.

    Args:
        pid: the process.
        enter: the beginning of a command line that gets into the user namespace of a rootless Podman, whose containers have
            processes of other users than ours; empty: it has none.
    """
    found: list[int] = []
    unseen = [pid]
    while unseen:
        for child in _children(unseen.pop()):
            _signal(child, signal.SIGSTOP)
            found.append(child)
            unseen.append(child)
    for child in found:
        _signal(child, signal.SIGKILL)
    if enter and found:
        subprocess.run([*enter, "kill", "-KILL", *map(str, found)], check=False, capture_output=True)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
                if _parent(Path(entry.path)) == pid:
                    found.append(int(entry.name))
    return found


def _parent(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])
