"""Connections to the ports of sandboxes.

As root the bridge network of the pods is a network of this machine, and one connects to an address like any other. What listens on
the loopback address of a pod is only reached from inside: a thread enters the pod's network namespace, connects, and ends. A socket
stays in the namespace in which it was made, whoever uses it.

A rootless Podman has its bridge in a network namespace that the machine cannot see. A process may enter the namespaces of its own
user, but one with several threads may not; so a helper process enters, connects, and hands the connected socket over.
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.status import is_on_host_network, sandbox_status

_HELPER = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
try:
    timeout = float(sys.argv[4]) if sys.argv[4] else None
    connection = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout)
except OSError as error:
    channel.send(str(error.errno or 0).encode())
else:
    socket.send_fds(channel, [b"connected"], [connection.fileno()])
"""
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET."""
_START_SECONDS = 10.0
"""What the helper may take beside connecting."""


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
            self.forget(sandbox_id)  # it may have become another one
            raise

    def forget(self, sandbox_id: str) -> None:
        """A sandbox has been removed."""
        self._places.pop(sandbox_id, None)

    def _place(self, sandbox_id: str) -> _Place:
        place = self._places.get(sandbox_id)
        if place is None:
            pod, infra = self._observer.pod(sandbox_id), self._observer.infra(sandbox_id)
            ips = sandbox_status(pod, infra, self._observer.host_addresses).ips
            if not ips:
                raise ContainerNotFound(
                    f"could not connect to sandbox {sandbox_id[:12]}: it has no network any more", operation="connect"
                )
            shares = is_on_host_network(infra) and self._observer.local
            place = self._places[sandbox_id] = _Place(ips[0], int(infra["State"]["Pid"]), shares)
        return place


def connect_from_thread(pid: int, address: str, port: int, timeout: float | None) -> socket.socket:
    """Connect from inside the network namespace of a process, as root. Only a thread that then ends enters it.

    Args:
        pid: a process in that namespace.
        address: where to, as seen from there.
        port: likewise.
        timeout: seconds until an answer must come; None: no limit.

    Raises:
        OSError: nobody listens there, or does not answer in time; or the process is not there any more.
    """

    def enter_and_connect() -> socket.socket:
        with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEW_NETWORK) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"the network of the pod cannot be entered: {os.strerror(number)}")
        return socket.create_connection((address, port), timeout)

    with concurrent.futures.ThreadPoolExecutor(1, "podkit-connect") as thread:
        return thread.submit(enter_and_connect).result()


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
    nsenter = shutil.which("nsenter")
    if nsenter is None:
        raise RuntimeFailed(
            "could not enter the network of a rootless pod: install nsenter (util-linux)", operation="connect"
        )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        enter = [nsenter, f"--target={pid}", "--user", "--net", "--preserve-credentials"]
        helper = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            _HELPER,
            str(theirs.fileno()),
            address,
            str(port),
            str(timeout or ""),
        ]
        limit = None if timeout is None else timeout + _START_SECONDS
        with subprocess.Popen(
            enter + helper,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            theirs.close()
            ours.settimeout(limit)
            try:
                return _received(ours, process, timeout)
            finally:
                process.kill()


def _received(channel: socket.socket, process: subprocess.Popen[bytes], timeout: float | None) -> socket.socket:
    said, descriptors, _, _ = socket.recv_fds(channel, 64, 1)
    if descriptors:
        connection = socket.socket(fileno=descriptors[0])
        connection.settimeout(timeout)
        return connection
    if said:
        number = int(said)
        raise OSError(number, os.strerror(number)) if number else TimeoutError("timed out")
    complaint = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    raise RuntimeFailed(
        f"could not enter the network of a rootless pod: {complaint}", operation="connect", detail=complaint
    )
