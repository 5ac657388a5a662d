"""Connections to a service: by a Unix socket or TCP, as podman-py makes them, with what it lacks.

Requests go straight to podman-py's pool of connections, which is urllib3's. What podman-py's client and ``requests`` would do
before that (proxies, cookies, netrc, redirects) means nothing to a Podman service, and takes more processor time than everything
else together. podman-py leaves open the Unix socket of a service that is not there; its SSH connections are not used (see
`podkit.runtime.podman.tunnel`): they do not check whom they talk to.
"""

from __future__ import annotations

import contextlib
import functools
import io
import socket
import urllib.parse
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

CONNECT_SECONDS = 10.0
_POOL = 16
"""Connections that are kept open when they are idle."""
_PIECE = 1 << 20
"""Bytes of a file that are sent at once."""
_MEANINGFUL = "!#$%&'()*+,/:;=?@[]~"
"""What is left as it is in a path, besides letters and digits; it may be quoted already."""


class TransportError(OSError):
    """A service cannot be reached, or the connection to it broke."""


def open_pool(uri: str) -> Any:
    """A pool of connections to a service. podman-py is imported here, because that takes 100 ms."""
    from podman.api import uds
    from urllib3 import HTTPConnectionPool

    parts = urlsplit(uri)
    if not parts.scheme.endswith("unix"):
        return HTTPConnectionPool(parts.hostname or "localhost", parts.port or 8080, maxsize=_POOL)

    def connect(connection: Any) -> None:
        connection.sock = _connect_unix(uds.UDSSocket(connection.uds), None, connection.timeout)

    connection_class = type("Connection", (uds.UDSConnection,), {"connect": connect})
    pool_class: Any = type("Pool", (uds.UDSConnectionPool,), {"ConnectionCls": connection_class})
    address = quote(parts.path or unquote(parts.netloc), safe="")
    return pool_class("d", maxsize=_POOL, uds=f"http+unix://{address}")


def send(
    pool: Any,
    method: str,
    path: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes | BinaryIO | None,
    timeout: float | None,
) -> Any:
    """Send a request, and return the response (urllib3's), whose body is still to be read.

    Args:
        pool: see `open_pool`.
        method: such as ``GET``.
        path: with a leading slash.
        params: the query.
        headers: further headers.
        body: what is sent.
        timeout: seconds in which data must come; None: for ever.

    Raises:
        TransportError: the service does not answer.
    """
    query = f"?{urllib.parse.urlencode(params)}" if params else ""
    length = {"Content-Length": str(_size(body))} if body is not None or method in ("POST", "PUT") else {}
    content: Any = body if body is None or isinstance(body, bytes) else iter(partial(body.read, _PIECE), b"")
    with _told():
        return pool.urlopen(
            method,
            f"{quote(path, safe=_MEANINGFUL)}{query}",
            body=content,
            headers={"Accept": "*/*", **length, **headers},
            retries=False,
            assert_same_host=False,
            timeout=_timeout(timeout),
            preload_content=False,
        )


def read(response: Any) -> bytes:
    """The body of a response.

    Raises:
        TransportError: the connection broke.
    """
    with _told():
        return bytes(response.data)


def pieces(response: Any) -> Iterator[bytes]:
    """The body of a response, piece by piece as it comes.

    Raises:
        TransportError: the connection broke.
    """
    with _told():
        yield from response.stream(None)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """urllib3's errors are no OSErrors, and neither are those of what it stands on."""
    from urllib3.exceptions import HTTPError

    try:
        yield
    except HTTPError as error:
        raise TransportError(str(error)) from error


@functools.lru_cache
def _timeout(seconds: float | None) -> Any:
    from urllib3 import Timeout

    return Timeout(connect=CONNECT_SECONDS, read=seconds)


def _size(body: bytes | BinaryIO | None) -> int:
    """How many bytes are sent; a file is sent from its beginning."""
    if body is None or isinstance(body, bytes):
        return len(body or b"")
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    return size


def break_off(response: Any) -> None:
    """Let whoever reads a response in another thread come to its end."""
    connection = getattr(response, "connection", None)
    reader = getattr(getattr(response, "_fp", None), "fp", None)
    found = getattr(connection, "sock", None) or getattr(getattr(reader, "raw", None), "_sock", None)
    if found is not None:
        with contextlib.suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)


def connect(uri: str) -> socket.socket:
    """A connection for streams that go both ways. The caller closes it.

    Raises:
        OSError: nobody listens.
    """
    parts = urlsplit(uri)
    if parts.scheme.endswith("unix"):
        path = unquote(parts.path or parts.netloc)
        return _connect_unix(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path, CONNECT_SECONDS)
    return socket.create_connection((parts.hostname or "localhost", parts.port or 8080), CONNECT_SECONDS)


def _connect_unix(connection: Any, path: str | None, timeout: Any) -> socket.socket:
    """Connect, or close. podman-py's sockets know where to."""
    try:
        if timeout is None or isinstance(timeout, (int, float)):
            connection.settimeout(timeout)
        connection.connect(*([] if path is None else [path]))
    except BaseException:
        connection.close()
        raise
    found: socket.socket = connection
    return found
