"""The directory of a node: its lock, and what is cleaned up when its owner has died."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from podkit import Cluster, NodeInUse, VirtualClock, clean
from podkit.cluster.node_root import LOCK, NodeRoot
from podkit.runtime.base import NODE_ROOT, SandboxConfig
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.cluster.builders import shell


def sandbox(runtime: SimulatedRuntime, name: str, root: Path | None) -> str:
    labels = {NODE_ROOT: str(root)} if root is not None else {"app": "somebody else's"}
    return runtime.run_sandbox(SandboxConfig(name=name, hostname=name, labels=labels))


def names(runtime: SimulatedRuntime) -> list[str]:
    return [one.name for one in runtime.sandboxes({})]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Directories for temporary files of its own, so that nothing else is cleaned up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    first = NodeRoot(tmp_path / "node")
    with pytest.raises(NodeInUse, match=f"process {os.getpid()}"):
        NodeRoot(tmp_path / "node")
    first.close(remove=False)
    NodeRoot(tmp_path / "node").close(remove=True)
    assert not (tmp_path / "node").exists()


def test_a_child_process_does_not_inherit_the_lock(tmp_path: Path) -> None:
    root = NodeRoot(tmp_path / "node")
    script = "print('runs', flush=True); input()"
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, close_fds=False)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        root.close(remove=False)
        NodeRoot(tmp_path / "node").close(remove=True)
    finally:
        child.communicate(b"\n")


def test_what_a_dead_owner_has_left_is_removed(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(VirtualClock())
    root = tmp_path / "podkit-cluster-dead" / "node-1"
    root.mkdir(parents=True)
    (root / LOCK).write_text("99999\n")
    sandbox(runtime, "left", root)
    assert clean(runtime) == ["pod left", f"directory {root}"]
    assert names(runtime) == []
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_pods_is_removed_too(tmp_path: Path) -> None:
    root = tmp_path / "podkit-cluster-dead" / "node-1"
    root.mkdir(parents=True)
    (root / LOCK).touch()
    assert clean(SimulatedRuntime(VirtualClock())) == [f"directory {root.parent}"]
    assert list(tmp_path.iterdir()) == []


def test_what_has_lost_its_directory_is_removed(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(VirtualClock())
    sandbox(runtime, "left", tmp_path / "gone")
    assert clean(runtime) == ["pod left"]
    assert names(runtime) == []


def test_what_is_somebody_elses_stays(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(VirtualClock())
    sandbox(runtime, "theirs", None)
    (tmp_path / "podkit-cluster-notes").mkdir()
    (tmp_path / "podkit-cluster-notes" / "text").write_text("mine")
    assert clean(runtime) == []
    assert names(runtime) == ["theirs"]
    assert (tmp_path / "podkit-cluster-notes" / "text").exists()


def test_what_is_in_use_stays() -> None:
    clock = VirtualClock()
    runtime = SimulatedRuntime(clock)
    with Cluster(runtime, clock=clock) as cluster:
        pod = cluster.create(shell("web", "sleep 1000"))
        cluster.wait(pod, lambda pod: pod.status.pod_ip is not None)
        sandbox(runtime, "left", Path("/nowhere/at/all"))
        assert clean(runtime) == ["pod left"]
        assert len(runtime.sandboxes({})) == 1


def test_what_was_left_running_on_purpose_stays_until_it_is_asked_for(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(VirtualClock())
    root = NodeRoot(tmp_path / "kept" / "node-1", keep=True)
    sandbox(runtime, "kept", root.path)
    root.close(remove=False)
    assert clean(runtime) == []
    assert names(runtime) == ["kept"]
    assert clean(runtime, kept=True) == ["pod kept", f"directory {root.path}"]
    assert names(runtime) == []
