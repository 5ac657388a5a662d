"""The processes of containers, where they are processes of this machine.

Podman learns of the end of a container from its monitor (conmon) some milliseconds after the kernel does, and never if the
monitor itself has died. Where the service runs in our own process namespace, the kernel can be asked: a pidfd becomes readable
when its process ends, also while it waits as a zombie to be collected.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from pathlib import Path
from urllib.parse import unquote, urlsplit


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
