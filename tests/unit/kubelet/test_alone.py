"""A kubelet by itself, as a tool embeds it: a name, an engine and a store are enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit import Container, Kubelet, MemoryStore, Node, Pod, SimulatedRuntime, VirtualClock
from podkit.kubelet import root


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the machine's temporary files are."""
    monkeypatch.setattr(root.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_registers_its_node_and_runs_what_is_bound_to_it() -> None:
    clock = VirtualClock()
    store = MemoryStore(clock)
    kubelet = Kubelet("n1", SimulatedRuntime(clock), store)
    kubelet.sync_once()
    assert [node.metadata.name for node in store.list(Node)] == ["n1"]
    pod = store.create(Pod.new("web", containers=[Container("main", image="nginx")]))
    store.bind(pod, "n1")
    for _ in range(3):
        kubelet.sync_once()
        clock.advance(1)
    assert store.get(Pod, "web").status.phase == "Running"
    kubelet.stop()


def test_its_own_directory_goes_with_it_unless_pods_still_use_it(temporary: Path) -> None:
    clock = VirtualClock()
    kubelet = Kubelet("n1", SimulatedRuntime(clock), clock=clock)
    kubelet.sync_once()
    assert len(list(temporary.iterdir())) == 1
    kubelet.stop()
    assert list(temporary.iterdir()) == []


def test_static_pods_can_be_named_by_a_path_in_text(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "web.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: main, image: nginx}]}\n"
    )
    clock = VirtualClock()
    kubelet = Kubelet(
        "n1", SimulatedRuntime(clock), static_pod_path=str(manifests), root_dir=str(tmp_path), clock=clock
    )
    for _ in range(3):
        kubelet.sync_once()
        clock.advance(1)
    assert [pod.status.phase for pod in kubelet.store.list(Pod)] == ["Running"]
    kubelet.stop()
