"""Ports of this machine that lead into Pods.

One thread accepts connections. For each it finds the way into the Pod and connects, and two further threads carry the bytes, one
for each direction, so that either side can say that it is done while the other one goes on. Closing the port shuts every socket
down, which lets all threads end; it waits for them.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from podkit.cluster.containers import Way
from podkit.errors import PodkitError
from podkit.log import logger

_log = logger(__name__)

_CHUNK = 1 << 18
_CONNECT_SECONDS = 10.0
_BACKLOG = 128
_PAUSE_SECONDS = 0.1
_LOOPBACK = ("127.0.0.1", "::1")


class PortForward:
    """An open port of this machine that leads to a port of a Pod; see `podkit.Cluster.port_forward`.

    Args:
        find_way: finds the Pod; it is asked for each connection.
        local_port: the port to open; 0 for any that is free.
        address: the address of this machine to listen on.

    Attributes:
        address: likewise.
        local_port: the port that is open.

    Raises:
        PodkitError: there is no way, or the local port cannot be opened.

    Example:
        ::

            with cluster.port_forward("deploy/web", 8080) as forward:
                print(f"http://127.0.0.1:{forward.local_port}/")
    """

    def __init__(self, find_way: Callable[[], Way], *, local_port: int = 0, address: str = "127.0.0.1") -> None:
        way = find_way()
        self._find_way = find_way
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listener = _listen(address, local_port)
        self.address = address
        self.local_port: int = self._listener.getsockname()[1]
        self._name = f"podkit-forward-{self.local_port}-to-{way.port}"
        self._acceptor = threading.Thread(target=self._accept, name=self._name, daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Close the port with all of its connections. Closing twice does no harm."""
        with self._lock:
            self._ending.set()
            for one in [self._listener, *self._sockets]:
                _shut_down(one)
        if self._acceptor is not threading.current_thread():
            self._acceptor.join()
        self._listener.close()
        for thread in list(self._threads):
            thread.join()

    def __enter__(self) -> Self:
        """The open port, which is closed at the end of the block."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        return f"<podkit.PortForward {self.address}:{self.local_port}{' (closed)' if self._ending.is_set() else ''}>"

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                ours, _ = self._listener.accept()
            except OSError:  # it has been closed; or there are too many open files, which passes
                self._ending.wait(_PAUSE_SECONDS)
                continue
            self._start(self._serve, ours)

    def _start(self, work: Callable[..., None], *sockets: socket.socket) -> threading.Thread:
        """Do something in a thread that is joined at the end; the sockets that it is about are then closed."""

        def run() -> None:
            try:
                work(*sockets)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=self._name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        return thread

    def _serve(self, ours: socket.socket) -> None:
        """Carry one connection to its end."""
        with ours:
            try:
                theirs = _connect(self._find_way())
            except (OSError, PodkitError) as error:
                _log.warning("a connection to port %d was not forwarded: %s", self.local_port, error)
                return
            with theirs:
                with self._lock:
                    if self._ending.is_set():
                        return
                    self._sockets |= {ours, theirs}
                back = self._start(_carry, theirs, ours)
                _carry(ours, theirs)
                back.join()
                with self._lock:
                    self._sockets -= {ours, theirs}


def _listen(address: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=_BACKLOG
        )
    except (OSError, OverflowError) as error:
        raise PodkitError(
            f"unable to listen on port {port} of {address}: {error}; choose another local_port"
        ) from error


def _connect(way: Way) -> socket.socket:
    """Connect to what listens on the loopback address of a Pod, of the one or the other family."""
    for host in _LOOPBACK:
        try:
            connection = way.runtime.connect(way.sandbox_id, way.port, timeout=_CONNECT_SECONDS, host=host)
        except OSError:
            if host == _LOOPBACK[-1]:
                raise
        else:
            connection.settimeout(None)
            return connection
    raise AssertionError("unreachable")


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until there are no more, and say so; when either side breaks off, break off both."""
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    try:
        while count := source.recv_into(buffer):
            sink.sendall(view[:count])
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _shut_down(source)
        _shut_down(sink)


def _shut_down(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
