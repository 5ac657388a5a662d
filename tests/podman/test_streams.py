"""Ports, commands and terminals of containers on real Podman."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from podkit import (
    Cluster,
    Container,
    ContainerPort,
    ExecAction,
    ExecFailed,
    Lifecycle,
    LifecycleHandler,
    Pod,
    PodkitError,
    RuntimeFailed,
)
from tests.environment import Environment
from tests.podman.runtime_pods import eventually

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
        with suppress(PodkitError):  # the command may end with its container
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


@pytest.mark.needs("stats_available")
def test_what_a_pod_uses_is_measured(cluster: Cluster) -> None:
    pod = running(cluster, "busy", "while :; do :; done")
    try:
        usage = eventually(lambda: next((one for one in cluster.top(pod) if one.cpu > 0.05), None))
    except RuntimeFailed as error:
        if "only available for cgroup v2" not in str(error):
            raise
        return  # a rootless Podman on cgroup v1 cannot tell it, and says so
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


READER = "while read line; do echo got $line; done; echo over; sleep 1000"


def test_the_input_of_a_container_stays_open_from_one_conversation_to_the_next(cluster: Cluster) -> None:
    pod = running(cluster, "reader", READER, stdin=True)
    for word in ("one", "two"):
        with cluster.attach(pod, stdin=True) as session:
            session.write(f"{word}\n")
            assert session.read_until("\n", timeout=SECONDS) == f"got {word}\n".encode()
    with cluster.attach(pod) as listener:
        assert cluster.exec(pod, ["sleep", "1"]).exit_code == 0  # Podman notices late that somebody has gone
        with pytest.raises(TimeoutError):
            listener.read(timeout=0.2)
    assert cluster.logs(pod) == "got one\ngot two\n"


def test_with_stdin_once_the_input_ends_with_the_first_conversation(cluster: Cluster) -> None:
    pod = running(cluster, "once", READER, stdin=True, stdin_once=True)
    with cluster.attach(pod, stdin=True) as session:
        session.write("one\n")
        session.close_stdin()
        assert session.read_until("over", timeout=SECONDS) == b"got one\nover\n"


def test_a_container_with_a_terminal_is_attached_to(cluster: Cluster) -> None:
    # the monitor of the container changes the size some time after it was told to
    waits = 'while read rows; do until stty size | grep "^$rows 99"; do sleep 0.05; done; done'
    pod = running(cluster, "terminal", waits, stdin=True, tty=True)
    for rows in (33, 44):
        with cluster.attach(pod, stdin=True) as session:
            session.resize(rows, 99)
            session.write(f"{rows}\n")
            session.read_until(f"{rows} 99", timeout=SECONDS)


def test_without_an_input_in_its_spec_a_container_cannot_be_written_to(cluster: Cluster) -> None:
    pod = running(cluster, "deaf", "sleep 1000")
    with pytest.raises(PodkitError, match="set stdin: true"):
        cluster.attach(pod, stdin=True)


def test_a_shell_with_a_terminal_is_talked_with(cluster: Cluster) -> None:
    pod = running(cluster, "shell", "sleep 1000")
    with cluster.stream_exec(pod, ["sh"], stdin=True, tty=True) as session:
        session.resize(33, 99)
        session.write("stty size; exit 7\n")
        session.read_until("33 99", timeout=SECONDS)
        assert session.wait(timeout=SECONDS) == 7


def test_a_command_ends_with_its_conversation(cluster: Cluster) -> None:
    pod = running(cluster, "left", "sleep 1000")
    with cluster.stream_exec(pod, ["sh", "-c", "echo begun; sleep 777"]) as session:
        session.read_until("begun", timeout=SECONDS)
        with pytest.raises(TimeoutError):
            session.read(timeout=0.1)
    deadline = time.monotonic() + SECONDS
    while "sleep 777" in cluster.exec(pod, ["ps"]).stdout:
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)
