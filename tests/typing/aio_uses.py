"""What type checkers know of the verbs of a cluster on an event loop. This file is checked, not run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, assert_type

from podkit import Deployment, Event, ExecResult, Job, Pod, Revision, RolloutStatus
from podkit.aio import Cluster, LogStream, PortForward, Session


async def objects(cluster: Cluster, pod: Pod, job: Job) -> None:
    assert_type(await cluster.create(pod), Pod)
    assert_type(await cluster.update(pod, subresource="resize"), Pod)
    assert_type(await cluster.get(Pod, "web"), Pod)
    assert_type(await cluster.get(pod), Pod)
    assert_type(await cluster.get("pod", "web", namespace="shop"), Any)
    assert_type(await cluster.list(Pod, labels="app=web"), list[Pod])
    assert_type(await cluster.apply([pod, "manifests", {"kind": "Pod"}]), list[Any])
    await cluster.delete(job, propagation="Foreground")
    await cluster.delete(Pod, "web", grace_period=0)
    await cluster.delete(Path("manifests"), wait=False)
    assert_type(await cluster.delete_collection(Pod, labels="app=web", timeout=5), list[Any])
    assert_type(await cluster.diff(pod), str)
    async for event in cluster.watch(Pod):
        assert_type(event.object, Pod)


async def waiting(cluster: Cluster, pod: Pod, job: Job) -> None:
    assert_type(await cluster.wait(pod, "Ready", 60), Pod)
    assert_type(await cluster.wait(pod, lambda pod: pod.status.pod_ip is not None), Pod)
    assert_type(await cluster.wait(Pod, "web", "Ready", timeout=60), Pod)
    assert_type(await cluster.wait([pod, pod], "Ready"), list[Pod])
    assert_type(await cluster.run(job, timeout=60), Job)
    assert_type(asyncio.create_task(cluster.run(job)), asyncio.Task[Job])
    assert_type(asyncio.create_task(cluster.logs(pod)), asyncio.Task[str])


async def workloads(cluster: Cluster, web: Deployment) -> None:
    assert_type(await cluster.scale(web, 3), Any)
    assert_type(await cluster.rollout(Deployment, "web").status(), RolloutStatus)
    assert_type(await cluster.rollout(web).history(), list[Revision])
    await cluster.rollout(web).wait(timeout=60)
    await cluster.drain("node-1", timeout=60)


async def inside(cluster: Cluster, pod: Pod) -> None:
    assert_type(await cluster.logs(pod, "app", tail=20), str)
    assert_type(cluster.stream_logs(Job, "work"), LogStream)
    async for line in cluster.stream_logs(pod, follow=True):
        assert_type(line, str)
    assert_type(await cluster.exec(pod, ["ls"]), ExecResult[str])
    assert_type(await cluster.exec(pod, ["cat"], stdin=b"x", text=False), ExecResult[bytes])
    assert_type(await cluster.debug(pod, "busybox", command=["sh"], target="app"), Pod)
    assert_type(await cluster.events(pod), list[Event])
    assert_type(await cluster.copy_from(pod, "/etc", "etc"), Path)
    async with cluster.port_forward(pod, 80) as forward:
        assert_type(forward, PortForward)
    async with cluster.attach(pod, stdin=True) as session:
        assert_type(session, Session)
        await session.write("hello\n")
        assert_type(await session.read_until("hello", timeout=5), bytes)
    assert_type(await cluster.stream_exec(pod, ["sh"], tty=True), Session)


async def wrong(cluster: Cluster, pod: Pod) -> None:
    await cluster.wait(pod, 5)  # type: ignore[call-overload]
    await cluster.logs(pod, tial=1)  # type: ignore[call-overload]
    await cluster.delete(pod, grace_period="x")  # type: ignore[call-overload]
    await cluster.scale(pod, "3")  # type: ignore[call-overload]
