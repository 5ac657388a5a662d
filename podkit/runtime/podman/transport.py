"""Connections to a service: by a Unix socket, SSH or TCP, as podman-py makes them, with what it lacks.

* It leaves open the Unix socket of a service that is not there, and pooled connections when a session is closed.
* Its SSH connections can only be used through ``requests``: they would send and receive by way of ssh's standard streams.
"""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import unquote, urlsplit

CONNECT_SECONDS = 10.0
_POOL = 16


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
    if parts.scheme.endswith("ssh"):
        from podman.api.ssh import SSHSocket

        own = {"send": socket.socket.send, "recv": socket.socket.recv}
        return _connect_unix(type("Tunnel", (SSHSocket,), own)(f"ssh://{parts.netloc}{parts.path}"), None, None)
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
