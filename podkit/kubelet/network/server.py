"""The name server of a node: one thread that answers at the sockets of all Pods.

Each Pod has a socket for datagrams and one for streams, made in its own network, so that nobody else can ask there. What is no name
of the cluster is passed on to the machine's own name servers, without waiting for them. What has to be waited for (streams, aliases
of names outside) gets a thread for as long as it takes; there are never many of them.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from attrs import define

from podkit.kubelet.network.answering import Later, answer, fail
from podkit.kubelet.network.message import MalformedMessage, Query, read_query
from podkit.kubelet.network.upstream import PATIENCE, Upstream, addresses_of, read_message, write_message
from podkit.kubelet.network.zone import Zone
from podkit.log import logger

log = logger(__name__)

_LARGEST = 65535
_AT_ONCE = 32
"""How many questions are waited for in threads at the same time; further ones are not answered, and are asked again."""
_PASSED_ON_AT_ONCE = 512


@define(eq=False)
class _Passed:
    """A question that was passed on to a server of the machine."""

    query: Query
    message: bytes
    reply: Callable[[bytes], None]
    server: int
    deadline: float


class NameServer:
    """Answers at the sockets of Pods, until it is closed.

    Args:
        zone: the names of the cluster.
        upstream: who knows the others.
    """

    def __init__(self, zone: Zone, upstream: Upstream) -> None:
        self._zone = zone
        self._upstream = upstream
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._passed: dict[socket.socket, _Passed] = {}
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._waking, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="podkit-names", daemon=True)
        self._thread.start()

    def add(self, datagrams: socket.socket, streams: socket.socket) -> None:
        """Answer at two sockets from now on; they are the server's own until `remove`."""
        with self._lock:
            if self._closed:
                datagrams.close()
                streams.close()
                return
            for one, handle in ((datagrams, self._datagram), (streams, self._stream)):
                one.setblocking(False)
                self._selector.register(one, selectors.EVENT_READ, handle)
        self._wake()

    def remove(self, *sockets: socket.socket) -> None:
        """Answer at these sockets no more, and close them."""
        with self._lock:
            for one in sockets:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(one)
                one.close()

    def close(self) -> None:
        """End. What is being waited for in a thread is left to itself. Closing twice does no harm."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._wake()
        self._thread.join()
        for key in list((self._selector.get_map() or {}).values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._waking.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waking.send(b"\0")

    def _drain(self, woken: socket.socket) -> None:
        woken.recv(4096)

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(self._patience()):
                self._handle(key.fileobj, key.data)
            self._give_up_on_servers()

    def _handle(self, ready: Any, handle: Callable[[socket.socket], None]) -> None:
        """Take in what has come. A socket may just have been closed, and nothing that comes may end the thread."""
        try:
            handle(ready)
        except OSError as error:
            log.debug("names: %s", error)
        except Exception:
            log.exception("names: a question could not be answered for a reason that is a bug of podkit")

    # --- questions

    def _datagram(self, at: socket.socket) -> None:
        message, sender = at.recvfrom(_LARGEST)

        def reply(answered: bytes) -> None:
            with contextlib.suppress(OSError):  # the Pod is gone
                at.sendto(answered, sender)

        try:
            query = read_query(message)
        except MalformedMessage:
            return
        found = answer(query, self._zone, addresses_of, query.limit)
        if found is None:
            self._pass_on(_Passed(query, message, reply, -1, 0.0))
        elif isinstance(found, Later):
            self._in_thread(lambda: reply(found.make(query.limit)))
        else:
            reply(found)

    def _stream(self, at: socket.socket) -> None:
        connection, _ = at.accept()
        connection.settimeout(PATIENCE)
        if not self._in_thread(lambda: self._converse(connection)):
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        """Answer all questions that come by a stream."""
        with connection, contextlib.suppress(OSError, MalformedMessage):
            while True:
                message = read_message(connection)
                query = read_query(message)
                found = answer(query, self._zone, addresses_of, None)
                if found is None:
                    found = self._upstream.ask_by_stream(message) or fail(query)
                write_message(connection, found.make(None) if isinstance(found, Later) else found)

    def _in_thread(self, work: Callable[[], None]) -> bool:
        """Do it in a thread; False if there are too many already."""
        if not self._slots.acquire(blocking=False):
            return False

        def run() -> None:
            try:
                work()
            finally:
                self._slots.release()

        threading.Thread(target=run, name="podkit-names-waiting", daemon=True).start()
        return True

    # --- questions for others

    def _pass_on(self, passed: _Passed) -> None:
        """Ask the next of the machine's servers; when there is none, say so."""
        servers = self._upstream.servers()
        while len(self._passed) < _PASSED_ON_AT_ONCE and passed.server + 1 < len(servers):
            passed.server += 1
            try:
                asking = self._upstream.ask(servers[passed.server], passed.message)
            except OSError:
                continue
            passed.deadline = time.monotonic() + PATIENCE
            self._passed[asking] = passed
            self._selector.register(asking, selectors.EVENT_READ, self._answered)
            return
        passed.reply(fail(passed.query))

    def _answered(self, asking: socket.socket) -> None:
        passed = self._passed[asking]
        try:
            message = asking.recv(_LARGEST)
        except OSError:  # nobody listens there
            self._forget(asking)
            self._pass_on(passed)
            return
        if message[:2] == passed.message[:2]:
            self._forget(asking)
            passed.reply(message)

    def _forget(self, asking: socket.socket) -> None:
        self._passed.pop(asking, None)
        self._selector.unregister(asking)
        asking.close()

    def _patience(self) -> float | None:
        """Seconds until a server has had its time; None: nobody is being asked."""
        return (
            max(0.0, min(passed.deadline for passed in self._passed.values()) - time.monotonic())
            if self._passed
            else None
        )

    def _give_up_on_servers(self) -> None:
        now = time.monotonic()
        for asking, passed in list(self._passed.items()):
            if now >= passed.deadline:
                self._forget(asking)
                self._pass_on(passed)
