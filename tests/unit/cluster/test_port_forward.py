"""Ports of this machine that lead into Pods."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from podkit import Cluster, Container, ContainerPort, NotFound, Pod, PodkitError, VirtualClock
from podkit.cluster.containers import Way
from podkit.cluster.port_forward import PortForward
from podkit.runtime.simulated import Images, Listen, Script, SimulatedRuntime, Sleep

WEB = Script(Listen.http(8080, body=b"hello\n"), Sleep(1e9))


@pytest.fixture
def cluster(clock: VirtualClock, images: Images, tmp_path: Path) -> Iterator[Cluster]:
    runtime = SimulatedRuntime(clock, images=images, programs={"web": WEB})
    with Cluster(runtime, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        yield cluster


@pytest.fixture
def web(cluster: Cluster) -> Pod:
    container = Container("app", image="busybox", command=["web"], ports=[ContainerPort(8080, name="http")])
    pod = cluster.create(Pod.new("web", containers=[container]))
    return cluster.wait(pod, "Ready", timeout=60)


def test_a_local_port_leads_to_a_port_of_a_pod(cluster: Cluster, web: Pod) -> None:
    with cluster.port_forward(web, 8080) as forward:
        for _ in range(3):
            with urlopen(f"http://127.0.0.1:{forward.local_port}/") as answer:
                assert answer.read() == b"hello\n"


def test_the_port_may_be_a_name_and_the_pod_too(cluster: Cluster, web: Pod) -> None:
    with (
        cluster.port_forward("pod/web", "http") as forward,
        urlopen(f"http://127.0.0.1:{forward.local_port}/") as answer,
    ):
        assert answer.status == 200


def test_what_cannot_be_forwarded_is_refused_at_once(cluster: Cluster, web: Pod) -> None:
    with pytest.raises(PodkitError, match=r"no port named 'admin'; its named ports: http"):
        cluster.port_forward(web, "admin")
    with pytest.raises(PodkitError, match="1 to 65535"):
        cluster.port_forward(web, 70000)
    with pytest.raises(NotFound):
        cluster.port_forward("pod/other", 8080)
    with cluster.port_forward(web, 8080) as forward, pytest.raises(PodkitError, match="choose another local_port"):
        cluster.port_forward(web, 8080, forward.local_port)
    done = cluster.run(
        Pod.new("done", containers=[Container("a", image="busybox", command=["true"])], restart_policy="Never")
    )
    with pytest.raises(PodkitError, match=r"is not running\. Current status=Succeeded"):
        cluster.port_forward(done, 8080)


def test_where_nobody_listens_the_connection_is_closed(cluster: Cluster, web: Pod) -> None:
    with cluster.port_forward(web, 9999) as forward, _connect(forward) as connection:
        assert connection.recv(1) == b""


def test_closing_the_cluster_closes_the_port(cluster: Cluster, web: Pod) -> None:
    forward = cluster.port_forward(web, 8080)
    cluster.close()
    with pytest.raises(ConnectionRefusedError):
        _connect(forward)


class Echo:
    """An engine whose sandboxes send back what they are sent, once they have been told that there is no more."""

    def connect(self, *_: Any, **__: Any) -> socket.socket:
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._answer, args=(theirs,)).start()
        return ours

    @staticmethod
    def _answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            said = b""
            while piece := connection.recv(65536):
                said += piece
            connection.sendall(said)


@pytest.fixture
def echo() -> Iterator[PortForward]:
    engine: Any = Echo()
    with PortForward(lambda: Way(engine, "sandbox", 7)) as forward:
        yield forward


def test_each_side_can_be_done_before_the_other(echo: PortForward) -> None:
    with _connect(echo) as connection:
        connection.sendall(b"x" * 1_000_000)
        connection.shutdown(socket.SHUT_WR)
        assert len(b"".join(iter(lambda: connection.recv(65536), b""))) == 1_000_000


def test_many_connections_are_served_at_once(echo: PortForward) -> None:
    connections = [_connect(echo) for _ in range(30)]
    for number, connection in enumerate(connections):
        connection.sendall(str(number).encode())
    for number, connection in enumerate(connections):
        with connection:
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(10) == str(number).encode()


def test_nothing_is_left_of_a_closed_port(echo: PortForward) -> None:
    with _connect(echo) as connection:
        connection.sendall(b"x")
        echo.close()
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("podkit-forward")]


def _connect(forward: PortForward) -> socket.socket:
    return socket.create_connection(("127.0.0.1", forward.local_port), timeout=10)
