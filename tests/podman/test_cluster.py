"""A cluster on real Podman: what the simulation cannot show."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    Container,
    ContainerPort,
    Deployment,
    ExecFailed,
    Job,
    Pod,
    PodkitError,
    PodmanRuntime,
    RunFailed,
    RuntimeUnavailable,
    Volume,
    VolumeMount,
    WaitTimeout,
    aio,
    clean,
)
from tests.environment import Environment
from tests.podman.kubelet_node import soon_again
from tests.podman.runtime_pods import eventually

IMAGE = "localhost/busybox"
SECONDS = 60


@pytest.fixture(scope="module")
def cluster(podman_environment: Environment) -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def no_pods_left(cluster: Cluster) -> Iterator[None]:
    """Each test begins with an empty cluster."""
    yield
    for kind in ("job", "pod"):
        for obj in cluster.list(kind):
            cluster.delete(obj, grace_period=0, propagation="Foreground")


def shell(name: str, script: str, restart_policy: str = "Never") -> Pod:
    container = Container("main", image=IMAGE, command=["sh", "-c", script])
    return Pod.new(name, containers=[container], restart_policy=restart_policy)  # type: ignore[arg-type]  # one of three


def test_a_log_is_followed_until_the_container_ends(cluster: Cluster, tmp_path: Path) -> None:
    pod = shell("hello", "echo one; until [ -e /gate/open ]; do sleep 0.1; done; echo two; printf three")
    pod.spec.containers[0].volume_mounts = [VolumeMount(name="gate", mount_path="/gate")]
    pod.spec.volumes = [Volume.from_host_path("gate", str(tmp_path))]
    pod = cluster.wait(cluster.create(pod), "Ready", timeout=SECONDS)
    lines = cluster.stream_logs(pod)
    assert next(lines) == "one\n"
    (tmp_path / "open").touch()
    assert list(lines) == ["two\n", "three"]
    assert cluster.logs(pod) == "one\ntwo\nthree"


def test_the_logs_of_several_pods_are_followed_side_by_side(cluster: Cluster, tmp_path: Path) -> None:
    script = "echo one; until [ -e /gate/open ]; do sleep 0.1; done; echo two"
    gate = VolumeMount(name="gate", mount_path="/gate")
    main = Container("main", image=IMAGE, command=["sh", "-c", script], volume_mounts=[gate])
    volumes = [Volume.from_host_path("gate", str(tmp_path))]
    job = cluster.create(Job.new("work", containers=[main], volumes=volumes, completions=2, parallelism=2))
    cluster.wait(job, "status.ready=2", timeout=SECONDS)
    names = [pod.metadata.name for pod in cluster.list(Pod)]
    lines = cluster.stream_logs(job)
    assert sorted([next(lines), next(lines)]) == sorted(f"[pod/{name}/main] one\n" for name in names)
    (tmp_path / "open").touch()
    assert sorted(lines) == sorted(f"[pod/{name}/main] two\n" for name in names)


def test_a_log_is_followed_through_restarts(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "cat /proc/sys/kernel/random/uuid; exit 1", "Always"))
    cluster.wait(pod, lambda pod: any(one.container_id for one in pod.status.container_statuses), timeout=SECONDS)
    with cluster.stream_logs(pod) as lines:
        first, second = next(lines), next(lines)
    assert first != second


def test_a_deployment_is_followed_with_the_pods_that_come_later(cluster: Cluster) -> None:
    main = Container("main", image=IMAGE, command=["sh", "-c", "trap exit TERM; hostname; sleep 1000 & wait"])
    web = cluster.create(Deployment.new("web", containers=[main], replicas=1))
    with cluster.stream_logs(web) as lines:
        seen = {next(lines)}
        cluster.scale(web, 2)
        seen.add(next(lines))
    cluster.delete(web, propagation="Foreground")
    assert len(seen) == 2


def test_times_of_a_log_have_fractions_of_seconds(cluster: Cluster) -> None:
    pod = cluster.run(shell("hello", "echo one; sleep 0.1; echo two"), timeout=SECONDS)
    first, second = (line.split()[0] for line in cluster.logs(pod, timestamps=True).splitlines())
    assert first < second
    assert cluster.logs(pod, since=0) == ""
    assert cluster.logs(pod, since=3600, tail=1) == "two\n"


def test_the_run_before_a_restart_has_its_own_log(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "hostname > /dev/termination-log; date +%N; exit 1", "Always"))
    cluster.wait(pod, lambda pod: any(one.restart_count == 1 for one in pod.status.container_statuses), timeout=SECONDS)
    cluster.wait(pod, lambda pod: pod.status.container_statuses[0].state.waiting is not None, timeout=SECONDS)
    assert cluster.logs(pod, previous=True) != ""


def test_commands_take_input_and_end_at_a_timeout(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
    data = bytes(range(256)) * 1000
    assert cluster.exec(pod, ["cat"], stdin=data, text=False).stdout == data
    assert cluster.exec(pod, ["sh", "-c", "echo oops >&2; exit 3"]).stderr == "oops\n"
    assert cluster.exec(pod, ["no-such-command"]).exit_code in (126, 127)
    with pytest.raises(ExecFailed, match="was killed after"):
        cluster.exec(pod, ["sleep", "60"], timeout=0.2)


def test_files_and_directories_are_copied_both_ways(cluster: Cluster, tmp_path: Path) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
    (tmp_path / "tree" / "leaf").mkdir(parents=True)
    (tmp_path / "tree" / "leaf" / "script").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "tree" / "leaf" / "script").chmod(0o755)
    cluster.copy_to(pod, tmp_path / "tree", "/tmp/")
    assert cluster.exec(pod, ["/tmp/tree/leaf/script"]).stdout == "ran\n"
    back = cluster.copy_from(pod, "/tmp/tree", tmp_path / "back")
    assert (back / "leaf" / "script").read_text() == (tmp_path / "tree" / "leaf" / "script").read_text()
    cluster.copy_to(pod, b"\x00\xff", "/tmp/bytes")
    assert cluster.copy_from(pod, "/tmp/bytes", tmp_path).read_bytes() == b"\x00\xff"


def test_an_image_that_its_registry_does_not_have_ends_the_wait_at_once(cluster: Cluster) -> None:
    main = Container("main", image="docker.io/library/there-is-no-such-image")
    with pytest.raises(WaitTimeout, match="manifest unknown") as caught:
        cluster.run(Pod.new("web", containers=[main]), timeout=SECONDS)
    assert caught.value.hopeless


def test_an_image_that_is_built_meanwhile_is_found(cluster: Cluster, podman_environment: Environment) -> None:
    main = Container("main", image="localhost/late", image_pull_policy="Never", command=["true"])
    pod = cluster.create(Pod.new("web", containers=[main], restart_policy="Never"))
    with pytest.raises(WaitTimeout, match="ErrImageNeverPull"):
        cluster.wait(pod, "phase=Succeeded", timeout=SECONDS)
    podman_environment.podman("tag", IMAGE, "localhost/late")
    try:
        cluster.patch(pod, {"metadata": {"labels": {"try": "again"}}})
        done = cluster.wait(pod, lambda pod: pod.status.phase == "Succeeded", timeout=SECONDS)
        assert done.status.phase == "Succeeded"
    finally:
        podman_environment.podman("untag", "localhost/late", "localhost/late")


def test_a_command_that_does_not_exist_ends_the_wait(cluster: Cluster) -> None:
    main = Container("main", image=IMAGE, command=["/no/such/command"])
    with pytest.raises(WaitTimeout, match="StartError") as caught:
        cluster.wait(cluster.create(Pod.new("web", containers=[main])), "Ready", timeout=SECONDS)
    assert caught.value.hopeless
    with pytest.raises(RunFailed, match="/no/such/command"):
        cluster.run(Pod.new("once", containers=[main], restart_policy="Never"), timeout=SECONDS)


def test_a_port_that_is_taken_is_said_in_the_events(cluster: Cluster) -> None:
    with soon_again(), socket.create_server(("0.0.0.0", 0)) as taken:
        port = ContainerPort(80, host_port=taken.getsockname()[1])
        main = Container("main", image=IMAGE, command=["sleep", "1000"], ports=[port])
        pod = cluster.create(Pod.new("web", containers=[main]))
        eventually(lambda: any(event.reason == "FailedCreatePodSandBox" for event in cluster.events(pod)), SECONDS)
        with pytest.raises(WaitTimeout, match=f"FailedCreatePodSandBox.*{port.host_port}") as caught:
            cluster.wait(pod, "Ready", timeout=0.5)
    assert not caught.value.hopeless
    assert cluster.wait(pod, "Ready", timeout=SECONDS).status.phase == "Running"


def test_a_wait_in_another_thread_ends_as_well(cluster: Cluster) -> None:
    pod = cluster.create(shell("hello", "sleep 0.3"))
    phases: list[str | None] = []

    def work() -> None:
        phases.append(cluster.wait(pod, "phase=Succeeded", timeout=SECONDS).status.phase)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert phases == ["Succeeded"] * 3


def test_two_clusters_do_not_disturb_each_other(cluster: Cluster) -> None:
    mine = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
    with Cluster() as other:
        theirs = other.wait(other.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
        assert theirs.status.pod_ip != mine.status.pod_ip
        assert [pod.metadata.uid for pod in other.list(Pod)] == [theirs.metadata.uid]
    assert cluster.exec(mine, ["hostname"]).stdout == "web\n"


def test_a_runtime_that_is_passed_in_stays_open(podman_environment: Environment, cluster: Cluster) -> None:
    runtime = PodmanRuntime()
    try:
        for _ in range(2):
            with Cluster(runtime) as short:
                short.run(shell("hello", "true"), timeout=SECONDS)
        assert runtime.info().name == "podman"
    finally:
        runtime.close()


def test_a_pod_of_the_users_is_not_touched(podman_environment: Environment) -> None:
    podman_environment.podman("pod", "create", "--name", "mine")
    try:
        with Cluster() as short:
            short.run(shell("hello", "true"), timeout=SECONDS)
        assert clean() == []
        assert "mine" in podman_environment.podman("pod", "ps", "--format", "{{.Name}}").split()
    finally:
        podman_environment.podman("pod", "rm", "--force", "mine")


def test_without_podman_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CONTAINER_HOST", "unix:///there/is/no.sock")
    with pytest.raises(RuntimeUnavailable):
        Cluster()


def test_a_namespace_goes_with_all_that_is_in_it(cluster: Cluster) -> None:
    pod = shell("web", "sleep 1000")
    pod.metadata.namespace = "shop"
    pod.spec.termination_grace_period_seconds = 1
    cluster.wait(cluster.create(pod), "Ready", timeout=SECONDS)
    cluster.delete("namespace", "shop", timeout=SECONDS)
    assert cluster.list(Pod) == []


async def read(cluster: aio.Cluster, pod: Pod) -> None:
    async for line in cluster.stream_logs(pod):
        assert line == "one\n"


def test_a_command_ends_when_another_thread_closes_the_cluster(podman_environment: Environment, tmp_path: Path) -> None:
    problems: list[BaseException] = []
    with Cluster(root_dir=tmp_path / "nodes", store=tmp_path / "store", on_exit="keep") as kept:
        pod = kept.wait(kept.create(shell("kept", "sleep 1000")), "Ready", timeout=SECONDS)

        def run() -> None:
            try:
                kept.exec(pod, ["sleep", "4323"])
            except PodkitError as problem:
                problems.append(problem)

        thread = threading.Thread(target=run)
        thread.start()
        eventually(lambda: "4323" in kept.exec(pod, ["ps"]).stdout)
    thread.join(SECONDS)
    assert "closed" in str(problems)
    with Cluster(root_dir=tmp_path / "nodes", store=tmp_path / "store", on_exit="delete") as again:
        assert "4323" not in again.exec("pod/kept", ["ps"]).stdout


def test_files_go_where_docker_cp_has_them_go(cluster: Cluster, tmp_path: Path) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
    (tmp_path / "tree" / "empty").mkdir(parents=True)
    (tmp_path / "tree" / "file").write_text("x")
    (tmp_path / "tree" / "file").chmod(0o640)
    (tmp_path / "tree" / "link").symlink_to("/etc/passwd")
    (tmp_path / "other").symlink_to("tree/file")

    def listed(path: str) -> set[str]:
        return set(cluster.exec(pod, ["find", path], check=True).stdout.split())

    tree = {"", "/empty", "/file", "/link"}
    cluster.copy_to(pod, tmp_path / "tree", "/new")
    assert listed("/new") == {f"/new{name}" for name in tree}
    cluster.copy_to(pod, tmp_path / "tree", "/new")
    assert listed("/new/tree") == {f"/new/tree{name}" for name in tree}
    cluster.copy_to(pod, f"{tmp_path}/tree/.", "/tmp")
    assert listed("/tmp") == {f"/tmp{name}" for name in tree}
    cluster.copy_to(pod, tmp_path / "other", "/tmp")
    assert (
        cluster.exec(pod, ["stat", "-c", "%F %a", "/tmp/other", "/tmp"]).stdout == "regular file 640\ndirectory 1777\n"
    )
    assert cluster.exec(pod, ["readlink", "/tmp/link"]).stdout == "/etc/passwd\n"
    with pytest.raises(PodkitError, match="is a directory, and '/tmp/file' in the container is a file"):
        cluster.copy_to(pod, tmp_path / "tree", "/tmp/file")
    back = cluster.copy_from(pod, "/tmp/.", tmp_path / "back")
    assert sorted(path.name for path in back.iterdir()) == ["empty", "file", "link", "other"]
    assert (back / "link").readlink() == Path("/etc/passwd")
    assert (back / "file").stat().st_mode & 0o777 == 0o640


def test_what_is_cancelled_on_an_event_loop_is_over(cluster: Cluster) -> None:
    async def main() -> None:
        async with aio.Cluster.over(cluster) as k:
            pod = await k.create(shell("web", "echo one; sleep 1000"))
            await k.wait(pod, "Ready", timeout=SECONDS)
            for argv in (["sleep", "4321"], ["sh", "-c", "cat; sleep 4322"]):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await k.exec(pod, argv)
            listed = (await k.exec(pod, ["ps"])).stdout
            assert "432" not in listed
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await read(k, pod)
            with pytest.raises(TimeoutError):
                async with k.stream_exec(pod, ["cat"], stdin=True) as session, asyncio.timeout(0.3):
                    await session.read()
            async with k.attach(pod) as session:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await session.read()
            done = await k.run(shell("quick", "echo hello"), timeout=SECONDS)
            assert await k.logs(done) == "hello\n"
        eventually(
            lambda: not [one for one in threading.enumerate() if one.name.startswith(("podkit-aio", "podkit-log"))]
        )

    asyncio.run(main())
