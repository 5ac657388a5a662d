"""A cluster stays with the process that has opened it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OPEN = """
import multiprocessing, os, sys, warnings
from podkit import Cluster, Container, Pod, PodkitError, SimulatedRuntime, SqliteStore, VirtualClock
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and newer: forking with threads

web = Pod.new("web", containers=[Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["sleep", "9"])])
directory = sys.argv[1]

def say(function):
    try:
        print(function(), flush=True)
    except PodkitError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
"""

FORKED = """
options = {"store": directory + "/objects", "root_dir": directory + "/nodes", "on_exit": "delete"}
with Cluster(SimulatedRuntime(VirtualClock()), **options) as cluster:
    pod = cluster.wait(cluster.create(web), "Ready")
    watch = cluster.watch("pods")
    print("parent", os.getpid(), flush=True)
    child = os.fork()
    if not child:
        for use in (lambda: cluster.get("pod", "web"), lambda: next(watch), lambda: cluster.run(web), lambda: cluster.store):
            say(use)
        print(cluster, isinstance(cluster, Cluster), flush=True)
        {end}
    os.waitpid(child, 0)
    print(cluster.get("pod", "web").status.phase, sorted(os.listdir(directory)), sorted(os.listdir(directory + "/nodes/node-1")))
print(sorted(os.listdir(directory)))
"""


def run(script: str, directory: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OPEN + script, str(directory)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "end", ["os._exit(0)", "sys.exit(0)", "cluster.close(); sys.exit(0)", "del cluster, watch; sys.exit(0)"]
)
def test_a_forked_child_cannot_use_it_and_ends_without_harm(tmp_path: Path, end: str) -> None:
    first, *child, after, last = run(FORKED.replace("{end}", end), tmp_path)

    parent = first.split()[1]
    reason = (
        f"PodkitError: this cluster is open in process {parent}, from which this one was forked: open another one here"
    )
    assert child == [reason] * 4 + ["<podkit.Cluster of another process> True"]
    assert after == "Running ['nodes', 'objects', 'objects-lock', 'objects-wal'] ['lock', 'pods']"
    assert last == "['objects']"


def test_a_forked_child_may_open_one_of_its_own(tmp_path: Path) -> None:
    script = """
with Cluster(SimulatedRuntime(VirtualClock())) as cluster:
    if not (child := os.fork()):
        with Cluster(SimulatedRuntime(VirtualClock())) as own:
            print(own.wait(own.create(web), "Ready").metadata.name, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(cluster.list("pods"))
"""
    assert run(script, tmp_path) == ["web", "No resources found"]


def test_a_child_that_lives_on_holds_no_lock_of_its_parent(tmp_path: Path) -> None:
    script = """
reading, writing = os.pipe()
options = {"store": directory + "/objects", "root_dir": directory + "/nodes"}
with Cluster(SimulatedRuntime(VirtualClock()), **options):
    if not (child := os.fork()):
        os.close(writing)
        os.read(reading, 1)  # until the parent has ended
        os._exit(0)
with Cluster(SimulatedRuntime(VirtualClock()), **options) as cluster:
    print("opened again")
os.close(writing)
os.waitpid(child, 0)
"""
    assert run(script, tmp_path) == ["opened again"]


def test_processes_of_multiprocessing_do_not_disturb_it(tmp_path: Path) -> None:
    script = """
def square(number):
    return number * number

with Cluster(SimulatedRuntime(VirtualClock())) as cluster:
    pod = cluster.create(web)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(square, range(4)))
    print(cluster.wait(pod, "Ready").status.phase)
"""
    assert run(script, tmp_path) == ["[0, 1, 4, 9]", "Running"]


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)", "store.close(); sys.exit(0)"])
def test_a_forked_child_cannot_use_a_store_of_its_parent_and_ends_without_harm(tmp_path: Path, end: str) -> None:
    script = """
from podkit import ConfigMap
store = SqliteStore(directory + "/objects")
store.create(ConfigMap.new("settings", {"color": "blue"}))
if not (child := os.fork()):
    say(lambda: store.get("cm", "settings"))
    {end}
os.waitpid(child, 0)
print(sorted(os.listdir(directory)))
store.create(ConfigMap.new("others", {}))
store.close()
print([found.metadata.name for found in SqliteStore(directory + "/objects").list("cm")])
"""
    assert run(script.replace("{end}", end), tmp_path) == [
        "StoreError: the store is closed, and with it the cluster that it was opened for",
        "['objects', 'objects-lock', 'objects-wal']",
        "['others', 'settings']",
    ]
