"""Functions that the loop calls when objects change."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

import podkit
from podkit import ConfigMap, ObjectChange, Pod, PodkitError, SystemClock, UnknownKind, aio
from podkit.runtime.simulated import SimulatedRuntime
from tests.unit.aio.conftest import MakeCluster
from tests.unit.aio.test_streams import no_thread_called
from tests.unit.cluster.builders import once, shell

SECONDS = 30


def settings(name: str, **fields: Any) -> ConfigMap:
    return ConfigMap.new(name, {}, **fields)


def test_a_function_is_called_on_the_loop(cluster: MakeCluster) -> None:
    async def main() -> None:
        told: list[tuple[str, str | None, str | None]] = []
        ended = asyncio.Event()

        def tell(change: ObjectChange[Pod]) -> None:
            assert asyncio.get_running_loop() is loop
            before = change.old.status.phase if change.old is not None else None
            told.append((change.type, before, change.object.status.phase))
            if change.type == "DELETED":
                ended.set()

        loop = asyncio.get_running_loop()
        async with cluster() as k:
            pod = await k.create(once("hello", "true"))
            await k.on(Pod, tell)
            await k.wait(pod, "phase=Succeeded", timeout=SECONDS)
            await k.delete(pod)
            async with asyncio.timeout(SECONDS):
                await ended.wait()
        assert told[0][:2] == ("ADDED", None)
        assert told[-1] == ("DELETED", "Succeeded", "Succeeded")
        await no_thread_called("podkit-on")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_coroutine_function_is_awaited_before_the_next_change_is_told(cluster: MakeCluster) -> None:
    async def main() -> None:
        told: list[str | None] = []
        first, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def tell(change: ObjectChange[Any]) -> None:
            name = change.object.metadata.name
            told.append(f"{name} begins")
            first.set()
            await go_on.wait()
            assert (await k.get(ConfigMap, name)).metadata.name == name
            told.append(f"{name} ends")
            if name == "b":
                ended.set()

        async with cluster() as k, asyncio.timeout(SECONDS):
            await k.on("cm", tell, namespace="default", labels="app=web")
            await k.create(settings("a", labels={"app": "web"}))
            await k.create(settings("other", labels={"app": "db"}))
            await k.create(settings("b", labels={"app": "web"}))
            await first.wait()
            go_on.set()
            await ended.wait()
        assert told == ["a begins", "a ends", "b begins", "b ends"]

    asyncio.run(main())


@pytest.mark.parametrize("failure", [ZeroDivisionError("mine"), asyncio.CancelledError("mine")])
def test_what_a_handler_raises_is_logged_and_the_next_change_is_told(
    cluster: MakeCluster, caplog: pytest.LogCaptureFixture, failure: BaseException
) -> None:
    async def main() -> None:
        names: list[str | None] = []
        ended = asyncio.Event()

        async def fail(change: ObjectChange[ConfigMap]) -> None:
            names.append(change.object.metadata.name)
            if len(names) == 2:
                ended.set()
            raise failure

        async with cluster() as k, asyncio.timeout(SECONDS):
            await k.on(ConfigMap, fail, labels="mine")
            for name in ("a", "b"):
                await k.create(settings(name, labels={"mine": ""}))
            await ended.wait()
        assert names == ["a", "b"]

    asyncio.run(main())
    record: Any = next(one for one in caplog.records if "a handler of changes of configmaps failed" in one.getMessage())
    assert (record.levelname, record.namespace) == ("ERROR", "default")
    assert f"{type(failure).__name__}: mine" in caplog.text


def test_after_the_block_it_is_told_nothing(cluster: MakeCluster) -> None:
    async def main() -> None:
        names: list[str | None] = []
        seen = asyncio.Event()

        def tell(change: ObjectChange[ConfigMap]) -> None:
            names.append(change.object.metadata.name)
            seen.set()

        async with cluster() as k, asyncio.timeout(SECONDS):
            async with k.on(ConfigMap, tell, labels="mine") as subscription:
                await k.create(settings("a", labels={"mine": ""}))
                await seen.wait()
            await k.create(settings("b", labels={"mine": ""}))
            await subscription.close()
            await no_thread_called("podkit-on")
        assert names == ["a"]

    asyncio.run(main())


def test_a_handler_at_work_comes_to_its_end_before_it_is_closed(cluster: MakeCluster) -> None:
    async def main() -> None:
        begun, done = asyncio.Event(), []

        async def tell(change: ObjectChange[ConfigMap]) -> None:
            begun.set()
            await k.create(settings(f"{change.object.metadata.name}-seen"))
            done.append(change.object.metadata.name)

        async with cluster() as k, asyncio.timeout(SECONDS):
            async with k.on(ConfigMap, tell, labels="mine"):
                await k.create(settings("a", labels={"mine": ""}))
                await begun.wait()
            assert done == ["a"]

    asyncio.run(main())


def test_a_handler_can_close_its_subscription(cluster: MakeCluster) -> None:
    async def main() -> None:
        names: list[str | None] = []
        closed = asyncio.Event()

        async def tell(change: ObjectChange[ConfigMap]) -> None:
            names.append(change.object.metadata.name)
            await subscription.close()
            closed.set()

        async with cluster() as k, asyncio.timeout(SECONDS):
            subscription = await k.on(ConfigMap, tell, labels="mine")
            await k.create(settings("a", labels={"mine": ""}))
            await closed.wait()
            await k.create(settings("b", labels={"mine": ""}))
            await no_thread_called("podkit-on")
        assert names == ["a"]

    asyncio.run(main())


def test_a_handler_that_waits_for_what_never_comes_does_not_hold_up_the_end(
    cluster: MakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        begun = asyncio.Event()

        async def wait(change: ObjectChange[Pod]) -> None:
            begun.set()
            await k.wait(change.object, "phase=Failed")

        async with cluster() as k, asyncio.timeout(SECONDS):
            await k.on("pods", wait)
            await k.create(shell("web", "sleep 1000"))
            await begun.wait()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert "the cluster has been closed" in caplog.text


def test_closing_that_is_given_up_cancels_the_handler(cluster: MakeCluster) -> None:
    async def main() -> None:
        begun, cancelled = asyncio.Event(), asyncio.Event()

        async def hang(_: ObjectChange[Pod]) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async with cluster() as k:
            subscription = await k.on("pods", hang)
            await k.create(shell("web", "sleep 1000"))
            async with asyncio.timeout(SECONDS):
                await begun.wait()
            closing = asyncio.create_task(subscription.close())
            await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            async with asyncio.timeout(SECONDS):
                await cancelled.wait()

    asyncio.run(main())


def test_on_a_virtual_clock_all_has_been_told_when_a_wait_returns(cluster: MakeCluster) -> None:
    async def main() -> None:
        phases: list[str | None] = []
        async with cluster(virtual=True) as k:
            await k.on(Pod, lambda change: phases.append(change.object.status.phase))
            await k.wait(await k.create(once("hello", "sleep 3600")), "phase=Succeeded")
            assert (phases[0], phases[-1]) == ("Pending", "Succeeded")

    asyncio.run(main())


def test_mistakes_are_said_at_once(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            with pytest.raises(UnknownKind, match="did you mean Pod"):
                k.on("pds", print)
            with pytest.raises(TypeError, match="a handler is a function"):
                k.on(Pod, "print")  # type: ignore[call-overload]  # this is the mistake
            with pytest.raises(podkit.SelectorError):
                await k.on(Pod, print, labels="app in web")
            with pytest.warns(RuntimeWarning, match="neither awaited nor used"):
                k.on(Pod, print)
        with pytest.raises(PodkitError, match="closed"):
            await k.on(Pod, print)

    asyncio.run(main())


def test_a_face_that_is_closed_calls_nobody_any_more(tmp_path: Path) -> None:
    async def main(behind: podkit.Cluster) -> None:
        names: list[str | None] = []
        seen = asyncio.Event()

        def tell(change: ObjectChange[ConfigMap]) -> None:
            names.append(change.object.metadata.name)
            seen.set()

        async with aio.Cluster.over(behind) as k, asyncio.timeout(SECONDS):
            await k.on(ConfigMap, tell, labels="mine")
            behind.create(settings("a", labels={"mine": ""}))
            await seen.wait()
        assert not [one.name for one in threading.enumerate() if one.name.startswith("podkit-on")]
        behind.create(settings("b", labels={"mine": ""}))
        assert names == ["a"]

    with podkit.Cluster(SimulatedRuntime(SystemClock()), root_dir=tmp_path) as behind:
        asyncio.run(main(behind))
