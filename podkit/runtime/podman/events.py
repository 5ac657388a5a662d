"""What happens in Podman, told to whoever has subscribed.

Two sources, each with a thread that starts with the first subscription:

* Podman's **event stream** tells everything, the end of a container about 80 ms late. When it breaks, it is opened again
  from the time of the last event on, what comes twice is dropped, and subscribers get ``LOST``, because Podman forgets old
  events.
* Where containers are processes of this machine, the **kernel** tells the end of one at once, through a pidfd
  (`podkit.runtime.podman.exits`).

Handlers get hints; what is true is what a status says.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from podkit.errors import ContainerNotFound, RuntimeFailed, RuntimeUnavailable
from podkit.log import logger
from podkit.runtime.base import ContainerState, ContainerStatus, EventType, RuntimeEvent
from podkit.runtime.podman.client import PREFIX, Client
from podkit.runtime.podman.exits import ExitWatcher
from podkit.runtime.podman.observe import Observer

_log = logger(__name__)
_REMEMBERED = 4096
_RETRY_SECONDS = (0.05, 2.0)
_FILTERS = {"type": ["container"], "event": ["start", "died", "remove"]}
_TYPES = {"start": EventType.STARTED, "died": EventType.EXITED, "remove": EventType.REMOVED}
Handler = Callable[[RuntimeEvent], None]


@frozen(eq=False)
class Subscription:
    """Somebody who wants to know.

    Attributes:
        labels: of what.
        handler: how to tell.
    """

    labels: Mapping[str, str]
    handler: Handler
    _events: Events

    def close(self) -> None:
        """Tell no more."""
        self._events.unsubscribe(self)


class Events:
    """All subscriptions of one runtime.

    Args:
        client: the connection to Podman.
        observer: looks at containers.
    """

    def __init__(self, client: Client, observer: Observer) -> None:
        self._client, self._observer = client, observer
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()
        self._told: OrderedDict[tuple[str, EventType], None] = OrderedDict()
        self._sandboxes: OrderedDict[str, str] = OrderedDict()
        self._stream: threading.Thread | None = None
        self._connection: socket.socket | None = None
        self._exits: ExitWatcher | None = None
        self._closed = threading.Event()

    def subscribe(self, labels: Mapping[str, str], handler: Handler) -> Subscription:
        """Call a handler for each event of what carries these labels.

        Raises:
            RuntimeUnavailable: Podman does not answer.
        """
        subscription = Subscription(dict(labels), handler, self)
        self._client.check_open("subscribe to events")
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            self._start()
        if self._exits is not None:
            self._exits.watch(self._observer.containers(labels))
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        with self._lock:
            self._subscriptions = tuple(other for other in self._subscriptions if other is not subscription)

    def seen(self, container: ContainerStatus) -> None:
        """Note that a container was seen to run, so that its end is noticed long before Podman tells of it.

        If its end has been told already, Podman did not know of it in time: it is told again when it does.
        """
        if self._exits is not None and self._subscriptions:
            if container.state is ContainerState.RUNNING:
                with self._lock:
                    self._told.pop((container.id, EventType.EXITED), None)
            self._exits.watch((container,))

    def close(self) -> None:
        """End both threads."""
        with self._lock:
            self._closed.set()
            self._subscriptions = ()
            self._disconnect()
        if self._exits is not None:
            self._exits.close()
        if self._stream is not None and self._stream is not threading.current_thread():
            self._stream.join(timeout=5.0)

    def _start(self) -> None:
        if self._stream is not None or self._closed.is_set():
            return
        if self._observer.local:
            self._exits = ExitWatcher(self._exited)
        self._stream = threading.Thread(
            target=self._listen, args=(int(time.time()),), name="podkit-podman-events", daemon=True
        )
        self._stream.start()

    # Telling

    def _exited(self, container_id: str, labels: Mapping[str, str]) -> None:
        self._observer.note_end(container_id)
        self._tell(RuntimeEvent(EventType.EXITED, container_id, labels))

    def _tell(self, event: RuntimeEvent) -> None:
        if event.type is not EventType.LOST and not self._is_new((event.id, event.type)):
            return
        for subscription in self._subscriptions:
            if event.type is EventType.LOST or subscription.labels.items() <= event.labels.items():
                try:
                    subscription.handler(event)
                except Exception:
                    _log.exception("a handler of runtime events failed at %s", event)

    def _is_new(self, key: tuple[str, EventType]) -> bool:
        """Each of these happens once to a container, but both sources and each reconnection may tell of it."""
        with self._lock:
            known = key in self._told
            self._told[key] = None
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
            return not known

    # Listening

    def _listen(self, since: int) -> None:
        pause = _RETRY_SECONDS[0]
        again = False
        while not self._closed.is_set():
            try:
                for document in self._documents(since, again):
                    since = int(document.get("time") or since)
                    pause = _RETRY_SECONDS[0]
                    self._take(document)
            except (OSError, http.client.HTTPException, ValueError, RuntimeUnavailable) as error:
                _log.debug("the event stream broke: %s", error)
            if self._closed.wait(pause):
                return
            pause = min(pause * 2, _RETRY_SECONDS[1])
            again = True

    def _documents(self, since: int, again: bool) -> Iterable[dict[str, Any]]:
        """The events since a second, until the connection breaks. Podman sends not even a header before the first."""
        query = urlencode({"stream": "true", "since": str(since), "filters": json.dumps(_FILTERS)})
        with self._client.open_socket("listen to Podman's events") as connection:
            if not self._connected(connection):
                return
            connection.settimeout(None)
            connection.sendall(f"GET {PREFIX}events?{query} HTTP/1.1\r\nHost: podman\r\n\r\n".encode())
            if again:
                self._tell(RuntimeEvent(EventType.LOST))
            response = http.client.HTTPResponse(connection)
            try:
                response.begin()
                for line in response:
                    if line.strip():
                        yield json.loads(line)
            finally:
                response.close()

    def _connected(self, connection: socket.socket) -> bool:
        with self._lock:
            self._connection = connection
            return not self._closed.is_set()

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _take(self, document: Mapping[str, Any]) -> None:
        event_type = _TYPES.get(str(document.get("Action") or document.get("status")))
        actor = document.get("Actor") or {}
        container_id, attributes = str(actor.get("ID") or ""), actor.get("Attributes") or {}
        if event_type is None or not container_id:
            return
        if str(attributes.get("name", "")).endswith("-infra"):
            self._take_infra(event_type, container_id, attributes)
            return
        if event_type is EventType.STARTED:
            self._started(container_id)
        self._tell(RuntimeEvent(event_type, container_id, attributes))

    def _started(self, container_id: str) -> None:
        """Podman tells that a container was started; if it was by somebody else, its end is to be noticed too."""
        if self._exits is not None and not self._exits.knows(container_id):
            with contextlib.suppress(RuntimeFailed, RuntimeUnavailable):
                self.seen(self._observer.container(container_id))

    def _take_infra(self, event_type: EventType, infra_id: str, attributes: Mapping[str, str]) -> None:
        """A sandbox stops with its infra container. Podman does not say of which sandbox it was, when it tells of its end."""
        if event_type is EventType.STARTED:
            self._sandboxes[infra_id] = str(attributes.get("podId") or "")
            if len(self._sandboxes) > _REMEMBERED:
                self._sandboxes.popitem(last=False)
        elif event_type is EventType.EXITED:
            sandbox_id = self._sandboxes.pop(infra_id, "") or self._sandbox_of(infra_id)
            if sandbox_id:
                self._tell(RuntimeEvent(EventType.SANDBOX_STOPPED, sandbox_id, attributes))

    def _sandbox_of(self, infra_id: str) -> str:
        try:
            return str(self._observer.inspect(infra_id).get("Pod") or "")
        except (ContainerNotFound, RuntimeFailed, RuntimeUnavailable):
            return ""
