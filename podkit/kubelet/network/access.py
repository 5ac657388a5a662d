"""Gives the Pods of a node access to Services: a name server in their network, and the translation of addresses.

Both live in the network of the Pod's sandbox, and go with it. The sockets of the name server are this process's: they are made
again when a kubelet finds a sandbox that another one has left; until then names do not resolve in it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from attrs import define, field

from podkit.errors import PodkitError
from podkit.kubelet.network.directory import Directory
from podkit.kubelet.network.forwarding import Way, forwards, ways
from podkit.kubelet.network.links import service_links
from podkit.kubelet.network.server import NameServer
from podkit.kubelet.network.upstream import PORT, Upstream
from podkit.kubelet.network.zone import Zone
from podkit.model import Pod
from podkit.runtime.base import Forward, Runtime, RuntimeInfo
from podkit.store.base import EventSink

ADDRESS = "127.0.0.10"
"""Where a Pod asks for names. Only it can: the loopback network is its own."""
SETTLE = 0.01
"""Seconds between a change of Services or their Pods and the translation of it: changes often come together."""
_SHARE = 3.0
"""How many times longer than one round of translating the next one waits, so that it never takes much of the processor."""


@define(eq=False)
class _Connected:
    """A sandbox that has access.

    Attributes:
        uid: that of its Pod.
        sandbox_id: which sandbox.
        sockets: those of the name server in its network.
        translated: what is translated there.
        chosen: by the address of a Service that keeps its clients, the address of the Pod that it leads to from here.
        lock: is held while that is changed.
    """

    uid: str
    sandbox_id: str
    sockets: tuple[socket.socket, ...] = ()
    translated: tuple[Forward, ...] | None = ()
    chosen: dict[str, str] = field(factory=dict)
    lock: threading.Lock = field(factory=threading.Lock)


class ServiceAccess:
    """Gives the Pods of a node access to Services.

    Args:
        runtime: the container engine.
        info: what it is.
        directory: the Services and Pods of the cluster.
        machine_resolver: reads the machine's resolver file.
        report: where events go.
    """

    def __init__(
        self,
        runtime: Runtime,
        info: RuntimeInfo,
        directory: Directory,
        machine_resolver: Callable[[], str],
        report: EventSink,
    ) -> None:
        self._serves, self._translates = info.sandboxes_enterable, info.addresses_translated
        self._runtime = runtime
        self._directory = directory
        self._report = report
        self._machine_resolver = machine_resolver
        self._server: NameServer | None = None
        self._connected: dict[str, _Connected] = {}
        self._wanted: tuple[Way, ...] = ()
        self._computing = threading.Lock()
        self._not_before = 0.0
        self._closed = False

    def links(self, pod: Pod) -> dict[str, str]:
        """The variables by which the containers of a Pod find the Services of its namespace."""
        return service_links(pod, self._directory.services(pod.metadata.namespace))

    def name_server(self, pod: Pod) -> str | None:
        """Where a Pod is to ask for names; None: where the machine does, since it wants that, or cannot be served."""
        return ADDRESS if self._serves and _can_ask(pod) else None

    def connect(self, pod: Pod, sandbox_id: str) -> None:
        """Give a Pod access, in its sandbox that has just been made, or was found; doing it again does nothing."""
        uid = pod.metadata.uid or ""
        known = self._connected.get(uid)
        if (known is not None and known.sandbox_id == sandbox_id) or self._closed:
            return
        self.disconnect(uid)
        connected = self._connected[uid] = _Connected(uid, sandbox_id)
        self._warn(pod)
        if pod.spec.host_network:
            connected.translated = None
            return
        try:
            if self.name_server(pod) is not None:
                connected.sockets = self._runtime.bind(sandbox_id, ADDRESS, PORT)
                self._serve(connected.sockets)
            if self._translates:
                self._refresh()
                self._translate(connected)
        except (PodkitError, OSError) as error:
            connected.translated = None
            message = f"Services cannot be reached from this Pod by name or by address: {error}"
            self._report(pod, "ServicesUnreachable", message, type="Warning")

    def disconnect(self, uid: str) -> None:
        """Take away a Pod's access, which would keep its network in being. That it has none is no error."""
        connected = self._connected.pop(uid, None)
        if connected is not None and self._server is not None:
            self._server.remove(*connected.sockets)

    def changes_matter(self) -> bool:
        """Whether something has to be done when a Pod changes: `translate_anew`."""
        return self._translates and bool(self._connected) and bool(self._wanted or self._directory.services())

    def pause(self) -> float:
        """After how many seconds to translate anew what has changed."""
        return max(SETTLE, self._not_before - time.monotonic())

    def translate_anew(self) -> None:
        """Bring the translation up to date in all sandboxes."""
        begun = time.monotonic()
        self._refresh()
        for connected in list(self._connected.values()):
            try:
                self._translate(connected)
            except (PodkitError, OSError):  # its sandbox is most likely gone; a new one is connected anew
                connected.translated = None
        self._not_before = time.monotonic() + _SHARE * (time.monotonic() - begun)

    def close(self) -> None:
        """Take all access away. Closing twice does no harm."""
        self._closed = True
        for uid in list(self._connected):
            self.disconnect(uid)
        with self._computing:
            if self._server is not None:
                self._server.close()

    def _serve(self, sockets: tuple[socket.socket, socket.socket]) -> None:
        """Answer at the sockets of a Pod; the server is made for the first one."""
        with self._computing:
            if self._closed:
                for one in sockets:
                    one.close()
                return
            if self._server is None:
                zone = Zone(self._directory, translated=self._translates)
                self._server = NameServer(zone, Upstream(self._machine_resolver))
        self._server.add(*sockets)

    def _refresh(self) -> None:
        with self._computing:
            self._directory.refresh()
            self._wanted = ways(self._directory)

    def _translate(self, connected: _Connected) -> None:
        with connected.lock:
            wanted = forwards(self._wanted, connected.uid, connected.chosen)
            if connected.translated is not None and connected.translated != wanted:
                self._runtime.forward(connected.sandbox_id, wanted)
                connected.translated = wanted

    def _warn(self, pod: Pod) -> None:
        """Say that Services of its namespace are nothing to a Pod, because this node cannot enter the networks of Pods."""
        if not self._serves and _can_ask(pod) and self._directory.services(pod.metadata.namespace):
            message = (
                "the names and addresses of Services mean nothing in this Pod, which has the machine's resolver:"
                " the networks of Pods of this node cannot be entered"
            )
            self._report(pod, "MissingClusterDNS", message, type="Warning")


def wants_names(pod: Pod) -> bool:
    """Whether a Pod's DNS policy asks for the names of the cluster."""
    policy = pod.spec.dns_policy or "ClusterFirst"
    return policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not pod.spec.host_network)


def serves_names(pod: Pod) -> bool:
    """Whether a Pod says that it uses the port of a name server itself."""
    containers = [*pod.spec.init_containers, *pod.spec.containers]
    return any(port.container_port == PORT for container in containers for port in container.ports)


def _can_ask(pod: Pod) -> bool:
    return wants_names(pod) and not pod.spec.host_network and not serves_names(pod)
