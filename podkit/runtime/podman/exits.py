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
from typing import Any

from podkit.errors import RuntimeFailed, RuntimeUnavailable

_JOIN_SECONDS = 5.0


class ExitWatcher:
    """Watches containers until each has ended.

    Args:
        inspect: the document of a container.
        tell: called, from the thread of the watcher, with the id and labels of a container that has ended.
    """

    def __init__(
        self, inspect: Callable[[str], Mapping[str, Any]], tell: Callable[[str, Mapping[str, str]], None]
    ) -> None:
        self._inspect, self._tell = inspect, tell
        self._asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="podkit-podman-exits", daemon=True)
        self._thread.start()

    def watch(self, container_ids: Iterable[str]) -> None:
        """Watch these containers; such as are watched already stay so. Does not block."""
        for container_id in container_ids:
            self._asked.put(container_id)
        self._ring()

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
        watched: dict[str, int] = {}
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._bell, selectors.EVENT_READ)
                while not self._closed:
                    for key, _ in selector.select():
                        if key.fileobj is self._bell:
                            self._answer_bell(selector, watched)
                        else:
                            self._end(selector, watched, key)
        finally:
            for descriptor in watched.values():
                os.close(descriptor)
            self._bell.close()
            self._ringer.close()

    def _answer_bell(self, selector: selectors.BaseSelector, watched: dict[str, int]) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        while not self._closed:
            try:
                container_id = self._asked.get_nowait()
            except queue.Empty:
                return
            if container_id not in watched:
                with contextlib.suppress(RuntimeFailed, RuntimeUnavailable):
                    self._begin(selector, watched, container_id)

    def _begin(self, selector: selectors.BaseSelector, watched: dict[str, int], container_id: str) -> None:
        document = self._inspect(container_id)
        labels = (document.get("Config") or {}).get("Labels") or {}
        pid = int(document["State"].get("Pid") or 0)
        if pid == 0:
            if document["State"]["Status"] in ("stopped", "exited"):
                self._tell(container_id, labels)
            return
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._tell(container_id, labels)
            return
        except OSError:  # out of descriptors: Podman's own event will come
            return
        watched[container_id] = descriptor
        selector.register(descriptor, selectors.EVENT_READ, (container_id, labels))

    def _end(self, selector: selectors.BaseSelector, watched: dict[str, int], key: selectors.SelectorKey) -> None:
        container_id, labels = key.data
        selector.unregister(key.fileobj)
        os.close(watched.pop(container_id))
        self._tell(container_id, labels)
