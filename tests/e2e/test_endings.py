"""However a program ends, it leaves nothing behind; see the fixture ``nothing_left``, which checks it after each test."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path

import pytest

from podkit import Cluster, Container, Pod, Volume, VolumeMount, clean
from tests.e2e.programs import SECONDS, read_until, run, start
from tests.e2e.traces import forget_services
from tests.environment import Environment

SLEEPER = """
from podkit import Cluster, Container, Pod, Volume, VolumeMount

def sleeper(name):
    memory = Volume.from_empty_dir("memory", medium="Memory")
    return Pod.new(name, volumes=[memory], containers=[
        Container("main", image="localhost/busybox", command=["sleep", "1000"], volume_mounts=[VolumeMount("memory", "/memory")]),
    ])
"""


def sleeper(name: str) -> Pod:
    memory = Volume.from_empty_dir("memory", medium="Memory")
    mount = VolumeMount("memory", "/memory")
    container = Container("main", image="localhost/busybox", command=["sleep", "1000"], volume_mounts=[mount])
    return Pod.new(name, volumes=[memory], containers=[container])


def test_a_closed_cluster_leaves_no_thread_no_socket_and_no_process() -> None:
    with Cluster() as cluster:
        cluster.wait([cluster.create(sleeper(f"web-{n}")) for n in range(3)], "Ready", timeout=SECONDS)


def test_a_cluster_can_be_opened_again_and_again() -> None:
    for _ in range(3):
        with Cluster() as cluster:
            cluster.wait(cluster.create(sleeper("web")), "Ready", timeout=SECONDS)


def fail_with_a_pod_running() -> None:
    with Cluster() as cluster:
        cluster.wait(cluster.create(sleeper("web")), "Ready", timeout=SECONDS)
        raise ZeroDivisionError


def test_an_exception_ends_everything_as_well() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_with_a_pod_running()


def test_closing_in_the_middle_of_a_start_ends_everything_as_well() -> None:
    with Cluster() as cluster:
        for number in range(4):
            cluster.create(sleeper(f"web-{number}"))


def test_closing_in_the_middle_of_a_pull_ends_everything_as_well() -> None:
    with Cluster() as cluster:
        pod = Pod.new(
            "web", containers=[Container("main", image="docker.io/library/busybox", image_pull_policy="Always")]
        )
        pod = cluster.create(pod)
        cluster.wait(pod, lambda _: any(event.reason == "Pulling" for event in cluster.events(pod)), timeout=SECONDS)


def test_a_program_that_forgets_to_close_is_tidied_up_after() -> None:
    done = run(SLEEPER + "cluster = Cluster()\ncluster.wait(cluster.create(sleeper('web')), 'Ready')\nprint('ready')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")


WAITER = (
    SLEEPER
    + """
with Cluster() as cluster:
    pods = [cluster.create(sleeper(f"web-{n}")) for n in range(3)]
    cluster.wait(pods, "Ready")
    print("ready")
    cluster.wait(pods, lambda pod: False)
"""
)


def test_ctrl_c_while_waiting_ends_everything() -> None:
    process = start(WAITER)
    read_until(process, "ready")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGINT
    assert err.strip().endswith("KeyboardInterrupt")


def test_pressing_ctrl_c_again_and_again_ends_everything_too() -> None:
    process = start(WAITER)
    read_until(process, "ready")
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.02)
        except Exception:
            continue
    process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGINT


AWAITER = (
    SLEEPER
    + """
import asyncio
from podkit import aio

async def follow(cluster, pod):
    async for line in cluster.stream_logs(pod):
        print(line)

async def main():
    async with aio.Cluster() as cluster:
        pods = [await cluster.create(sleeper(f"web-{n}")) for n in range(2)]
        await cluster.wait(pods, "Ready")
        async with cluster.port_forward(pods[0], 80), cluster.stream_exec(pods[0], ["sleep", "1000"]) as session:
            command = cluster.exec(pods[0], ["sleep", "1000"])
            forever = [command, follow(cluster, pods[1]), session.read(), anext(cluster.watch("job"))]
            asyncio.get_running_loop().call_later(0.5, print, "ready")
            await asyncio.gather(*forever)

asyncio.run(main())
"""
)


@pytest.mark.parametrize("again", [False, True], ids=["once", "again and again"])
def test_ctrl_c_on_an_event_loop_ends_everything(again: bool) -> None:
    process = start(AWAITER)
    read_until(process, "ready")
    process.send_signal(signal.SIGINT)
    while again and process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGINT, err
    if not again:
        assert err.strip().endswith("KeyboardInterrupt")


def test_a_program_that_forgets_to_close_on_an_event_loop_is_tidied_up_after() -> None:
    script = """
import asyncio
from podkit import aio

async def main():
    cluster = await aio.Cluster().open()
    await cluster.wait(await cluster.create(sleeper("web")), "Ready")
    waiting = asyncio.create_task(cluster.wait("pod/web", "deleted"))
    await asyncio.sleep(0.2)
    print("ready")

asyncio.run(main())
"""
    done = run(SLEEPER + script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")


def test_what_a_killed_program_has_left_is_cleaned_up(podman_environment: Environment) -> None:
    process = start(WAITER)
    read_until(process, "ready")
    process.kill()
    process.communicate(timeout=SECONDS)
    assert len(podman_environment.podman("pod", "ps", "--quiet").split()) == 3
    with Cluster() as cluster:
        pod = cluster.wait(cluster.create(sleeper("other")), "Ready", timeout=SECONDS)
        removed = clean()
        assert len([line for line in removed if line.startswith("pod ")]) == 3
        assert cluster.exec(pod, ["true"]).exit_code == 0
    forget_services()
    assert clean() == []


def test_what_is_kept_runs_on_until_it_is_cleaned_up(podman_environment: Environment, tmp_path: Path) -> None:
    with Cluster(root_dir=tmp_path, on_exit="keep") as cluster:
        cluster.wait(cluster.create(sleeper("web")), "Ready", timeout=SECONDS)
    assert "Running" in podman_environment.podman("pod", "ps", "--format", "{{.Status}}")
    assert clean() == []
    assert len(clean(kept=True)) == 2
