"""Connections to a service: by a Unix socket or TCP, as podman-py makes them, with what it lacks.

It leaves open the Unix socket of a service that is not there, and pooled connections when a session is closed. Its SSH
connections are not used (see `podkit.runtime.podman.tunnel`): they do not check whom they talk to.
"""

from __future__ import annotations

import contextlib
import io
import socket
import urllib.parse
from collections.abc import Mapping
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

CONNECT_SECONDS = 10.0
_POOL = 16
_PIECE = 1 << 20
"""Bytes of a file that are sent at once."""
_MEANINGFUL = "!#$%&'()*+,/:;=?@[]~"
"""What is left as it is in a path, besides letters and digits; it may be quoted already."""


def open_session(uri: str) -> Any:
    """A podman-py ``APIClient``, which is a ``requests`` session. podman-py is imported here, because that takes 100 ms."""
    from podman.api import client, uds

    def connect(connection: Any) -> None:
        connection.sock = _connect_unix(uds.UDSSocket(connection.uds), None, connection.timeout)

    connection_class = type("Connection", (uds.UDSConnection,), {"connect": connect})
    pool_class = type("Pool", (uds.UDSConnectionPool,), {"ConnectionCls": connection_class})
    session = client.APIClient(base_url=uri, num_pools=_POOL, max_pool_size=_POOL)
    for adapter in session.adapters.values():
        if isinstance(adapter, uds.UDSAdapter):
            adapter.poolmanager.pool_classes_by_scheme = {"http": pool_class}
    return session


def send(
    session: Any,
    method: str,
    path: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes | BinaryIO | None,
    timeout: tuple[float, float | None],
) -> Any:
    """Send a request over a session, and return the response, whose body is still to be read.

    It goes straight to the session's adapter. What ``requests`` would do before that (proxies, cookies, netrc, redirects) means
    nothing to a Podman service, and takes more processor time than everything else together.

    Raises:
        OSError: the service does not answer; ``requests``' own errors are OSErrors too.
    """
    from requests import PreparedRequest
    from requests.structures import CaseInsensitiveDict

    query = f"?{urllib.parse.urlencode(params)}" if params else ""
    address = urllib.parse.quote(urllib.parse.urljoin(session.path_prefix, path), safe=_MEANINGFUL)
    request = PreparedRequest()
    request.method = method
    request.url = f"http://{session.base_url.netloc}{address}{query}"
    length = {"Content-Length": str(_size(body))} if body is not None or method in ("POST", "PUT") else {}
    request.headers = CaseInsensitiveDict({"Accept": "*/*", **length, **headers})
    content: Any = body if body is None or isinstance(body, bytes) else iter(partial(body.read, _PIECE), b"")
    request.body = content
    return session.get_adapter(request.url).send(request, stream=True, timeout=timeout)


def _size(body: bytes | BinaryIO | None) -> int:
    """How many bytes are sent; a file is sent from its beginning."""
    if body is None or isinstance(body, bytes):
        return len(body or b"")
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    return size


def break_off(response: Any) -> None:
    """Let whoever reads a response in another thread come to its end."""
    connection = getattr(response.raw, "connection", None)
    reader = getattr(getattr(response.raw, "_fp", None), "fp", None)
    found = getattr(connection, "sock", None) or getattr(getattr(reader, "raw", None), "_sock", None)
    if found is not None:
        with contextlib.suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)


def close_session(session: Any) -> None:
    """Close a session with all of its connections."""
    managers = [adapter.poolmanager for adapter in session.adapters.values() if hasattr(adapter, "poolmanager")]
    pools = [manager.pools[key] for manager in managers for key in list(manager.pools.keys())]
    session.close()
    for pool in pools:
        pool.close()


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
