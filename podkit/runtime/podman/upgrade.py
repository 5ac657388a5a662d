"""Requests that turn their HTTP connection into a stream that goes both ways."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

from podkit.errors import PodkitError
from podkit.runtime.podman.client import ANSWER_SECONDS, PREFIX
from podkit.runtime.podman.errors import message_of

_CHUNK = 65536
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


def upgrade(
    connection: socket.socket,
    path: str,
    body: Any,
    *,
    operation: str,
    refused: Callable[[str, int, str], PodkitError],
    deadline: float | None = None,
) -> bytes | None:
    """Send such a request, and read the head of its answer.

    Args:
        connection: a fresh connection to Podman.
        path: below ``/libpod/``, with the query.
        body: what is sent, as JSON; None: nothing, because it would be taken for a part of the stream.
        operation: what it is for.
        refused: makes the error of a refusal.
        deadline: when the answer must have begun, on the machine's monotonic clock.

    Returns:
        What has come of the stream already; None if the deadline came first.

    Raises:
        PodkitError: Podman refuses.
        OSError: the connection broke.
    """
    content = json.dumps(body).encode() if body is not None else b""
    head = (
        f"POST {PREFIX}{path} HTTP/1.1\r\nHost: podman\r\nContent-Type: application/json\r\n"
        f"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    connection.settimeout(ANSWER_SECONDS)
    connection.sendall(head.encode() + content)
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        if deadline is not None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            piece = connection.recv(_CHUNK)
        except TimeoutError:
            if deadline is None:
                raise
            return None
        if not piece:
            raise ConnectionResetError("the connection was closed before the answer")
        answer += piece
    head_bytes, _, rest = bytes(answer).partition(b"\r\n\r\n")
    status = int(head_bytes.split(None, 2)[1])
    if status >= 400:
        raise refused(operation, status, message_of(_body(connection, head_bytes, rest)))
    return rest


def _body(connection: socket.socket, head: bytes, begun: bytes) -> bytes:
    """The body of a refusal, which need not come in one piece with the head; if the connection breaks, what there is of it."""
    length = _LENGTH.search(head)
    body = bytearray(begun)
    with contextlib.suppress(OSError):
        while length is None or len(body) < int(length.group(1)):
            piece = connection.recv(_CHUNK)
            if not piece:
                break
            body += piece
    return bytes(body)
