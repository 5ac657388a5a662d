"""The service below `PodmanRuntime`: who runs it, what happens when it dies, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.errors import RuntimeUnavailable
from podkit.runtime.base import ContainerState, EventType
from podkit.runtime.podman import PodmanRuntime, network, processes, service
from tests.environment import Environment
from tests.podman.runtime_pods import LABELS, Listener, ended, eventually, sandbox_config, start


@pytest.fixture
def runtime(podman_environment: Environment) -> Iterator[PodmanRuntime]:
    runtime = PodmanRuntime()
    yield runtime
    for sandbox in runtime.sandboxes(LABELS):
        runtime.remove_sandbox(sandbox.id)
    runtime.close()


def process_of(runtime: PodmanRuntime) -> subprocess.Popen[bytes]:
    own = runtime._client.service
    assert isinstance(own, service.OwnService)
    process = own._run._process
    assert process is not None
    return process


def kill_service(runtime: PodmanRuntime) -> None:
    process = process_of(runtime)
    process.kill()
    process.wait()


def test_it_runs_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(runtime: PodmanRuntime) -> None:
    assert os.getsid(process_of(runtime).pid) != os.getsid(0)


def test_pods_outlive_it_and_are_found_again(runtime: PodmanRuntime) -> None:
    sandbox_id = runtime.run_sandbox(sandbox_config())
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    before = runtime.container(container_id)
    kill_service(runtime)
    assert runtime.container(container_id) == before
    assert [sandbox.id for sandbox in runtime.sandboxes(LABELS)] == [sandbox_id]
    assert runtime.exec(container_id, ["echo", "hi"]).stdout == b"hi\n"


def test_subscribers_learn_that_events_may_be_lost_and_go_on_hearing_them(runtime: PodmanRuntime) -> None:
    listener = Listener()
    sandbox_id = runtime.run_sandbox(sandbox_config())
    with_subscription = runtime.subscribe(LABELS, listener)
    first = start(runtime, sandbox_id, "true")
    listener.wait_for(lambda event: (event.type, event.id) == (EventType.STARTED, first))
    kill_service(runtime)
    listener.wait_for(lambda event: event.type is EventType.LOST)
    second = start(runtime, sandbox_id, "true")
    for event_type in (EventType.STARTED, EventType.EXITED):
        listener.wait_for(lambda event, event_type=event_type: (event.type, event.id) == (event_type, second))
    assert [event.type for event in listener.events if event.id == first].count(EventType.EXITED) == 1
    with_subscription.close()


def test_a_container_that_ends_while_it_is_away_is_seen_to_have_ended(runtime: PodmanRuntime) -> None:
    sandbox_id = runtime.run_sandbox(sandbox_config())
    container_id = start(runtime, sandbox_id, "sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done")
    eventually(lambda: list(runtime.logs(container_id)))
    pid = runtime.container(container_id).pid
    kill_service(runtime)
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: processes.ended(pid))
    assert ended(runtime, container_id).exit_code == 7


def test_closing_leaves_no_thread_process_socket_or_directory(podman_environment: Environment) -> None:
    threads, descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    runtime = PodmanRuntime()
    process, directory = process_of(runtime), Path(runtime._client.service.uri.removeprefix("unix://")).parent
    runtime.subscribe(LABELS, lambda _: None)
    runtime.sandboxes(LABELS)
    runtime.close()
    runtime.close()
    assert not set(threading.enumerate()) - threads
    assert process.returncode is not None
    assert not directory.exists()
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_a_runtime_starts_no_thread_before_somebody_subscribes(runtime: PodmanRuntime) -> None:
    runtime.sandboxes(LABELS)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("podkit-podman")]


OWNER = """
import os, signal, sys, time
from podkit.runtime.podman import PodmanRuntime, service
service.IDLE_SECONDS = 1
runtime = PodmanRuntime()
print(runtime._client.service._run._process.pid, flush=True)
sys.stdin.readline()
print(runtime._client.service._run._process.poll(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_lives_as_long_as_its_owner_and_no_longer_even_if_that_is_killed(podman_environment: Environment) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdin is not None
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    watch = os.pidfd_open(pid)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            owner.wait(3)  # much longer than the service may be idle
        owner.stdin.write("\n")
        owner.stdin.flush()
        assert owner.stdout.readline() == "None\n"
        owner.wait(10)
        eventually(lambda: not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
    finally:
        os.close(watch)
        owner.stdin.close()
        owner.stdout.close()


def test_a_socket_on_which_nobody_listens_is_no_podman(podman_environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="could not reach Podman"):
        PodmanRuntime(f"unix://{tmp_path}/none.sock")


def test_a_service_that_cannot_start_says_why(podman_environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", "/nonexistent/storage.conf")
    monkeypatch.setenv("CONTAINERS_CONF", "/nonexistent/containers.conf")
    with pytest.raises(RuntimeUnavailable, match="system service` ended with 1"):
        PodmanRuntime()


# One service, which somebody else runs, reached by TCP: nothing of it can be seen but what it answers


@pytest.fixture
def remote(podman_environment: Environment) -> Iterator[PodmanRuntime]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        ["podman", "system", "service", "--time=0", f"tcp://127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(listens)
        runtime = PodmanRuntime(f"tcp://127.0.0.1:{port}")
        yield runtime
        for sandbox in runtime.sandboxes(LABELS):
            runtime.remove_sandbox(sandbox.id)
        runtime.close()
        assert process.poll() is None, "a service of somebody else was ended"
    finally:
        process.terminate()
        process.wait()


def test_what_a_remote_podman_tells(remote: PodmanRuntime) -> None:
    listener = Listener()
    subscription = remote.subscribe(LABELS, listener)
    sandbox_id = remote.run_sandbox(sandbox_config())
    container_id = start(remote, sandbox_id, "sh", "-c", "echo out; echo err >&2; printf end; exit 3")
    listener.wait_for(lambda event: (event.type, event.id) == (EventType.EXITED, container_id))
    assert ended(remote, container_id).exit_code == 3
    entries = list(remote.logs(container_id, follow=True))
    assert sorted((entry.stream, entry.content) for entry in entries) == [
        ("stderr", b"err\n"),
        ("stdout", b"end"),
        ("stdout", b"out\n"),
    ]
    subscription.close()


def test_a_remote_podman_runs_commands(remote: PodmanRuntime) -> None:
    sandbox_id = remote.run_sandbox(sandbox_config())
    container_id = start(remote, sandbox_id, "sleep", "1000")
    assert remote.exec(container_id, ["cat"], stdin=b"x" * 1_000_000).stdout == b"x" * 1_000_000
    assert not remote.info().pods_reachable


# The network


def networks(environment: Environment) -> set[str]:
    return set(environment.podman("network", "ls", "--format", "{{.Name}}").split())


def test_the_network_goes_with_the_last_who_used_it(podman_environment: Environment) -> None:
    first, second = PodmanRuntime(), PodmanRuntime()
    ours, theirs = first.run_sandbox(sandbox_config()), second.run_sandbox(sandbox_config())
    first.remove_sandbox(ours)
    first.close()
    assert second.sandbox(theirs).ready
    assert network.NAME in networks(podman_environment)
    second.remove_sandbox(theirs)
    second.close()
    assert network.NAME not in networks(podman_environment)


def test_a_network_that_vanishes_is_made_again(podman_environment: Environment, runtime: PodmanRuntime) -> None:
    runtime.remove_sandbox(runtime.run_sandbox(sandbox_config()))
    podman_environment.podman("network", "rm", network.NAME)
    assert runtime.sandbox(runtime.run_sandbox(sandbox_config())).ips


def test_processes_that_come_and_go_do_not_trip_over_each_other(podman_environment: Environment) -> None:
    troubles: list[Exception] = []

    def come_and_go() -> None:
        for _ in range(4):
            runtime = PodmanRuntime()
            try:
                sandbox_id = runtime.run_sandbox(sandbox_config())
                assert runtime.sandbox(sandbox_id).ips
                runtime.remove_sandbox(sandbox_id)
            except Exception as error:
                troubles.append(error)
            finally:
                runtime.close()

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles


def test_a_network_that_somebody_else_made_is_used_and_kept(podman_environment: Environment) -> None:
    podman_environment.podman("network", "create", network.NAME)
    try:
        runtime = PodmanRuntime()
        runtime.remove_sandbox(runtime.run_sandbox(sandbox_config()))
        runtime.close()
        assert network.NAME in networks(podman_environment)
    finally:
        podman_environment.podman("network", "rm", network.NAME)


def test_the_state_of_an_unknown_container_is_told_by_its_absence(runtime: PodmanRuntime) -> None:
    assert runtime.containers(LABELS) == []
    assert ContainerState.UNKNOWN not in {status.state for status in runtime.containers({})}
