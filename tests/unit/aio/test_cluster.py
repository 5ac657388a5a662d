"""A cluster on an event loop."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

import podkit
from podkit import AlreadyExists, Deployment, NotFound, Pod, PodkitError, RunFailed, SystemClock, WaitTimeout, aio
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.aio.conftest import BUSYBOX, MakeCluster
from tests.unit.cluster.builders import job, once, shell
from tests.unit.cluster.test_log_stream import deployment

SECONDS = 30


def test_a_pod_is_run_and_read(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            done = await k.run(once("hello", "echo hello"), timeout=SECONDS)
            assert done.status.phase == "Succeeded"
            assert await k.logs(done) == "hello\n"
            assert [pod.metadata.name for pod in await k.list(Pod)] == ["hello"]
            assert (await k.get(Pod, "hello")).metadata.uid == done.metadata.uid
            assert (await k.get("po/hello")).metadata.uid == done.metadata.uid
            assert "hello" in await k.describe("pod", "hello")
            assert (await k.events(done))[0].reason == "Scheduled"
            await k.patch(done, {"metadata": {"labels": {"a": "b"}}})
            assert len(await k.list("pods", labels="a=b")) == 1
            await k.delete(done)
            assert await k.list(Pod) == []

    asyncio.run(main())


def test_errors_are_the_same(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            with pytest.raises(NotFound):
                await k.get(Pod, "nobody")
            await k.create(shell("web", "sleep 1000"))
            with pytest.raises(AlreadyExists):
                await k.create(shell("web", "sleep 1000"))
            with pytest.raises(WaitTimeout):
                await k.wait("pod/web", "phase=Succeeded", timeout=0.05)
            with pytest.raises(RunFailed):
                await k.run(once("bad", "exit 3"), timeout=SECONDS)
            with pytest.raises(TypeError, match="needs the name"):
                await k.describe("pod")  # type: ignore[call-overload]  # this is the mistake

    asyncio.run(main())


def test_commands_files_and_use(cluster: MakeCluster, tmp_path: Path) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.wait(await k.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
            assert (await k.exec(pod, ["echo", "hi"])).stdout == "hi\n"
            assert (await k.exec("pod", "web", ["cat"], stdin="x")).stdout == "x"
            await k.copy_to(pod, b"content", "/tmp/file")
            assert (await k.copy_from(pod, "/tmp/file", tmp_path / "out")).read_text() == "content"
            assert [usage.name for usage in await k.top(pod, window=0.01)] == ["web"]

    asyncio.run(main())


def test_workloads_and_nodes(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            [web] = await k.apply(deployment("sleep 1000"))
            rollout = k.rollout(web)
            assert (await rollout.wait(timeout=SECONDS)).kind == "Deployment"
            assert (await k.rollout(Deployment, "web").status()).done
            await k.scale(web, 2)
            await k.wait(web, "status.readyReplicas=2", timeout=SECONDS)
            await rollout.restart()
            await rollout.wait(timeout=SECONDS)
            assert len(await rollout.history()) == 2
            assert await k.drain("node-1", grace_period=0, timeout=SECONDS)
            await k.uncordon("node-1")
            with pytest.raises(PodkitError, match="no rollout"):
                await k.rollout("node/node-1").status()

    asyncio.run(main())


def test_hundreds_of_waits_need_no_threads(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pods = [await k.create(shell(f"web-{number}", "sleep 1000")) for number in range(5)]
            for pod in pods:
                await k.wait(pod, "Ready", timeout=SECONDS)
            waits = [asyncio.create_task(k.wait(pods[number % 5], "phase=Succeeded")) for number in range(300)]
            watches = [asyncio.create_task(anext(k.watch("job"))) for _ in range(100)]
            await asyncio.sleep(0.3)
            names = [thread.name for thread in threading.enumerate() if thread.name.startswith("podkit-aio")]
            assert len(names) <= 5
            await asyncio.gather(*(k.delete(pod, grace_period=0) for pod in pods))
            results = await asyncio.gather(*waits, return_exceptions=True)
            assert all(isinstance(one, WaitTimeout) and one.hopeless for one in results)
            await k.create(job("work", "true"))
            assert {event.type for event in await asyncio.gather(*watches)} == {"ADDED"}

    asyncio.run(main())


def test_waiting_does_not_block_the_loop(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.create(shell("web", "sleep 1000"))
            waiting = asyncio.create_task(k.wait(pod, "deleted", timeout=SECONDS))
            running = asyncio.create_task(k.run(once("quick", "sleep 0.2"), timeout=SECONDS))
            assert (await running).status.phase == "Succeeded"
            assert not waiting.done()
            await k.delete(pod, grace_period=0, wait=False)
            await waiting

    asyncio.run(main())


def test_a_wait_that_is_given_up_leaves_nothing(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.create(shell("web", "sleep 1000"))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await k.wait(pod, "deleted")
            waiting = asyncio.create_task(k.wait(pod, "deleted"))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert k._runner is not None
            assert not k._runner._under_way
            assert not k._runner._asleep

    asyncio.run(main())


def test_what_is_awaited_when_the_cluster_is_closed_says_so(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.create(shell("web", "sleep 1000"))
            waiting = [asyncio.create_task(k.wait(pod, "deleted")) for _ in range(3)]
            await asyncio.sleep(0.05)
        for one in waiting:
            with pytest.raises(PodkitError, match="closed"):
                await one
        with pytest.raises(PodkitError, match="closed"):
            await k.list(Pod)
        await k.close()
        assert not [one for one in threading.enumerate() if one.name.startswith("podkit-aio")]

    asyncio.run(main())


def test_a_cluster_is_used_only_when_it_is_open() -> None:
    async def main() -> None:
        k = aio.Cluster()
        assert "not open" in repr(k)
        with pytest.raises(PodkitError, match="not open"):
            await k.list(Pod)
        await k.close()

    asyncio.run(main())


def test_a_cluster_is_opened_once(cluster: MakeCluster, tmp_path: Path) -> None:
    async def main() -> None:
        runtime = SimulatedRuntime(SystemClock(), images=Images(remote=[BUSYBOX]))
        k = await aio.Cluster(runtime, root_dir=tmp_path / "nodes").open()
        with pytest.raises(PodkitError, match="opened already"):
            await k.open()
        assert k.store is k.sync.store
        await k.close()

    asyncio.run(main())


def test_a_face_for_a_cluster_that_is_open_leaves_it_open(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(SystemClock(), images=Images(remote=[BUSYBOX]))
    with podkit.Cluster(runtime, root_dir=tmp_path / "nodes") as behind:

        async def main() -> None:
            async with aio.Cluster.over(behind) as k:
                await k.run(once("hello", "true"), timeout=SECONDS)

        asyncio.run(main())
        assert behind.get(Pod, "hello").status.phase == "Succeeded"


def test_on_a_virtual_clock_an_hour_passes_in_a_moment(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster(virtual=True) as k:
            names = ["a", "b"]
            done = await asyncio.gather(*(k.run(once(name, "sleep 3600")) for name in names))
            assert [pod.status.phase for pod in done] == ["Succeeded", "Succeeded"]

    asyncio.run(main())
