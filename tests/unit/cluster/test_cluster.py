"""The life of a cluster, and its verbs about objects, on a virtual clock."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from podkit import (
    AlreadyExists,
    Cluster,
    ConfigMap,
    Conflict,
    Container,
    Job,
    MemoryStore,
    Namespace,
    NodeInUse,
    NotFound,
    ObjectMeta,
    Pod,
    PodkitError,
    RuntimeUnavailable,
    Service,
    ServiceAccount,
    ServicePort,
    ServiceSpec,
    SystemClock,
    UnservedWarning,
    ValidationError,
    VirtualClock,
    WaitTimeout,
)
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.cluster.builders import job, once, shell

# --- its life


def test_closing_removes_the_pods_and_the_files(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> None:
    with Cluster(runtime, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
        assert len(runtime.sandboxes({})) == 1
    assert runtime.sandboxes({}) == []
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_was_there_before_stays(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with Cluster(runtime, clock=clock, root_dir=tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["node-1"]
    assert list(tmp_path.iterdir()) == []


def test_without_a_directory_a_private_one_is_made_and_removed(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Cluster(runtime, clock=clock):
        (directory,) = tmp_path.iterdir()
        assert directory.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_keeping_leaves_everything_as_it_is(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> None:
    with Cluster(runtime, clock=clock, root_dir=tmp_path, on_exit="keep") as cluster:
        cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    assert len(runtime.sandboxes({})) == 1
    assert (tmp_path / "node-1" / "pods").is_dir()


def test_closing_twice_does_no_harm(cluster: Cluster) -> None:
    cluster.close()
    cluster.close()


def fail_in_a_cluster(runtime: SimulatedRuntime, clock: VirtualClock, root: Path, *, engine_dies: bool) -> None:
    with Cluster(runtime, clock=clock, root_dir=root) as cluster:
        cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
        if engine_dies:
            runtime.faults.fail("sandboxes", RuntimeUnavailable("it is gone"), times=None)
        raise ZeroDivisionError


def test_an_exception_in_the_block_closes_and_comes_out(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_in_a_cluster(runtime, clock, tmp_path, engine_dies=False)
    assert runtime.sandboxes({}) == []


def test_what_closing_fails_with_does_not_hide_what_the_block_failed_with(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        fail_in_a_cluster(runtime, clock, tmp_path, engine_dies=True)
    assert caught.value.__notes__ == ["and when the cluster was closed because of that: it is gone"]


def test_a_cluster_that_cannot_be_made_leaves_nothing_behind(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with runtime.faults.unavailable(), pytest.raises(RuntimeUnavailable):
        Cluster(runtime, clock=clock, root_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []
    with Cluster(runtime, clock=clock, root_dir=tmp_path) as cluster:
        assert cluster.list("nodes") != []


def test_a_second_cluster_on_the_same_directory_is_told_who_uses_it(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with pytest.raises(NodeInUse, match=f"in use by process {os.getpid()}"):
        Cluster(runtime, clock=clock, root_dir=tmp_path / "nodes")
    assert cluster.list("nodes") != []


def test_several_nodes_share_the_pods(clock: VirtualClock, tmp_path: Path) -> None:
    nodes = {name: SimulatedRuntime(clock) for name in ("a", "b")}
    with Cluster(nodes=nodes, clock=clock, root_dir=tmp_path) as cluster:
        pods = [cluster.create(Pod.new(f"p{n}", containers=[_idle()])) for n in range(4)]
        found = cluster.wait(pods, "Ready")
        assert {pod.spec.node_name for pod in found} == {"a", "b"}
        assert cluster.exec(found[0], ["echo", "hi"]).stdout == "hi\n"
    assert [runtime.sandboxes({}) for runtime in nodes.values()] == [[], []]


def _idle() -> Container:
    return Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["sleep", "99"])


def test_a_store_that_is_passed_in_stays_open(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> None:
    store = MemoryStore(clock)
    with Cluster(runtime, clock=clock, root_dir=tmp_path, store=store) as cluster:
        created = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
        assert store.get(ConfigMap, "settings") == cluster.store.get(ConfigMap, "settings") == created
        watch = cluster.watch(Pod)
    assert store.list(Pod) == []
    assert list(watch) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"store": "/nowhere/cluster.db", "root_dir": "/tmp"}, "see that its directory exists"),
        ({"store": MemoryStore(), "adopt": True}, "leave it out"),
        ({"on_exit": "stay"}, "'delete' or 'keep'"),
        ({"nodes": {}}, "at least one node"),
        (
            {"runtime": SimulatedRuntime(VirtualClock()), "clock": VirtualClock()},
            "engine of node node-1 runs on another clock",
        ),
        (
            {"nodes": {name: SimulatedRuntime(VirtualClock()) for name in "ab"}},
            "engine of node b runs on another clock",
        ),
    ],
)
def test_what_is_not_there_yet_or_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PodkitError, match=message):
        Cluster(**options)


def test_the_clock_of_the_machine_is_one_whoever_made_it(tmp_path: Path) -> None:
    nodes = {name: SimulatedRuntime(SystemClock()) for name in "ab"}
    with Cluster(nodes=nodes, clock=SystemClock(), root_dir=tmp_path) as cluster:
        assert len(cluster.list("nodes")) == 2


def test_a_virtual_clock_needs_no_thread(cluster: Cluster) -> None:
    cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    assert [thread for thread in threading.enumerate() if thread.name.startswith("podkit")] == []


# --- objects


def test_an_object_can_be_created_read_changed_and_deleted(cluster: Cluster) -> None:
    created = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"}))
    assert cluster.get(ConfigMap, "settings") == cluster.get("cm", "settings") == cluster.get("cm/settings") == created
    created.data["a"] = "2"
    updated = cluster.update(created)
    assert cluster.get(created) == updated
    assert cluster.patch(updated, {"data": {"b": "3"}}).data == {"a": "2", "b": "3"}
    assert cluster.patch("cm", "settings", {"data": {"a": None}}).data == {"b": "3"}
    cluster.delete("cm", "settings")
    assert cluster.list(ConfigMap) == []


def test_errors_of_the_store_come_through(cluster: Cluster) -> None:
    config = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    with pytest.raises(AlreadyExists):
        cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    with pytest.raises(NotFound):
        cluster.get(Pod, "nobody")
    with pytest.raises(ValidationError):
        cluster.create(Pod(metadata=ObjectMeta(name="No!")))
    config.data["a"] = "1"
    cluster.update(config)
    with pytest.raises(Conflict):
        cluster.update(config)


def test_objects_are_listed_by_labels_fields_and_namespace(cluster: Cluster) -> None:
    for name, namespace in (("a", "default"), ("b", "shop")):
        cluster.create(shell(name, "sleep 9", labels={"app": name}, namespace=namespace))
    assert [pod.metadata.name for pod in cluster.list(Pod)] == ["a", "b"]
    assert [pod.metadata.name for pod in cluster.list("pods", labels="app in (b)")] == ["b"]
    assert [pod.metadata.name for pod in cluster.list("po", "default")] == ["a"]
    assert [pod.metadata.name for pod in cluster.list("po", fields="metadata.namespace!=default")] == ["b"]


def test_deleting_a_pod_waits_until_it_is_gone(
    cluster: Cluster, runtime: SimulatedRuntime, clock: VirtualClock
) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    before = clock.monotonic()
    cluster.delete(pod, grace_period=7)
    assert clock.monotonic() - before == pytest.approx(7, abs=1)
    assert runtime.sandboxes({}) == []


def test_deleting_can_be_left_to_itself(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    cluster.delete(pod, wait=False)
    assert cluster.get(pod).metadata.deletion_timestamp is not None


def test_deleting_gives_up_at_the_timeout(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    with pytest.raises(WaitTimeout, match="deleted"):
        cluster.delete(pod, grace_period=60, timeout=3)


def test_deleting_does_not_hit_another_object_of_that_name(cluster: Cluster) -> None:
    first = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    cluster.delete(first)
    cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    with pytest.raises(Conflict):
        cluster.delete(first)


def test_deleting_a_job_in_the_foreground_takes_its_pods_first(cluster: Cluster) -> None:
    created = cluster.create(job("work", "sleep 1000"))
    cluster.wait(created, "status.ready=1")
    cluster.delete(created, propagation="Foreground", grace_period=0)
    assert cluster.list(Pod) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "NodePort", "selector": {"app": "web"}}, "only Pods reach it: .* NodePort; use port_forward"),
        ({"type": "LoadBalancer", "selector": {"app": "web"}}, "only Pods reach it: .* LoadBalancer"),
        ({"external_ips": ["192.0.2.1"], "selector": {"app": "web"}}, "nothing leads from its externalIPs"),
        ({}, "leads nowhere without a selector"),
    ],
)
def test_what_a_service_does_not_do_is_said(cluster: Cluster, fields: Any, message: str) -> None:
    service = Service(metadata=ObjectMeta(name="web"), spec=ServiceSpec(ports=[ServicePort(port=80)], **fields))
    with pytest.warns(UnservedWarning, match=f"Service web is stored, but .*{message}") as caught:
        cluster.create(service)
    assert caught[0].filename == __file__
    with pytest.warns(UnservedWarning) as caught:
        cluster.apply(service)
    assert caught[0].filename == __file__


def test_a_service_that_leads_pods_to_pods_brings_no_warning(cluster: Cluster) -> None:
    service = Service(
        metadata=ObjectMeta(name="web"), spec=ServiceSpec(ports=[ServicePort(port=80)], selector={"a": "b"})
    )
    address = cluster.create(service).spec.cluster_ip
    assert address is not None
    (again,) = cluster.apply(service)
    assert again.spec.cluster_ip == address


def test_a_collection_is_deleted_and_waited_for(cluster: Cluster) -> None:
    for name, tier in (("a", "x"), ("b", "x"), ("c", "y")):
        cluster.create(shell(name, "sleep 1000", labels={"tier": tier}))
    cluster.wait(cluster.list(Pod), "Ready", timeout=60)
    assert [pod.metadata.name for pod in cluster.delete_collection(Pod, labels="tier=x", dry_run=True)] == ["a", "b"]
    assert len(cluster.list(Pod)) == 3
    gone = cluster.delete_collection("po", "default", "tier=x", timeout=60)
    assert [pod.metadata.name for pod in gone] == ["a", "b"]
    assert [pod.metadata.name for pod in cluster.list(Pod)] == ["c"]


def test_a_dry_run_of_a_verb_changes_nothing(cluster: Cluster) -> None:
    assert cluster.create(once("web", "true"), dry_run=True).spec.restart_policy == "Never"
    assert cluster.list(Pod) == []
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=60)
    cluster.delete(pod, dry_run=True)
    changed = cluster.get(pod)
    changed.metadata.labels["a"] = "b"
    assert cluster.update(changed, dry_run=True).metadata.labels == {"a": "b"}
    assert cluster.get(pod) == pod


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (
            Namespace.new("strict", labels={"pod-security.kubernetes.io/enforce": "restricted"}),
            "not held to the security",
        ),
        (
            ServiceAccount(
                metadata=ObjectMeta(name="robot", annotations={"kubernetes.io/enforce-mountable-secrets": "true"})
            ),
            "may mount any Secret",
        ),
    ],
)
def test_what_an_object_asks_for_and_nobody_does_is_said(cluster: Cluster, obj: Any, message: str) -> None:
    with pytest.warns(UnservedWarning, match=message):
        cluster.create(obj)


def test_what_is_applied_runs(cluster: Cluster) -> None:
    (created,) = cluster.apply(job("work", "echo done"))
    assert isinstance(cluster.wait(created, "Complete"), Job)


def test_a_watch_tells_all_changes_and_its_objects_are_the_callers(cluster: Cluster) -> None:
    pod = cluster.create(once("hello", "echo hi"))
    phases: list[str | None] = []
    with cluster.watch(Pod, namespace="default") as changes:
        for change in changes:
            phases.append(change.object.status.phase)
            change.object.metadata.labels["mine"] = "yes"
            if change.object.status.phase == "Succeeded":
                break
    assert phases[0] == "Pending"
    assert phases[-1] == "Succeeded"
    assert cluster.get(pod).metadata.labels == {}


def test_a_watch_ends_with_the_cluster(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> None:
    with Cluster(runtime, clock=clock, root_dir=tmp_path) as cluster:
        changes = cluster.watch("pods")
    assert list(changes) == []


def test_the_clock_of_a_simulated_engine_is_the_clusters(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    with Cluster(runtime, root_dir=tmp_path) as cluster:
        cluster.run(once("slow", "sleep 3600"))
    assert clock.monotonic() >= 3600


def test_what_waits_in_another_thread_ends_when_the_cluster_is_closed(tmp_path: Path) -> None:
    problems: list[Exception] = []
    waits = threading.Event()
    cluster = Cluster(SimulatedRuntime(SystemClock()), root_dir=tmp_path)
    config = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))

    def is_it(_: ConfigMap) -> bool:
        waits.set()
        return False

    def work() -> None:
        try:
            cluster.wait(config, is_it)
        except PodkitError as problem:
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    assert waits.wait(30)
    cluster.close()
    thread.join(30)
    assert [str(problem) for problem in problems] == ["the cluster has been closed"]


def test_a_closed_cluster_takes_no_more_orders(cluster: Cluster) -> None:
    cluster.close()
    with pytest.raises(PodkitError, match="closed"):
        cluster.create(shell("web", "true"))
