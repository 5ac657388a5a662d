"""What only real Podman does: its leftovers, its monitors, its defaults, and what it does with other people's pods."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podkit.errors import ContainerNotFound, PortInUse, RuntimeFailed, StartFailed
from podkit.runtime.base import ContainerState, EventType, Mount, PortMapping, Resources, SecurityConfig
from podkit.runtime.podman import PodmanRuntime, processes
from tests.environment import Environment
from tests.podman.runtime_pods import LABELS, Listener, container_config, ended, eventually, sandbox_config, start


@pytest.fixture(scope="module")
def shared_runtime(podman_environment: Environment) -> Iterator[PodmanRuntime]:
    runtime = PodmanRuntime()
    yield runtime
    runtime.close()


@pytest.fixture
def runtime(shared_runtime: PodmanRuntime) -> Iterator[PodmanRuntime]:
    yield shared_runtime
    for sandbox in shared_runtime.sandboxes(LABELS):
        shared_runtime.remove_sandbox(sandbox.id)


@pytest.fixture
def sandbox_id(runtime: PodmanRuntime) -> str:
    return runtime.run_sandbox(sandbox_config())


def pods(environment: Environment) -> set[str]:
    return set(environment.podman("pod", "ps", "--format", "{{.Name}}").split())


# What a person with the command line sees


def test_a_sandbox_is_a_native_pod_that_nothing_ends_or_restarts(
    runtime: PodmanRuntime, sandbox_id: str, podman_environment: Environment
) -> None:
    container_id = start(runtime, sandbox_id, "true")
    ended(runtime, container_id)
    what = "{{.State}} {{.ExitPolicy}} {{.Hostname}}"
    assert podman_environment.podman("pod", "inspect", sandbox_id, "--format", what).split()[1:] == ["continue", "web"]
    policy = podman_environment.podman("inspect", container_id, "--format", "{{.HostConfig.RestartPolicy.Name}}")
    assert policy.strip() in ("", "no")
    assert runtime.sandbox(sandbox_id).ready


def test_pods_of_others_are_neither_seen_nor_touched(
    runtime: PodmanRuntime, sandbox_id: str, podman_environment: Environment
) -> None:
    podman_environment.podman("pod", "create", "--name", "somebody", "--label", "io.podkit.node=other")
    try:
        assert [sandbox.id for sandbox in runtime.sandboxes(LABELS)] == [sandbox_id]
        with pytest.raises(RuntimeFailed, match=r"already in use|already exists"):
            runtime.run_sandbox(sandbox_config(name="somebody"))
        assert "somebody" in pods(podman_environment)
    finally:
        podman_environment.podman("pod", "rm", "--force", "somebody")


@pytest.mark.parametrize("trouble", ["port", "sysctl"])
def test_a_sandbox_that_cannot_be_made_leaves_nothing_behind(
    runtime: PodmanRuntime, podman_environment: Environment, trouble: str
) -> None:
    runtime.run_sandbox(sandbox_config(port_mappings=[PortMapping(80, 18080)]))
    before = pods(podman_environment)
    config = {
        "port": sandbox_config(port_mappings=[PortMapping(80, 18080)]),
        "sysctl": sandbox_config(sysctls={"net.no.such": "1"}),
    }[trouble]
    with pytest.raises(PortInUse if trouble == "port" else RuntimeFailed):
        runtime.run_sandbox(config)
    assert pods(podman_environment) == before


def test_a_volume_of_an_image_is_a_directory_that_goes_with_its_container(
    runtime: PodmanRuntime, sandbox_id: str, podman_environment: Environment
) -> None:
    containerfile = podman_environment.directory / "Containerfile"
    containerfile.write_text("FROM localhost/busybox:latest\nRUN mkdir /data && touch /data/x\nVOLUME /data\n")
    podman_environment.podman("build", "--quiet", "--tag", "localhost/volume", "--file", str(containerfile))
    try:
        command = ("sh", "-c", "ls /data && touch /data/y")
        container_id = start(runtime, sandbox_id, *command, image="localhost/volume")
        assert ended(runtime, container_id).exit_code == 0
        assert [entry.content for entry in runtime.logs(container_id)] == [b"x\n"]
        runtime.remove_sandbox(sandbox_id)
        assert podman_environment.podman("volume", "ls", "--quiet") == ""
    finally:
        podman_environment.podman("rmi", "--force", "localhost/volume")


# Commands and their monitors


def monitors(container_id: str) -> list[int]:
    return [monitor.pid for monitor in processes.exec_monitors() if monitor.container_id == container_id]


def test_monitors_of_commands_do_not_pile_up(runtime: PodmanRuntime, sandbox_id: str) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    for _ in range(16):
        assert runtime.exec(container_id, ["true"]).exit_code == 0
    eventually(lambda: len(monitors(container_id)) <= 16)


def test_removing_a_container_or_sandbox_ends_the_monitors_of_its_commands(
    runtime: PodmanRuntime, sandbox_id: str
) -> None:
    first, second = (start(runtime, sandbox_id, "sleep", "1000") for _ in range(2))
    for container_id in (first, second):
        runtime.exec(container_id, ["true"])
    runtime.remove_container(first)
    eventually(lambda: not monitors(first))
    runtime.remove_sandbox(sandbox_id)
    eventually(lambda: not monitors(second))


def test_a_command_that_runs_out_of_time_is_killed(runtime: PodmanRuntime, sandbox_id: str) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    for timeout in (0.5, 4.0, 30.0):
        result = runtime.exec(container_id, ["sh", "-c", "echo begun; exec sleep 987"], timeout=timeout)
        if result.stdout:  # or the machine is so busy that it has not come to say anything
            break
    assert (result.exit_code, result.stdout) == (None, b"begun\n")
    eventually(lambda: b"987" not in runtime.exec(container_id, ["ps"]).stdout)


def test_commands_in_many_threads(runtime: PodmanRuntime, sandbox_id: str) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda number: runtime.exec(container_id, ["echo", str(number)]), range(12)))
    assert [result.stdout for result in results] == [f"{number}\n".encode() for number in range(12)]


# Ports


def test_a_port_of_a_pod_is_reached_with_and_without_root(runtime: PodmanRuntime, sandbox_id: str) -> None:
    start(runtime, sandbox_id, "httpd", "-f", "-p", "8080", "-h", "/www")

    def page() -> bytes:
        try:
            with runtime.connect(sandbox_id, 8080, timeout=5) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                with connection.makefile("rb") as answer:
                    return answer.read()
        except ConnectionRefusedError:
            return b""

    assert eventually(page).endswith(b"\r\n\r\nok\n")
    with pytest.raises(ConnectionRefusedError):
        runtime.connect(sandbox_id, 8081, timeout=5)


def test_a_removed_sandbox_has_no_ports(runtime: PodmanRuntime, sandbox_id: str) -> None:
    runtime.remove_sandbox(sandbox_id)
    with pytest.raises(ContainerNotFound):
        runtime.connect(sandbox_id, 8080, timeout=5)


# Death without notice


def test_a_container_whose_monitor_died_is_unknown_once_it_ends_and_can_be_removed(
    runtime: PodmanRuntime, sandbox_id: str
) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    os.kill(runtime._observer.inspect(container_id)["State"]["ConmonPid"], signal.SIGKILL)
    assert runtime.container(container_id).state is ContainerState.RUNNING
    os.kill(runtime.container(container_id).pid, signal.SIGKILL)
    eventually(lambda: runtime.container(container_id).state is ContainerState.UNKNOWN)
    assert [status.state for status in runtime.containers(LABELS)] == [ContainerState.UNKNOWN]
    runtime.remove_container(container_id)
    with pytest.raises(ContainerNotFound):
        runtime.container(container_id)


def test_a_sandbox_whose_infra_process_died_is_not_ready_and_says_so(runtime: PodmanRuntime, sandbox_id: str) -> None:
    listener = Listener()
    subscription = runtime.subscribe(LABELS, listener)
    os.kill(runtime._observer.infra(sandbox_id)["State"]["Pid"], signal.SIGKILL)
    listener.wait_for(lambda event: (event.type, event.id) == (EventType.SANDBOX_STOPPED, sandbox_id))
    eventually(lambda: not runtime.sandbox(sandbox_id).ready)
    assert runtime.sandbox(sandbox_id).ips == ()
    subscription.close()


def test_the_end_is_told_and_true_at_once(runtime: PodmanRuntime, sandbox_id: str) -> None:
    """A handler that is told of an end may ask at once, from another thread: the answer is never that it still runs."""
    seen: list[ContainerState] = []
    asked = threading.Semaphore(0)
    pool = ThreadPoolExecutor(1)

    def ask(container_id: str) -> None:
        seen.append(runtime.container(container_id).state)
        asked.release()

    def handler(event: object) -> None:
        if getattr(event, "type", None) is EventType.EXITED:
            pool.submit(ask, event.id)  # type: ignore[attr-defined]

    with pool:
        subscription = runtime.subscribe(LABELS, handler)
        for _ in range(5):
            start(runtime, sandbox_id, "sleep", "0.1")
        for _ in range(5):
            assert asked.acquire(timeout=60)
        subscription.close()
    assert seen == [ContainerState.EXITED] * 5


def test_another_runtime_sees_what_this_one_made(runtime: PodmanRuntime, sandbox_id: str) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000")
    listener = Listener()
    other = PodmanRuntime()
    subscription = other.subscribe(LABELS, listener)
    assert other.container(container_id) == runtime.container(container_id)
    runtime.signal_container(container_id, "SIGKILL")
    listener.wait_for(lambda event: (event.type, event.id) == (EventType.EXITED, container_id))
    assert ended(other, container_id).exit_code == 137
    subscription.close()
    other.close()


def test_why_it_could_not_start_is_known_as_long_as_the_container_is_there(
    runtime: PodmanRuntime, sandbox_id: str
) -> None:
    container_id = runtime.create_container(sandbox_id, container_config("/no/such"))
    with pytest.raises(StartFailed, match="/no/such"):
        runtime.start_container(container_id)
    status = runtime.container(container_id)
    assert (status.state, status.exit_code) == (ContainerState.EXITED, 128)
    assert "/no/such" in status.error
    assert status.finished_at is not None
    assert status.finished_at >= status.created_at
    assert runtime.containers(LABELS) == [status]


# What Podman would add of itself


def test_the_proxy_of_the_machine_stays_outside(
    podman_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    runtime = PodmanRuntime()
    try:
        sandbox_id = runtime.run_sandbox(sandbox_config())
        container_id = start(runtime, sandbox_id, "env")
        ended(runtime, container_id)
        assert b"proxy.example" not in b"".join(entry.content for entry in runtime.logs(container_id))
        runtime.remove_sandbox(sandbox_id)
    finally:
        runtime.close()


def test_below_a_read_only_root_only_mounts_and_shared_memory_are_writable(
    runtime: PodmanRuntime, sandbox_id: str, tmp_path: Path
) -> None:
    security = SecurityConfig(read_only_root=True)
    container_id = start(
        runtime, sandbox_id, "sleep", "1000", security=security, mounts=[Mount(str(tmp_path), "/data")]
    )
    other = start(runtime, sandbox_id, "sleep", "1000")
    for path, exit_code in (("/x", 1), ("/tmp/x", 1), ("/data/x", 0), ("/dev/shm/x", 0)):
        assert runtime.exec(container_id, ["touch", path]).exit_code == exit_code, path
    assert runtime.exec(other, ["ls", "/dev/shm"]).stdout == b"x\n"


def test_a_container_that_looks_over_the_shoulder_of_another(runtime: PodmanRuntime, sandbox_id: str) -> None:
    """An ephemeral container with a target: it sees its processes, and neither starts nor holds it."""
    target = start(runtime, sandbox_id, "sleep", "1234")
    debug = start(runtime, sandbox_id, "sleep", "4321", target=target)
    seen = runtime.exec(debug, ["ps"]).stdout
    assert b"sleep 1234" in seen
    assert b"sleep 4321" in seen
    runtime.remove_container(target)
    assert [status.id for status in runtime.containers(LABELS)] == [debug]


@pytest.mark.needs("limits_enforced")
def test_limits_reach_the_kernel(runtime: PodmanRuntime, sandbox_id: str) -> None:
    resources = Resources(
        cpu_period=100_000, cpu_quota=50_000, cpu_shares=512, memory_limit=64 << 20, oom_score_adj=900
    )
    container_id = start(runtime, sandbox_id, "sleep", "1000", resources=resources)
    pid = runtime.container(container_id).pid
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "900\n"
    limits = runtime._observer.inspect(container_id)["HostConfig"]
    assert (limits["CpuQuota"], limits["CpuShares"], limits["Memory"]) == (50_000, 512, 64 << 20)
    assert limits["MemorySwap"] == 64 << 20
    runtime.update_resources(container_id, Resources(memory_limit=128 << 20))
    assert runtime.container(container_id).state is ContainerState.RUNNING


def test_a_lower_oom_score_than_allowed_does_not_stop_a_start(runtime: PodmanRuntime, sandbox_id: str) -> None:
    container_id = start(runtime, sandbox_id, "sleep", "1000", resources=Resources(oom_score_adj=-997))
    assert runtime.container(container_id).state is ContainerState.RUNNING


def test_a_bad_mount_is_refused_with_its_path(runtime: PodmanRuntime, sandbox_id: str, tmp_path: Path) -> None:
    mount = Mount(str(tmp_path / "missing"), "/data")
    with pytest.raises(RuntimeFailed, match=r"/missing.* must exist on the machine"):
        runtime.create_container(sandbox_id, container_config("true", mounts=[mount]))


def test_many_pods_at_once(runtime: PodmanRuntime) -> None:
    def one(_: int) -> tuple[str, str]:
        sandbox_id = runtime.run_sandbox(sandbox_config())
        return sandbox_id, start(runtime, sandbox_id, "sleep", "1000")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(8)))
        addresses = {runtime.sandbox(sandbox_id).ips for sandbox_id, _ in made}
        assert len(addresses) == 8
        assert {status.id for status in runtime.containers(LABELS)} == {container_id for _, container_id in made}
        list(pool.map(runtime.remove_sandbox, [sandbox_id for sandbox_id, _ in made]))
    assert runtime.sandboxes(LABELS) == []
    assert runtime.containers(LABELS) == []
