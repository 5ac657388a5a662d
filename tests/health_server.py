"""A gRPC health server: as much of one as probes need."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

STATUSES = {"UNKNOWN": 0, "SERVING": 1, "NOT_SERVING": 2}


class HealthServer(socketserver.ThreadingTCPServer):
    """Answers on all addresses of this machine.

    Attributes:
        status: what it says; an integer is the code of a gRPC error, None lets it say nothing.
        requests: the headers and the message of each request that it has had.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), _Handler)
        self.status: str | int | None = "SERVING"
        self.requests: list[tuple[dict[str, str], bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(socketserver.BaseRequestHandler):
    server: HealthServer

    def handle(self) -> None:
        http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        headers: dict[str, str] = {}
        message = b""
        self.request.sendall(http.data_to_send())
        with contextlib.suppress(OSError):
            while piece := self.request.recv(65536):
                for event in http.receive_data(piece):
                    if isinstance(event, RequestReceived):
                        headers = dict(event.headers)
                    elif isinstance(event, DataReceived):
                        message += event.data
                    elif isinstance(event, StreamEnded):
                        self.server.requests.append((headers, message[5:]))
                        self._answer(http, self.server.status)
                self.request.sendall(http.data_to_send())

    @staticmethod
    def _answer(http: Any, status: str | int | None) -> None:
        head = [(":status", "200"), ("content-type", "application/grpc")]
        if isinstance(status, int):
            http.send_headers(1, [*head, ("grpc-status", str(status)), ("grpc-message", "not%20here")], end_stream=True)
        elif status is not None:
            body = bytes([8, STATUSES[status]])
            http.send_headers(1, head)
            http.send_data(1, b"\0" + len(body).to_bytes(4, "big") + body)
            http.send_headers(1, [("grpc-status", "0")], end_stream=True)


@contextlib.contextmanager
def health_server() -> Iterator[HealthServer]:
    with HealthServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
