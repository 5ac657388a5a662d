"""What type checkers know of the verbs of a cluster. This file is checked, not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from podkit import Cluster, Deployment, Event, ExecResult, Job, LogStream, Pod, Revision, RolloutStatus, Scale


def objects(cluster: Cluster, pod: Pod, job: Job) -> None:
    assert_type(cluster.create(pod), Pod)
    assert_type(cluster.update(pod), Pod)
    assert_type(cluster.get(Pod, "web"), Pod)
    assert_type(cluster.get(pod), Pod)
    assert_type(cluster.get("pod", "web", namespace="shop"), Any)
    assert_type(cluster.list(Pod, labels="app=web"), list[Pod])
    assert_type(cluster.list("pods"), list[Any])
    assert_type(cluster.apply([pod, "manifests", {"kind": "Pod"}]), list[Any])
    cluster.delete(job, propagation="Foreground")
    cluster.delete(Pod, "web", grace_period=0)
    cluster.delete("pod/web", wait=False)
    assert_type(cluster.create(pod, dry_run=True), Pod)
    assert_type(cluster.update(pod, subresource="resize"), Pod)
    assert_type(cluster.patch(pod, [{"op": "remove", "path": "/metadata/labels"}], "json", dry_run=True), Any)
    assert_type(cluster.delete_collection(Pod, labels="app=web", timeout=5), list[Any])
    assert_type(cluster.store.get_scale("deploy", "web"), Scale)
    cluster.delete(Path("manifests"), wait=False)
    assert_type(cluster.diff(pod), str)
    for event in cluster.watch(Pod):
        assert_type(event.object, Pod)


def waiting(cluster: Cluster, pod: Pod, job: Job) -> None:
    assert_type(cluster.wait(pod, "Ready", 60), Pod)
    assert_type(cluster.wait(pod, lambda pod: pod.status.pod_ip is not None), Pod)
    assert_type(cluster.wait(Pod, "web", "Ready", timeout=60), Pod)
    assert_type(cluster.wait([pod, pod], "Ready"), list[Pod])
    assert_type(cluster.wait("job", "work", "Complete"), Any)
    assert_type(cluster.run(job, timeout=60), Job)


def workloads(cluster: Cluster, web: Deployment) -> None:
    assert_type(cluster.scale(web, 3), Any)
    assert_type(cluster.rollout(Deployment, "web").status(), RolloutStatus)
    assert_type(cluster.rollout(web).history(), list[Revision])


def inside(cluster: Cluster, pod: Pod) -> None:
    assert_type(cluster.logs(pod, "app", tail=20), str)
    assert_type(cluster.logs("pod", "web", "app", previous=True), str)
    assert_type(cluster.stream_logs(Job, "work"), LogStream)
    assert_type(cluster.exec(pod, ["ls"]), ExecResult[str])
    assert_type(cluster.exec(pod, ["cat"], stdin=b"x", text=False), ExecResult[bytes])
    assert_type(cluster.debug(pod, "busybox", command=["sh"], target="app"), Pod)
    assert_type(cluster.debug(Pod, "web", "busybox", name="tools"), Pod)
    assert_type(cluster.events(pod), list[Event])
    assert_type(cluster.describe("pod", "web"), str)


def wrong(cluster: Cluster, pod: Pod) -> None:
    cluster.wait(pod, 5)  # type: ignore[call-overload]
    cluster.logs(pod, tial=1)  # type: ignore[call-overload]
    cluster.delete(pod, grace_period="x")  # type: ignore[call-overload]
    cluster.update(pod, subresource="logs")  # type: ignore[arg-type]
    cluster.create("pod")  # type: ignore[type-var]
