"""The request that begins a stream, and its answer, which comes in whatever pieces the connection makes of it."""

from __future__ import annotations

import socket
from typing import cast

import pytest

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.podman.errors import refused
from podkit.runtime.podman.upgrade import upgrade

SWITCHED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n"
BODY = b'{"message": "no such container x"}'
REFUSED = b"HTTP/1.1 404 Not Found\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


class Pieces:
    """A connection from which these pieces come, and then nothing more."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.sent = b""

    def settimeout(self, _seconds: float | None) -> None:
        pass

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv(self, _size: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def ask(*pieces: bytes) -> bytes | None:
    connection = cast("socket.socket", Pieces(*pieces))
    return upgrade(connection, "exec/s/start", {"Tty": False}, operation="run date", refused=refused)


def test_what_comes_with_the_answer_belongs_to_the_stream() -> None:
    assert ask(SWITCHED + b"first") == b"first"
    assert ask(SWITCHED[:10], SWITCHED[10:]) == b""


@pytest.mark.parametrize("at", [10, REFUSED.index(b"{"), len(REFUSED) - 3])
def test_a_refusal_is_read_to_its_end(at: int) -> None:
    with pytest.raises(ContainerNotFound, match=r"could not run date: Podman says: no such container x$"):
        ask(REFUSED[:at], REFUSED[at:])


def test_a_refusal_whose_end_does_not_come_is_one_nevertheless() -> None:
    with pytest.raises(RuntimeFailed, match="could not run date"):
        ask(REFUSED[:-20])


def test_a_refusal_without_a_length_ends_with_the_connection() -> None:
    with pytest.raises(ContainerNotFound):
        ask(b"HTTP/1.1 404 Not Found\r\n\r\n", BODY[:5], BODY[5:])


def test_a_connection_that_is_closed_first_says_so() -> None:
    with pytest.raises(ConnectionResetError):
        ask(SWITCHED[:10])
