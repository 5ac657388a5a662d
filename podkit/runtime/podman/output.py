"""Where the output of a conversation comes from: a stream of Podman's API, or the log of a container."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from podkit.runtime.podman.exec import Frames
from podkit.runtime.podman.logs import parse_record
from podkit.runtime.streams import Piece

_CHUNK = 65536
_STDERR = 2
_POLL_SECONDS = 0.02


class Output(Protocol):
    """Output that is still to come."""

    def read(self, timeout: float | None) -> list[Piece] | None:
        """What comes next, maybe nothing; None when there will be no more.

        Raises:
            TimeoutError: nothing has come in so many seconds.
        """

    def close(self) -> None:
        """End it. Closing twice does no harm."""


class StreamOutput:
    """The output that comes over a connection: in frames that say from which stream it is, or as it is, of a terminal.

    Args:
        connection: where it comes from; it is closed with this.
        begun: what has come of it already.
        tty: whether it is that of a terminal.
    """

    def __init__(self, connection: socket.socket, begun: bytes, *, tty: bool) -> None:
        self._connection = connection
        self._begun = begun
        self._frames = None if tty else Frames()

    def read(self, timeout: float | None) -> list[Piece] | None:
        """What comes next."""
        data, self._begun = self._begun, b""
        if not data:
            try:
                self._connection.settimeout(timeout)
                data = self._connection.recv(_CHUNK)
            except TimeoutError:
                raise
            except OSError:  # it has been closed, by us or by Podman
                return None
        return self._pieces(data) if data else None

    def _pieces(self, data: bytes) -> list[Piece]:
        if self._frames is None:
            return [Piece("stdout", data)]
        return [Piece("stderr" if number == _STDERR else "stdout", said) for number, said in self._frames.feed(data)]

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class LogOutput:
    """What is written to a log from now on.

    Args:
        path: the file.
        over: whether nothing more will be written.
    """

    def __init__(self, path: Path, over: Callable[[], bool]) -> None:
        self._over = over
        self._ended = False
        self._rest = b""
        self._file = path.open("rb")
        self._file.seek(0, os.SEEK_END)

    def read(self, timeout: float | None) -> list[Piece] | None:
        """What comes next."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._file.closed:
            if data := self._file.read(_CHUNK):
                *lines, self._rest = (self._rest + data).split(b"\n")
                return [Piece(entry.stream, entry.content) for entry in map(parse_record, lines) if entry is not None]
            if self._ended:
                return None
            self._ended = self._over()  # what was written before that is read after it
            if not self._ended:
                if deadline is not None and time.monotonic() >= deadline:
                    raise TimeoutError("nothing has been written")
                time.sleep(_POLL_SECONDS)
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
