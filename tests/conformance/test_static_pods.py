"""Static Pods: a directory of the node says what runs."""

from __future__ import annotations

from pathlib import Path

from podkit import Cluster, Kubelet, NotFound, Pod, dump
from podkit.runtime import PodmanRuntime
from tests.conformance.build import SLEEP, lasting, shell
from tests.conformance.place import PATIENCE, eventually
from tests.environment import Environment


def put(path: Path, script: str) -> None:
    """Write a manifest as one should: it appears as a whole."""
    beside = path.with_name(f".{path.name}")
    dump(lasting("web", shell(script)), beside)
    beside.rename(path)


def test_node_static_pod(podman_environment: Environment, tmp_path: Path) -> None:
    """A file is a Pod; the store shows it, and does not command it; it changes and goes with its file."""
    put(tmp_path / "web.yaml", f"echo one; {SLEEP}")
    with Cluster(static_pod_path=tmp_path) as cluster:
        eventually(lambda: bool(cluster.list(Pod)), "a mirror Pod")
        first = cluster.wait(cluster.get(Pod, "web-node-1"), "Ready", timeout=PATIENCE)
        eventually(lambda: cluster.logs(first) == "one\n", "it speaks")
        assert cluster.exec(first, ["echo", "hello"]).stdout == "hello\n"
        assert "Started" in {event.reason for event in cluster.events(first)}
        cluster.delete(first, timeout=PATIENCE)
        again = cluster.wait(Pod, "web-node-1", "Ready", timeout=PATIENCE)
        assert again.metadata.uid != first.metadata.uid
        assert again.status.container_statuses[0].container_id == first.status.container_statuses[0].container_id
        put(tmp_path / "web.yaml", f"echo two; {SLEEP}")
        cluster.wait(again, "deleted", timeout=PATIENCE)
        eventually(lambda: bool(cluster.list(Pod)), "another mirror Pod")
        second = cluster.wait(Pod, "web-node-1", "Ready", timeout=PATIENCE)
        eventually(lambda: cluster.logs(second) == "two\n", "the other one speaks")
        (tmp_path / "web.yaml").unlink()
        cluster.wait(second, "deleted", timeout=PATIENCE)
        assert not podman_environment.podman("ps", "--quiet", "--filter", "label=io.kubernetes.pod.name=web-node-1")


def test_node_static_pod_without_a_store(podman_environment: Environment, tmp_path: Path) -> None:
    """A kubelet alone runs what a directory says."""
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    put(manifests / "web.yaml", SLEEP)
    runtime = PodmanRuntime()
    kubelet = Kubelet("alone", runtime, root_dir=tmp_path / "node", static_pod_path=manifests)
    kubelet.register()
    kubelet.start()

    def phase() -> str | None:
        try:
            return kubelet.store.get(Pod, "web-alone").status.phase
        except NotFound:
            return None

    try:
        eventually(lambda: phase() == "Running", "that it runs")
        (manifests / "web.yaml").unlink()
        eventually(lambda: phase() is None, "that it has gone")
    finally:
        kubelet.stop()
        kubelet.evict_all(0)
        runtime.close()
    assert not podman_environment.podman("ps", "--quiet", "--filter", "label=io.kubernetes.pod.name=web-alone")
