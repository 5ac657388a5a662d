"""Being in the network of a sandbox: as root a thread enters it, and then ends; else a helper process does.

A socket stays in the namespace in which it was made, whoever uses it; so what is made inside is handed out.

A process may enter the namespaces of its own user, but one with several threads may not. Hence the helper, which is told by
``nsenter`` where to go, and passes on what it has made through a socket.
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from podkit.errors import RuntimeFailed

T = TypeVar("T")

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET."""
_SYSTEM_ADMINISTRATION = 1 << 21
"""CAP_SYS_ADMIN, as which one may enter namespaces: not every container has it in which root is root."""
_START_SECONDS = 10.0
"""What a helper may take beside its work."""
_FRAME = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
try:
    made = work(*sys.argv[2:])
except OSError as error:
    channel.send(str(error.errno or 0).encode())
else:
    socket.send_fds(channel, [b"made"], [one.fileno() for one in made])
"""


def can_enter(*, rootless: bool) -> bool:
    """Whether this process can be in networks of pods: of its own user's, or as root of all."""
    if rootless:
        return shutil.which("nsenter") is not None
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    capabilities = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return bool(capabilities & _SYSTEM_ADMINISTRATION)


def in_network(pid: int, work: Callable[[], T]) -> T:
    """Do something in the network namespace of a process, as root. Only a thread that then ends enters it.

    Args:
        pid: a process in that namespace.
        work: what to do there. What processes it starts are there too.

    Raises:
        OSError: it cannot be entered, or the process is not there any more.
    """

    def enter_and_work() -> T:
        with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEW_NETWORK) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"the network of the pod cannot be entered: {os.strerror(number)}")
        return work()

    with concurrent.futures.ThreadPoolExecutor(1, "podkit-inside") as thread:
        return thread.submit(enter_and_work).result()


def entering(pid: int, operation: str) -> list[str]:
    """The words before a command that is to run in the namespaces of user and network of a process of ours.

    Raises:
        RuntimeFailed: a program for it is missing.
    """
    nsenter = shutil.which("nsenter")
    if nsenter is None:
        text = f"could not {operation}: to enter the network of a rootless pod, install nsenter (util-linux)"
        raise RuntimeFailed(text, operation=operation)
    return [nsenter, f"--target={pid}", "--user", "--net", "--preserve-credentials"]


def sockets_from_helper(
    pid: int, work: str, arguments: Sequence[str], *, operation: str, timeout: float | None
) -> list[socket.socket]:
    """Let a process make sockets in the network namespace of a process of ours.

    Args:
        pid: a process in that namespace.
        work: the source of a function ``work`` that is given the arguments and returns the sockets.
        arguments: what it is given.
        operation: what is being done, for messages.
        timeout: seconds that the work may take; None: no limit.

    Raises:
        OSError: what the work has raised.
        RuntimeFailed: the namespace cannot be entered.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        helper = [sys.executable, "-I", "-S", "-c", work + _FRAME, str(theirs.fileno()), *arguments]
        with subprocess.Popen(
            entering(pid, operation) + helper,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            theirs.close()
            ours.settimeout(None if timeout is None else timeout + _START_SECONDS)
            try:
                return _received(ours, process, operation)
            finally:
                process.kill()


def _received(channel: socket.socket, process: subprocess.Popen[bytes], operation: str) -> list[socket.socket]:
    said, descriptors, _, _ = socket.recv_fds(channel, 64, 2)
    if descriptors:
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if said:
        number = int(said)
        raise OSError(number, os.strerror(number)) if number else TimeoutError("timed out")
    complaint = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    text = f"could not {operation}: the network of the rootless pod cannot be entered: {complaint}"
    raise RuntimeFailed(text, operation=operation, detail=complaint)
