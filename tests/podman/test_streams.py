"""Ports, commands and terminals of containers on real Podman."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from podkit import Cluster, Container, ContainerPort, ExecAction, ExecFailed, Lifecycle, LifecycleHandler, Pod
from tests.environment import Environment

IMAGE = "localhost/busybox:latest"
SECONDS = 60


@pytest.fixture(scope="module")
def cluster(podman_environment: Environment) -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def running(cluster: Cluster, name: str, script: str, **fields: object) -> Pod:
    container = Container("main", image=IMAGE, command=["sh", "-c", script], **fields)  # type: ignore[arg-type]
    pod = cluster.create(Pod.new(name, containers=[container], termination_grace_period_seconds=1))
    return cluster.wait(pod, "Ready", timeout=SECONDS)


def page(port: int) -> bytes:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return bytes(answer.read())
        except (URLError, ConnectionError):
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.05)


def test_a_forwarded_port_leads_to_the_loopback_of_a_pod_and_outlives_its_containers(cluster: Cluster) -> None:
    script = "mkdir -p /www; date +%s >/www/index.html; httpd -p 127.0.0.1:8080 -h /www; until [ -e /stop ]; do sleep 0.1; done"
    pod = running(cluster, "web", script, ports=[ContainerPort(8080, name="http")])
    with cluster.port_forward(pod, "http") as forward:
        first = page(forward.local_port)
        cluster.exec(pod, ["sh", "-c", "sleep 1; touch /stop"])
        cluster.wait(pod, lambda seen: seen.status.container_statuses[0].restart_count > 0, timeout=SECONDS)
        assert page(forward.local_port) != first


def test_a_forwarded_connection_is_closed_one_side_after_the_other(cluster: Cluster) -> None:
    pod = running(cluster, "echo", "exec nc -ll -p 9000 -e cat")
    with (
        cluster.port_forward(pod, 9000) as forward,
        socket.create_connection(("127.0.0.1", forward.local_port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"x" * 100_000)
        connection.shutdown(socket.SHUT_WR)
        assert len(b"".join(iter(lambda: connection.recv(65536), b""))) == 100_000


def test_what_a_pod_uses_is_measured(cluster: Cluster) -> None:
    pod = running(cluster, "busy", "while :; do :; done")
    [usage] = cluster.top(pod)
    assert usage.cpu > 0.05
    assert usage.memory > 0
    [node] = cluster.top("nodes")
    assert node.memory >= usage.memory
    cluster.delete(pod, grace_period=0)


def test_a_command_can_be_run_while_the_post_start_hook_has_not_ended(cluster: Cluster) -> None:
    hook = LifecycleHandler(exec=ExecAction(["sh", "-c", "until [ -e /tmp/go ]; do sleep 0.05; done"]))
    main = Container("main", image=IMAGE, command=["sleep", "1000"], lifecycle=Lifecycle(post_start=hook))
    pod = cluster.create(Pod.new("hooked", containers=[main], termination_grace_period_seconds=1))
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            cluster.exec(pod, ["touch", "/tmp/go"], check=True)
            break
        except ExecFailed:
            assert time.monotonic() < deadline, "it never could"
            time.sleep(0.02)
    cluster.wait(pod, "Ready", timeout=SECONDS)
