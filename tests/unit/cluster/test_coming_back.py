"""A cluster whose objects outlive it: the next one goes on with what runs, and with what has happened meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podkit import (
    Cluster,
    ConfigMap,
    Container,
    Deployment,
    Expired,
    MemoryStore,
    NodeInUse,
    NotFound,
    Pod,
    PodkitError,
    SqliteStore,
    VirtualClock,
    WaitTimeout,
)
from podkit.cluster.node_root import PREFIX
from podkit.runtime.base import CONTAINER_NAME, POD_NAME
from podkit.runtime.simulated import Images, SimulatedRuntime

SLEEPS = ["sh", "-c", "sleep 100000"]


@pytest.fixture
def engine() -> SimulatedRuntime:
    return SimulatedRuntime(VirtualClock(), images=Images(local=["busybox"]))


def pod(name: str = "web", command: list[str] | None = None, **fields: Any) -> Pod:
    main = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=command or SLEEPS)
    return Pod.new(name, containers=[main], **fields)


def running(engine: SimulatedRuntime, name: str | None = None) -> list[str]:
    found = engine.containers({CONTAINER_NAME: "main", **({POD_NAME: name} if name else {})})
    return [one.id for one in found if one.state.value == "running"]


def restarted(times: int) -> Callable[[Pod], bool]:
    return lambda pod: [one.restart_count for one in pod.status.container_statuses] == [times]


def pass_time(cluster: Cluster, seconds: float) -> None:
    with pytest.raises(WaitTimeout):
        cluster.wait("namespace/default", lambda _: False, timeout=seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cluster.db"


def test_what_runs_is_gone_on_with(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path) as cluster:
        first = cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    containers = running(engine)
    assert len(containers) == 1
    assert sorted(one.name for one in path.parent.iterdir()) == ["cluster.db", "cluster.db-nodes"]
    with Cluster(engine, store=str(path)) as cluster:
        again = cluster.wait("pod/web", "Ready", timeout=60)
        assert (again.metadata.uid, running(engine)) == (first.metadata.uid, containers)
        assert again.status.container_statuses[0].restart_count == 0
        cluster.delete(again, timeout=60)
    assert engine.sandboxes({}) == []


def test_what_has_ended_meanwhile_is_seen(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path) as cluster:
        for policy in ("Always", "Never"):
            cluster.create(pod(policy.lower(), ["sh", "-c", "sleep 5; exit 3"], restart_policy=policy))
            cluster.wait(f"pod/{policy.lower()}", "phase=Running", timeout=3)
    engine.clock.advance(60)
    with Cluster(engine, store=path) as cluster:
        failed = cluster.wait("pod/never", "phase=Failed", timeout=60)
        assert failed.status.container_statuses[0].state.terminated.exit_code == 3
        again = cluster.wait("pod/always", restarted(1), timeout=60)
        assert again.status.container_statuses[0].last_state.terminated.exit_code == 3


def test_a_back_off_goes_on_where_it_was(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path) as cluster:
        cluster.create(pod(command=["sh", "-c", "exit 1"]))
        cluster.wait("pod/web", restarted(3), timeout=120)
    with Cluster(engine, store=path) as cluster:
        waits = cluster.wait("pod/web", lambda pod: "back-off 40s" in str(pod.status.container_statuses), timeout=60)
        ended = waits.status.container_statuses[0].last_state.terminated.finished_at
        again = cluster.wait("pod/web", restarted(4), timeout=120)
        assert (again.status.container_statuses[0].last_state.terminated.started_at - ended).total_seconds() >= 40


def test_a_machine_that_was_started_anew(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path) as cluster:
        first = cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    for sandbox in engine.sandboxes({}):
        engine.remove_sandbox(sandbox.id)
    with Cluster(engine, store=path) as cluster:
        again = cluster.wait(
            "pod/web",
            lambda pod: (
                pod.status.container_statuses[0].container_id != first.status.container_statuses[0].container_id
            ),
            timeout=60,
        )
        assert again.metadata.uid == first.metadata.uid
        cluster.wait(again, "Ready", timeout=60)


def test_what_was_deleted_meanwhile_is_removed(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path) as cluster:
        cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    store = SqliteStore(path)
    store.delete(Pod, "web", grace_period=0)
    store.close()
    with Cluster(engine, store=path) as cluster:
        cluster.wait(cluster.create(pod("other")), "Ready", timeout=60)
        pass_time(cluster, 60)
        assert running(engine, "web") == []
    assert len(engine.sandboxes({})) == 1


def test_a_deployment_heals_when_it_is_back(engine: SimulatedRuntime, path: Path) -> None:
    main = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=SLEEPS)
    with Cluster(engine, store=path) as cluster:
        cluster.create(Deployment.new("web", containers=[main], replicas=3))
        cluster.rollout("deploy/web").wait(timeout=60)
    engine.remove_sandbox(engine.sandboxes({})[0].id)
    with Cluster(engine, store=path) as cluster:
        pass_time(cluster, 60)
        assert cluster.get("deploy/web").status.available_replicas == len(running(engine)) == 3
        assert len(cluster.list(Pod)) == 3


def test_a_second_cluster_on_the_same_file_is_refused(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path), pytest.raises(NodeInUse, match="in use by process"):
        Cluster(SimulatedRuntime(VirtualClock()), store=path)


def test_with_delete_the_objects_stay_and_their_pods_go(engine: SimulatedRuntime, path: Path) -> None:
    with Cluster(engine, store=path, on_exit="delete") as cluster:
        cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    assert engine.sandboxes({}) == []
    with Cluster(engine, store=path, on_exit="delete") as cluster:
        cluster.wait("pod/web", "Ready", timeout=60)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_cluster_without_a_file_that_keeps_its_pods_can_be_adopted(engine: SimulatedRuntime, temporary: Path) -> None:
    with pytest.raises(PodkitError, match="there is nothing to adopt"):
        Cluster(engine, adopt=True)
    with Cluster(engine, on_exit="keep") as cluster:
        cluster.create(ConfigMap.new("settings", {"a": "b"}))
        cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    containers = running(engine)
    with Cluster(engine, adopt=True) as cluster:
        assert cluster.get(ConfigMap, "settings").data == {"a": "b"}
        cluster.wait("pod/web", "Ready", timeout=60)
        assert running(engine) == containers
    with Cluster(engine, adopt=True, on_exit="delete") as cluster:
        assert running(engine) == containers
    assert engine.sandboxes({}) == []
    assert list(temporary.glob(f"{PREFIX}*/*/lock")) == []


def test_adopting_what_a_directory_has(engine: SimulatedRuntime, tmp_path: Path) -> None:
    with Cluster(engine, root_dir=tmp_path, on_exit="keep") as cluster:
        cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    with Cluster(engine, root_dir=tmp_path, adopt=True) as cluster:
        cluster.wait("pod/web", "Ready", timeout=60)
    with Cluster(engine, root_dir=tmp_path, on_exit="keep") as cluster:
        with pytest.raises(NotFound):
            cluster.get("pod/web")
        cluster.wait(cluster.create(pod("other")), "Ready", timeout=60)
        pass_time(cluster, 60)
        assert running(engine, "web") == []
    with pytest.raises(PodkitError, match="there is nothing to adopt in"):
        Cluster(engine, root_dir=tmp_path / "nowhere", adopt=True)


def test_a_store_in_memory_is_written_down_for_who_adopts(engine: SimulatedRuntime, tmp_path: Path) -> None:
    store = MemoryStore(engine.clock)
    with Cluster(engine, root_dir=tmp_path, store=store, on_exit="keep") as cluster:
        cluster.create(ConfigMap.new("settings", {"a": "b"}))
        first = cluster.wait(cluster.create(pod()), "Ready", timeout=60)
    containers = running(engine)
    with Cluster(engine, adopt=True) as cluster:
        assert cluster.get(ConfigMap, "settings") == store.get(ConfigMap, "settings")
        assert cluster.get("pod/web").metadata.uid == first.metadata.uid
        cluster.wait("pod/web", "Ready", timeout=60)
        assert running(engine) == containers
        with pytest.raises(Expired):
            next(cluster.watch(Pod, since="1"))


def test_what_a_process_that_died_left_is_named(
    engine: SimulatedRuntime, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = temporary / f"{PREFIX}left"
    (left / "node-1").mkdir(parents=True)
    (left / "node-1" / "lock").write_text("12345 \n")
    with caplog.at_level(logging.WARNING, "podkit"), Cluster(engine):
        assert f"{left}, with Pods in the container engine, was left behind by a process that died" in caplog.text
        assert "podkit.clean() removes it" in caplog.text
