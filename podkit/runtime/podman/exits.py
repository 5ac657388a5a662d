"""The end of containers, as the kernel tells it.

A thread waits on the pidfds of the first processes of containers. Whoever learns from it that one has ended and then asks for
the status of the container gets the right answer, because `PodmanRuntime` waits for Podman to agree with the kernel.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Mapping

from podkit.runtime.base import ContainerStatus

_JOIN_SECONDS = 5.0


class ExitWatcher:
    """Watches containers until each has ended.

    Args:
        tell: called, from the thread of the watcher, with the id and labels of a container that has ended.
    """

    def __init__(self, tell: Callable[[str, Mapping[str, str]], None]) -> None:
        self._tell = tell
        self._asked: queue.SimpleQueue[ContainerStatus] = queue.SimpleQueue()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._closed = False
        self._watched: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="podkit-podman-exits", daemon=True)
        self._thread.start()

    def watch(self, containers: Iterable[ContainerStatus]) -> None:
        """Watch those of these containers that run; such as are watched already stay so. Does not block."""
        running = [container for container in containers if container.pid]
        for container in running:
            self._asked.put(container)
        if running:
            self._ring()

    def knows(self, container_id: str) -> bool:
        """Whether this container is watched."""
        return container_id in self._watched

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._ring()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_SECONDS)

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it will look anyway; closed: it has ended
            self._ringer.send(b".")

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._bell, selectors.EVENT_READ)
                while not self._closed:
                    for key, _ in selector.select():
                        if key.fileobj is self._bell:
                            self._answer_bell(selector)
                        else:
                            self._end(selector, key)
        finally:
            for descriptor in self._watched.values():
                os.close(descriptor)
            self._bell.close()
            self._ringer.close()

    def _answer_bell(self, selector: selectors.BaseSelector) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        while not self._closed:
            try:
                container = self._asked.get_nowait()
            except queue.Empty:
                return
            if not self.knows(container.id):
                self._begin(selector, container)

    def _begin(self, selector: selectors.BaseSelector, container: ContainerStatus) -> None:
        try:
            descriptor = os.pidfd_open(container.pid)
        except ProcessLookupError:
            self._tell(container.id, container.labels)
            return
        except OSError:  # out of descriptors: Podman's own event will come
            return
        self._watched[container.id] = descriptor
        selector.register(descriptor, selectors.EVENT_READ, (container.id, container.labels))

    def _end(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        container_id, labels = key.data
        selector.unregister(key.fileobj)
        os.close(self._watched.pop(container_id))
        self._tell(container_id, labels)
