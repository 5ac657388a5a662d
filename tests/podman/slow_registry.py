"""A registry with one image, which it hands out in drops until it is told to go on."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

SIZE = 1 << 20
"""Bytes of the only layer, about: it holds noise, which cannot be compressed."""
_DROP = 64
"""Small enough for it to drip for minutes: Podman tells bytes when a second has passed, and more has come."""
_PAUSE = 0.02
_DOCKER = "application/vnd.docker"


class SlowRegistry:
    """A registry that wants a login, within a ``with`` block.

    Args:
        user: who may pull.
        password: with this.

    Attributes:
        address: host:port.
        image: the full name of the image.
        go_on: while it is not set, the second half of the layer comes in drops.
    """

    def __init__(self, user: str, password: str) -> None:
        self.go_on = threading.Event()
        self._blobs: dict[str, bytes] = {}
        self._login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._manifest = self._made()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.image = f"{self.address}/slow/image:1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _made(self) -> bytes:
        """The manifest of an image with a file of noise, whose blobs are kept."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo("noise")
            entry.size = SIZE
            tar.addfile(entry, io.BytesIO(os.urandom(SIZE)))
        layer = archive.getvalue()
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/noise"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_DOCKER}.distribution.manifest.v2+json",
            "config": self._kept(json.dumps(config).encode(), f"{_DOCKER}.container.image.v1+json"),
            "layers": [self._kept(gzip.compress(layer), f"{_DOCKER}.image.rootfs.diff.tar.gzip")],
        }
        return json.dumps(manifest).encode()

    def _kept(self, blob: bytes, media_type: str) -> dict[str, object]:
        self._blobs[_digest(blob)] = blob
        return {"mediaType": media_type, "size": len(blob), "digest": _digest(blob)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                name = self.path.rpartition("/")[2]
                if self.headers.get("Authorization") != registry._login:
                    self._head(401, 0, ("WWW-Authenticate", 'Basic realm="slow"'))
                elif "/manifests/" in self.path:
                    self._head(
                        200, len(registry._manifest), ("Content-Type", f"{_DOCKER}.distribution.manifest.v2+json")
                    )
                    self.wfile.write(registry._manifest if self.command == "GET" else b"")
                elif (blob := registry._blobs.get(name)) is not None:
                    self._head(200, len(blob), ("Content-Type", "application/octet-stream"))
                    self._pour(blob)
                else:
                    self._head(200 if self.path == "/v2/" else 404, 0)

            def _head(self, status: int, length: int, *headers: tuple[str, str]) -> None:
                self.send_response(status)
                for key, value in (*headers, ("Content-Length", str(length))):
                    self.send_header(key, value)
                self.end_headers()

            def _pour(self, blob: bytes) -> None:
                sent = len(blob) // 2
                self.wfile.write(blob[:sent])
                while len(blob) > SIZE // 2 and sent < len(blob) and not registry.go_on.wait(_PAUSE):
                    self.wfile.write(blob[sent : sent + _DROP])
                    sent += _DROP
                self.wfile.write(blob[sent:])

        return Handler


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
