"""Asks the name servers of the machine what is not a name of the cluster."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Sequence

PORT = 53
PATIENCE = 2.0
"""Seconds after which the next server is asked."""
_SETTINGS_GOOD_FOR = 5.0
_LONGEST = 65535


class Upstream:
    """The name servers of the machine.

    Args:
        settings: the text of its resolver's file, which is read again every few seconds.
    """

    def __init__(self, settings: Callable[[], str]) -> None:
        self._settings = settings
        self._servers: tuple[str, ...] = ()
        self._read_at = float("-inf")

    def servers(self) -> Sequence[str]:
        """Their addresses, at most three."""
        now = time.monotonic()
        if now - self._read_at > _SETTINGS_GOOD_FOR:
            lines = [line.split() for line in self._settings().splitlines()]
            self._servers = tuple([line[1] for line in lines if len(line) > 1 and line[0] == "nameserver"][:3])
            self._read_at = now
        return self._servers

    def ask(self, server: str, query: bytes) -> socket.socket:
        """Send a question to a server; the answer will come from the socket.

        Raises:
            OSError: it cannot be sent.
        """
        asking = socket.socket(_family(server), socket.SOCK_DGRAM)
        try:
            asking.setblocking(False)
            asking.connect((server, PORT))
            asking.send(query)
        except OSError:
            asking.close()
            raise
        return asking

    def ask_by_stream(self, query: bytes) -> bytes | None:
        """Ask one server after the other, by TCP, and wait for an answer; None if nobody gives one."""
        for server in self.servers():
            with contextlib.suppress(OSError), socket.create_connection((server, PORT), PATIENCE) as connection:
                write_message(connection, query)
                return read_message(connection)
        return None


def _family(server: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server else socket.AF_INET


def addresses_of(name: str, family: socket.AddressFamily) -> list[str]:
    """The addresses of a name as the machine itself resolves it; none if it cannot."""
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return []


def read_message(connection: socket.socket) -> bytes:
    """Read a message from a stream.

    Raises:
        OSError: it ends too early, or does not come in time.
    """
    (length,) = struct.unpack("!H", _read(connection, 2))
    return _read(connection, length)


def _read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise ConnectionError("the stream has ended")
        data += piece
    return data


def write_message(connection: socket.socket, message: bytes) -> None:
    """Write a message to a stream."""
    connection.sendall(struct.pack("!H", len(message)) + message)
