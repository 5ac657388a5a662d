"""A service on a Unix socket that answers what a test wants, for as long as it wants."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType

Respond = Callable[[str, str, bytes], tuple[int, bytes] | None]
"""From method, path and body to status and body; None closes the connection without a word."""


class FakeService:
    """Listens on a socket.

    Attributes:
        requests: what was asked, as method and path.
    """

    def __init__(self, path: Path, respond: Respond) -> None:
        self.uri = f"unix://{path}"
        self.host: str | None = None
        self.requests: list[tuple[str, str]] = []
        path.unlink(missing_ok=True)
        self._server = socketserver.ThreadingUnixStreamServer(str(path), self._handler(respond))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def _handler(self, respond: Respond) -> type[BaseHTTPRequestHandler]:
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self) -> str:
                return "socket"

            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                requests.append((self.command, self.path))
                answer = respond(self.command, self.path, body)
                # what is a stream ends with its connection
                self.close_connection = answer is None or "Upgrade" in self.headers
                if answer is None:
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler

    def __enter__(self) -> FakeService:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def revive(self) -> bool:
        return False

    def close(self) -> None:
        pass
