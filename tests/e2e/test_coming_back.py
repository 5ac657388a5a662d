"""A cluster on the path of a store, whose process is killed: the next one goes on, and nobody could tell from what is there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from podkit import Cluster, Pod
from podkit.kubelet.filesystem import tmpfs
from podkit.runtime.base import CONTAINER_NAME, POD_NAME, POD_UID
from tests.e2e.programs import SECONDS, eventually, read_until, start
from tests.e2e.traces import forget_services
from tests.environment import Environment

KILLS = int(os.environ.get("PODKIT_TEST_KILLS", "6"))
"""How often the process is killed."""
REPLICAS = 3

ROLLS = """
import sys
from podkit import Cluster, Container, Deployment, NotFound, Pod, Volume, VolumeMount

SLEEPS = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
COUNTS = "echo start >>/count/starts; [ $(wc -l </count/starts) -gt 2 ] || exit 3; sleep 1000"

def deployment(version):
    main = Container("main", image="localhost/busybox", command=SLEEPS, env={"VERSION": str(version)})
    return Deployment.new("web", containers=[main], replicas=3)

def counter():
    mounts = [VolumeMount("count", "/count")]
    main = Container("main", image="localhost/busybox", command=["sh", "-c", COUNTS], volume_mounts=mounts)
    return Pod.new("counter", containers=[main], volumes=[Volume.from_empty_dir("count")])

def version(cluster):
    return int(cluster.get("deploy/web").spec.template.spec.containers[0].env[0].value)

with Cluster(store=sys.argv[1]) as cluster:
    print("open")
    try:
        cluster.get("deploy/web")
    except NotFound:
        cluster.apply([counter(), deployment(1)])
    while True:
        cluster.rollout("deploy/web").wait()
        print("rolled", version(cluster))
        cluster.apply(deployment(version(cluster) + 1))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cluster.db"
    forget_services()


def containers(environment: Environment) -> list[dict[str, Any]]:
    """The containers of Pods in the engine, without those that hold their namespaces."""
    listed: list[dict[str, Any]] = json.loads(environment.podman("ps", "--all", "--format", "json"))
    return [one for one in listed if CONTAINER_NAME in (one["Labels"] or {})]


def pods(environment: Environment, *states: str) -> list[str]:
    """The uids of the Pods that the engine has, or of those in these states."""
    listed = json.loads(environment.podman("pod", "ps", "--format", "json")) or []
    return [one["Labels"][POD_UID] for one in listed if not states or one["Status"] in states]


def require_nothing_twice(environment: Environment) -> None:
    """No Pod runs twice, nor a container; a sandbox that is being replaced may still be there."""
    sandboxes = Counter(pods(environment, "Running", "Degraded"))
    running = Counter(one["Labels"][POD_UID] for one in containers(environment) if one["State"] == "running")
    assert {uid: number for uid, number in (sandboxes | running).items() if number > 1} == {}


def kill_at_some_moment(process: subprocess.Popen[str], *, when_open: bool) -> None:
    """Kill a process while it begins, or while it works."""
    if when_open:
        read_until(process, "open")
    with suppress(subprocess.TimeoutExpired):
        process.wait(random.uniform(0, 2.5))
    process.kill()
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGKILL, err


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_rollout_goes_on_through_kills_at_any_moment(podman_environment: Environment, store: Path) -> None:
    first = start(ROLLS, str(store))
    read_until(first, "rolled 1")
    kill_at_some_moment(first, when_open=False)

    for number in range(1, KILLS):
        kill_at_some_moment(start(ROLLS, str(store)), when_open=number % 3 > 0)
        require_nothing_twice(podman_environment)
    with Cluster(store=store, on_exit="delete") as cluster:
        cluster.rollout("deploy/web").wait(timeout=SECONDS)
        counter = cluster.wait("pod/counter", "Ready", timeout=SECONDS)
        old = [pod for pod in cluster.list(Pod, labels="app=web") if pod.metadata.deletion_timestamp]
        cluster.wait(old, "deleted", timeout=SECONDS)
        template = cluster.get("deploy/web").spec.template.spec.containers[0]
        wanted = cluster.list(Pod, labels="app=web")
        assert [pod.spec.containers[0].env for pod in wanted] == [template.env] * REPLICAS
        assert [pod.status.container_statuses[0].restart_count for pod in wanted] == [0] * REPLICAS
        starts = cluster.exec(counter, ["cat", "/count/starts"]).stdout.split()
        assert counter.status.container_statuses[0].restart_count == len(starts) - 1 == 2
        uids = {pod.metadata.uid for pod in [*wanted, counter]}
        eventually(lambda: set(pods(podman_environment)) == uids)
        require_nothing_twice(podman_environment)
        assert len([one for one in containers(podman_environment) if one["State"] == "running"]) == REPLICAS + 1


KEEPS = """
import sys
from podkit import Cluster, Container, Pod, Volume, VolumeMount

memory = Volume.from_empty_dir("memory", medium="Memory")
def pod(name, command, **fields):
    mounts = [VolumeMount("memory", "/memory")]
    main = Container("main", image="localhost/busybox", command=["sh", "-c", command], volume_mounts=mounts)
    return Pod.new(name, containers=[main], volumes=[memory], **fields)

with Cluster(store=sys.argv[1]) as cluster:
    cluster.create(pod("web", "sleep 1000"))
    cluster.create(pod("ends", "until [ -e /memory/end ]; do sleep 0.05; done; exit 7", restart_policy="Never"))
    cluster.wait(["pod/web", "pod/ends"], "Ready")
    print("ready", flush=True)
    cluster.wait("pod/web", "deleted")
"""


def kept(store: Path) -> None:
    """A process with two Pods, which is killed."""
    process = start(KEEPS, str(store))
    read_until(process, "ready")
    process.kill()
    process.communicate(timeout=SECONDS)


def container(environment: Environment, pod: str) -> str:
    (found,) = [one["Id"] for one in containers(environment) if one["Labels"][POD_NAME] == pod]
    return str(found)


def test_what_runs_is_gone_on_with_and_what_has_ended_is_seen(podman_environment: Environment, store: Path) -> None:
    kept(store)
    web = container(podman_environment, "web")
    ended = container(podman_environment, "ends")
    podman_environment.podman("exec", ended, "touch", "/memory/end")
    podman_environment.podman("wait", ended)
    with Cluster(store=store, on_exit="delete") as cluster:
        failed = cluster.wait("pod/ends", "phase=Failed", timeout=SECONDS)
        assert failed.status.container_statuses[0].state.terminated.exit_code == 7
        again = cluster.wait("pod/web", "Ready", timeout=SECONDS)
        assert again.status.container_statuses[0].restart_count == 0
        assert container(podman_environment, "web") == web


def test_after_a_restart_of_the_machine_pods_run_again(podman_environment: Environment, store: Path) -> None:
    kept(store)
    podman_environment.podman("pod", "kill", "--all")
    for place in store.parent.glob("cluster.db-nodes/*/pods/*/volumes/*/memory"):
        tmpfs.remove(place)
    with Cluster(store=store, on_exit="delete") as cluster:
        cluster.wait("pod/web", lambda pod: pod.status.container_statuses[0].restart_count == 1, timeout=SECONDS)
        web = cluster.wait("pod/web", "Ready", timeout=SECONDS)
        assert cluster.exec(web, ["sh", "-c", "echo here >/memory/file && cat /memory/file"]).stdout == "here\n"
        failed = cluster.wait("pod/ends", "phase=Failed", timeout=SECONDS)
        assert failed.status.container_statuses[0].state.terminated.exit_code == 137
