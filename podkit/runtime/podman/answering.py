"""Whether a Podman service answers."""

from __future__ import annotations

import socket
from pathlib import Path


def answers(path: Path, timeout: float = 2.0) -> bool:
    """Whether a Podman service answers on a Unix socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(b"GET /libpod/_ping HTTP/1.0\r\nHost: podman\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False
