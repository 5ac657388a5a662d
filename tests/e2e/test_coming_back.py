"""A cluster on the path of a store, whose process is killed: the next one goes on, and nobody could tell from what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podkit import Cluster
from podkit.kubelet.filesystem import tmpfs
from podkit.runtime.base import CONTAINER_NAME, POD_NAME
from tests.e2e.programs import SECONDS, read_until, start
from tests.e2e.traces import forget_services
from tests.environment import Environment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cluster.db"
    forget_services()


def containers(environment: Environment) -> list[dict[str, Any]]:
    """The containers of Pods in the engine, without those that hold their namespaces."""
    listed: list[dict[str, Any]] = json.loads(environment.podman("ps", "--all", "--format", "json"))
    return [one for one in listed if CONTAINER_NAME in (one["Labels"] or {})]


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
