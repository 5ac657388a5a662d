"""Asks a server about its health by the gRPC health protocol (`grpc.health.v1`), as `pkg/probe/grpc` of the kubelet does.

A gRPC call is one HTTP/2 request with a message in it, and an answer with a message and a status behind it. The two messages have
one field each, so that they are written and read here by hand; HTTP/2 itself is the library ``h2`` (the extra ``podkit[grpc]``).
There is no encryption, as with a kubelet.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterable
from urllib.parse import unquote

from podkit.kubelet.patience import Deadline

_STATUSES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
SERVING = "SERVING"
UNIMPLEMENTED = 12
_CHUNK = 65536
_PREFIX = 5
"""Before each message stand a byte that says whether it is compressed, and its length in four bytes."""


class CallFailed(Exception):
    """The server has answered with an error.

    Attributes:
        code: the gRPC status code; None where it has not even spoken gRPC.
        message: what the server says.
    """

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(f"rpc error: code = {code} desc = {message}" if code is not None else message)
        self.code = code
        self.message = message


def available() -> bool:
    """Whether the library is there that speaks HTTP/2."""
    return importlib.util.find_spec("h2") is not None


def check(connection: socket.socket, authority: str, service: str, deadline: Deadline, user_agent: str) -> str:
    """Ask for the health of a service.

    Args:
        connection: to the server; it stays the caller's.
        authority: host and port, as the server shall see them.
        service: the name of the service; empty for the server as a whole.
        deadline: when the answer must be there.
        user_agent: who asks.

    Returns:
        ``SERVING``, ``NOT_SERVING``, ``UNKNOWN`` or ``SERVICE_UNKNOWN``.

    Raises:
        CallFailed: the server answers with an error.
        OSError: the connection broke, or the deadline has come.
    """
    from h2.exceptions import ProtocolError

    call = _Call(connection, deadline)
    try:
        call.send(authority, user_agent, _request(service))
        while not call.over:
            call.receive()
    except ProtocolError as error:
        raise CallFailed(None, f"the server does not speak HTTP/2: {error}") from error
    return call.answer()


class _Call:
    """One call on a connection of its own."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self._connection = connection
        self._deadline = deadline
        self._http = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self.over = False

    def send(self, authority: str, user_agent: str, message: bytes) -> None:
        """Send the request."""
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/grpc.health.v1.Health/Check"),
            (":authority", authority),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("user-agent", user_agent),
            ("grpc-timeout", f"{max(1, round(self._deadline.left() * 1000))}m"),
        ]
        self._http.initiate_connection()
        self._http.send_headers(1, headers)
        self._http.send_data(1, b"\0" + len(message).to_bytes(_PREFIX - 1, "big") + message, end_stream=True)
        self._flush()

    def receive(self) -> None:
        """Take in what the server says next."""
        from h2 import events

        self._connection.settimeout(self._deadline.left())
        piece = self._connection.recv(_CHUNK)
        if not piece:
            raise ConnectionResetError("the server has closed the connection before it has answered")
        for event in self._http.receive_data(piece):
            if isinstance(event, events.ResponseReceived | events.TrailersReceived):
                self._headers.update(_texts(event.headers))
            elif isinstance(event, events.DataReceived):
                self._body += event.data
                self._http.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, events.StreamEnded):
                self.over = True
            elif isinstance(event, events.StreamReset | events.ConnectionTerminated):
                raise CallFailed(None, f"the server has broken off the call (error code {event.error_code})")
        self._flush()

    def answer(self) -> str:
        """The status in the answer.

        Raises:
            CallFailed: it is an error.
        """
        code, http_status = self._headers.get("grpc-status"), self._headers.get(":status")
        if code is None:
            raise CallFailed(None, f"unexpected HTTP status code received from server: {http_status}")
        if code != "0":
            raise CallFailed(int(code), unquote(self._headers.get("grpc-message", "")))
        return _STATUSES.get(_status(bytes(self._body[_PREFIX:])), "UNKNOWN")

    def _flush(self) -> None:
        self._connection.settimeout(self._deadline.left())
        self._connection.sendall(self._http.data_to_send())


def _texts(headers: Iterable[tuple[str | bytes, str | bytes]]) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        yield (
            name if isinstance(name, str) else name.decode(),
            value if isinstance(value, str) else value.decode(errors="replace"),
        )


def _request(service: str) -> bytes:
    """``HealthCheckRequest``: field 1 is the service, a text that is left out when it is empty."""
    name = service.encode()
    return b"\x0a" + _varint(len(name)) + name if name else b""


def _status(message: bytes) -> int:
    """``HealthCheckResponse``: field 1 is the status, a number that is left out when it is 0."""
    return message[1] if len(message) > 1 and message[0] == 0x08 else 0


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
