"""Connections to what listens in a sandbox.

A connection is a pair of sockets of this process. The other end has nobody behind it: what it answers is written to it when the
connection is made, so that it is there to be read whenever the caller has said what it has to say.
"""

from __future__ import annotations

import contextlib
import socket


class Connection(socket.socket):
    """The caller's end of a connection, which keeps the other end as long as it is open itself."""

    _other: socket.socket

    @classmethod
    def answered(cls, answer: bytes, timeout: float | None) -> Connection:
        """A connection on which this can be read, and then nothing more.

        Args:
            answer: what the other end says; at most what a socket holds, some 100 kB.
            timeout: of reads and writes, in seconds.
        """
        ours, other = socket.socketpair()
        connection = cls(fileno=ours.detach())
        connection._other = other
        connection.settimeout(timeout)
        other.setblocking(False)
        other.sendall(answer)
        other.shutdown(socket.SHUT_WR)
        return connection

    def close(self) -> None:
        """Close both ends. What was said is read first: closing with unread data would reset the connection."""
        with contextlib.suppress(OSError):
            while self._other.recv(65536):
                pass
        self._other.close()
        super().close()
