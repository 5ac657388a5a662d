"""Connections to the ports of sandboxes, and ports of this process in them.

As root the bridge network of the pods is a network of this machine, and one connects to an address like any other. What listens on
the loopback address of a pod is only reached from inside. A rootless Podman has its bridge in a network namespace that the machine
cannot see, so that every connection has to be made inside. How one gets there is in `inside`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from attrs import frozen

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.base import Forward
from podkit.runtime.podman.inside import in_network, sockets_from_helper
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.translation import translate

_CONNECT = """
def work(host, port, timeout):
    return [socket.create_connection((host, int(port)), float(timeout) if timeout else None)]
"""
_BIND = """
def work(host, port):
    made = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        made.append(socket.socket(socket.AF_INET, kind))
        if kind == socket.SOCK_STREAM:
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made[-1].bind((host, int(port)))
    made[-1].listen()
    return made
"""
_BIND_SECONDS = 5.0


@frozen
class _Place:
    """Where a sandbox is.

    Attributes:
        address: its address.
        pid: a process in its network.
        ours: whether its network is the machine's, in which we are too. A user may not enter that one: it is root's.
    """

    address: str
    pid: int
    ours: bool


class Reach:
    """Connects to sandboxes.

    Args:
        observer: tells where a sandbox is.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._places: dict[str, _Place] = {}
        self._translated: set[str] = set()

    def connect(
        self, sandbox_id: str, port: int, timeout: float | None, *, directly: bool, host: str | None = None
    ) -> socket.socket:
        """Connect to a port of a sandbox.

        Args:
            sandbox_id: which sandbox.
            port: which port.
            timeout: seconds until an answer must come; None: no limit.
            directly: whether its address can be reached from here.
            host: the address to connect to, as seen from inside; None: its own.

        Raises:
            OSError: nobody listens there, or does not answer in time.
            ContainerNotFound: there is no such sandbox, or it has no network any more.
            RuntimeFailed: it runs on another machine, whose pods cannot be reached from here.
        """
        if not directly and not self._observer.local:
            text = f"could not connect to port {port} of sandbox {sandbox_id[:12]}: Podman runs on another machine"
            raise RuntimeFailed(
                f"{text}; run a command in a container (exec) that connects instead", operation="connect"
            )
        place = self._place(sandbox_id)
        try:
            if place.ours or (directly and host is None):
                return socket.create_connection((host or place.address, port), timeout)
            enter_and_connect = connect_from_thread if directly else connect_inside
            return enter_and_connect(place.pid, host or place.address, port, timeout)
        except (OSError, RuntimeFailed):
            self._places.pop(sandbox_id, None)  # it may have become another one
            raise

    def bind(self, sandbox_id: str, host: str, port: int, *, as_root: bool) -> tuple[socket.socket, socket.socket]:
        """Open a port inside a sandbox: a socket for datagrams, and one that listens.

        Args:
            sandbox_id: which sandbox.
            host: the address inside.
            port: the port inside.
            as_root: whether this process is root.

        Raises:
            OSError: the port is taken, or may not be opened.
            ContainerNotFound: there is no such sandbox, or it has no network any more.
            RuntimeFailed: its network cannot be entered.
        """
        pid = self._inside(sandbox_id, "open a port")
        if as_root:
            return in_network(pid, lambda: _bind(host, port))
        datagrams, streams = sockets_from_helper(
            pid, _BIND, [host, str(port)], operation="open a port in a sandbox", timeout=_BIND_SECONDS
        )
        return datagrams, streams

    def forward(self, sandbox_id: str, forwards: Sequence[Forward], *, as_root: bool) -> None:
        """Let addresses lead elsewhere for what runs in a sandbox.

        Args:
            sandbox_id: which sandbox.
            forwards: the addresses, in place of those of the last call.
            as_root: whether this process is root.

        Raises:
            OSError: its network cannot be entered.
            ContainerNotFound: there is no such sandbox, or it has no network any more.
            RuntimeFailed: it cannot be done.
        """
        pid = self._inside(sandbox_id, "translate addresses")
        translate(pid, forwards, first=sandbox_id not in self._translated, as_root=as_root)
        self._translated.add(sandbox_id)

    def forget(self, sandbox_id: str) -> None:
        """A sandbox has been removed."""
        self._places.pop(sandbox_id, None)
        self._translated.discard(sandbox_id)

    def _inside(self, sandbox_id: str, operation: str) -> int:
        """A process in the network of a sandbox, which is not the machine's: that is not ours to change."""
        place = self._place(sandbox_id)
        if place.ours:
            text = f"could not {operation} in sandbox {sandbox_id[:12]}: its network is the machine's"
            raise RuntimeFailed(text, operation=operation)
        return place.pid

    def _place(self, sandbox_id: str) -> _Place:
        place = self._places.get(sandbox_id)
        if place is None:
            holder = self._observer.holder(sandbox_id)
            if holder is None or not holder.status.ips:
                raise ContainerNotFound(
                    f"could not connect to sandbox {sandbox_id[:12]}: it has no network any more", operation="connect"
                )
            place = _Place(holder.status.ips[0], holder.pid, holder.on_host_network)
            self._places[sandbox_id] = place
        return place


def connect_from_thread(pid: int, address: str, port: int, timeout: float | None) -> socket.socket:
    """Connect from inside the network namespace of a process, as root.

    Args:
        pid: a process in that namespace.
        address: where to, as seen from there.
        port: likewise.
        timeout: seconds until an answer must come; None: no limit.

    Raises:
        OSError: nobody listens there, or does not answer in time; or the process is not there any more.
    """
    return in_network(pid, lambda: socket.create_connection((address, port), timeout))


def connect_inside(pid: int, address: str, port: int, timeout: float | None) -> socket.socket:
    """Connect from inside the network namespace of a process of ours.

    Args:
        pid: a process in that namespace.
        address: where to, as seen from there.
        port: likewise.
        timeout: seconds until an answer must come; None: no limit.

    Raises:
        OSError: nobody listens there, or does not answer in time.
        RuntimeFailed: the namespace cannot be entered.
    """
    arguments = [address, str(port), str(timeout or "")]
    (connection,) = sockets_from_helper(pid, _CONNECT, arguments, operation="connect", timeout=timeout)
    connection.settimeout(timeout)
    return connection


def _bind(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A socket for datagrams and one that listens for streams, in the network in which the caller is."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        datagrams.bind((host, port))
        streams.bind((host, port))
        streams.listen()
    except OSError:
        datagrams.close()
        streams.close()
        raise
    return datagrams, streams
