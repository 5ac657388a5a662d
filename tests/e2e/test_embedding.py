"""podkit as a part of a larger program: processes that fork, several clusters, many threads."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from podkit import Cluster, Container, Pod
from tests.e2e.programs import CHECKOUT, SECONDS, eventually, run
from tests.environment import Environment

SLEEPER = """
import multiprocessing, os, sys, warnings
from podkit import Cluster, Container, Pod, PodkitError, PodmanRuntime
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and newer: forking with threads

def sleeper(name):
    return Pod.new(name, containers=[Container("main", image="localhost/busybox", command=["sleep", "1000"])])

def say(function):
    try:
        print(function(), flush=True)
    except PodkitError as error:
        print(f"{type(error).__name__}: {str(error).split(',')[0]}", flush=True)
"""


def test_a_forked_child_leaves_the_pods_of_its_parent_alone() -> None:
    done = run(
        SLEEPER
        + """
runtime = PodmanRuntime()
with Cluster(runtime) as cluster:
    pod = cluster.wait(cluster.create(sleeper("web")), "Ready", timeout=60)
    pid = os.getpid()
    if not (child := os.fork()):
        say(lambda: cluster.exec(pod, ["true"]))
        say(lambda: runtime.sandboxes({}))
        sys.exit(0)
    os.waitpid(child, 0)
    print(cluster.exec(pod, ["echo", "still there"]).stdout, end="")
    print(pid)
runtime.close()
"""
    )
    assert done.returncode == 0, done.stderr
    *said, still, pid = done.stdout.splitlines()
    assert still == "still there"
    assert said[0] == f"PodkitError: this cluster is open in process {pid}"
    assert len(said) == 2
    assert f"this runtime belongs to process {pid}" in said[1]


def test_processes_of_multiprocessing_have_clusters_of_their_own() -> None:
    done = run(
        SLEEPER
        + """
def hello(name):
    with Cluster() as own:
        done = own.run(Pod.new(name, restart_policy="Never", containers=[
            Container("main", image="localhost/busybox", command=["echo", name])]), timeout=60)
        return own.logs(done).strip()

with Cluster() as cluster:
    pod = cluster.create(sleeper("web"))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(hello, ["a", "b"]))
    print(cluster.wait(pod, "Ready", timeout=60).status.phase)
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['a', 'b']", "Running"]


def sleeper(name: str) -> Pod:
    return Pod.new(name, containers=[Container("main", image="localhost/busybox", command=["sleep", "1000"])])


def test_two_clusters_in_one_process_know_nothing_of_each_other() -> None:
    with Cluster() as blue:
        one = blue.wait(blue.create(sleeper("web")), "Ready", timeout=SECONDS)
        with Cluster() as green:
            other = green.wait(green.create(sleeper("web")), "Ready", timeout=SECONDS)
            assert [pod.metadata.uid for pod in green.list(Pod)] == [other.metadata.uid]
            assert one.metadata.uid != other.metadata.uid
        assert blue.exec(one, ["echo", "still there"]).stdout == "still there\n"


def test_many_threads_use_one_cluster() -> None:
    def work(number: int) -> str:
        pod = cluster.wait(cluster.create(sleeper(f"web-{number}")), "Ready", timeout=SECONDS)
        said = cluster.exec(pod, ["echo", pod.metadata.name or ""]).stdout
        cluster.patch(pod, {"metadata": {"labels": {"seen": "yes"}}})
        assert f"web-{number}" in [one.metadata.name for one in cluster.list(Pod, labels="seen=yes")]
        cluster.delete(pod, grace_period=0, timeout=SECONDS)
        return said

    with Cluster() as cluster:
        with ThreadPoolExecutor(6) as threads:
            said = list(threads.map(work, range(6)))
        assert said == [f"web-{number}\n" for number in range(6)]
        assert cluster.list(Pod) == []


IN_A_CONTAINER = """
from podkit import Cluster, ConfigMap, Container, Pod, Volume, VolumeMount
with Cluster() as cluster:
    cluster.create(ConfigMap.new("settings", {"color": "blue"}))
    mount = VolumeMount("settings", "/settings")
    main = Container("main", image="localhost/busybox", command=["sleep", "1000"], volume_mounts=[mount])
    pod = Pod.new("web", volumes=[Volume.from_config_map("settings", "settings")], containers=[main])
    print(cluster.exec(cluster.wait(cluster.create(pod), "Ready", timeout=60), ["cat", "/settings/color"]).stdout)
"""


def test_a_program_in_a_container_runs_pods_beside_it(podman_environment: Environment, tmp_path: Path) -> None:
    socket = tmp_path / "podman.sock"
    service = subprocess.Popen(
        ["podman", "system", "service", "--time=0", f"unix://{socket}"], stderr=subprocess.DEVNULL
    )
    try:
        eventually(socket.exists)
        mounts = [f"--volume={path}:{path}:ro" for path in (CHECKOUT, sys.prefix)]
        said = podman_environment.podman(
            *("run", "--rm", "--network=none", "--security-opt=label=disable", *mounts),
            *(f"--volume={socket}:/run/podman/podman.sock", "--env=CONTAINER_HOST=unix:///run/podman/podman.sock"),
            *(f"--env=PYTHONPATH={CHECKOUT}", "--rootfs", "/:O", sys.executable, "-c", IN_A_CONTAINER),
        )
    finally:
        service.terminate()
        service.wait(SECONDS)
    assert said.strip() == "blue"
