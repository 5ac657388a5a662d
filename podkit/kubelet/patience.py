"""A time limit for a whole conversation over a socket, rather than for each of its pieces.

A socket's own timeout begins anew with each piece that comes. A server that says a byte every now and then would keep a probe, and
with it the container that hangs, for ever.
"""

from __future__ import annotations

import io
import socket
import time

from attrs import frozen


@frozen
class Deadline:
    """When a conversation is to be over, on the machine's monotonic clock."""

    moment: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline in so many seconds."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: there are none.
        """
        seconds = self.moment - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds


class ImpatientSocket:
    """As much of a socket as `http.client` needs, with a deadline for all that is read and written.

    The socket itself stays its owner's to close.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._connection.settimeout(self._deadline.left())
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """A file to read from."""
        return io.BufferedReader(_Reader(self._connection, self._deadline))

    def close(self) -> None:
        """Do nothing: `http.client` closes what it has no more to write to, while the answer is still to be read."""


class _Reader(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview[int], /) -> int:  # type: ignore[override,unused-ignore]  # io says Buffer from 3.12 on
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)
