"""What comes bit by bit on an event loop, and ends when it is given up."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from podkit import Pod, PodkitError
from tests.unit.aio.conftest import MakeCluster
from tests.unit.cluster.builders import job, once, shell

SECONDS = 30


async def no_thread_called(name: str) -> None:
    """Wait until there is none."""
    async with asyncio.timeout(SECONDS):
        while any(one.name.startswith(name) for one in threading.enumerate()):
            await asyncio.sleep(0.01)


def test_a_log_is_followed(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            work = await k.create(job("work", "echo one; sleep 0.1; echo two", completions=2, parallelism=1))
            lines = [line async for line in k.stream_logs(work)]
            assert [line.partition("] ")[2] for line in lines] == ["one\n", "two\n"] * 2
            pod = (await k.list(Pod))[0]
            assert [line async for line in k.stream_logs(pod, tail=1, follow=False)] == ["two\n"]
            with pytest.raises(PodkitError, match="no container"):
                await anext(k.stream_logs(pod, "app"))

    asyncio.run(main())


def test_a_log_that_is_followed_ends_when_that_is_cancelled(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.wait(await k.create(shell("web", "echo one; sleep 1000")), "Ready", timeout=SECONDS)
            heard: list[str] = []

            async def read() -> None:
                async for line in k.stream_logs(pod):
                    heard.append(line)

            for patience in (0.2, 2, 20):
                heard.clear()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(patience):
                        await read()
                if heard:  # or the machine is so busy that it has not come so far
                    break
            assert heard == ["one\n"]
            await no_thread_called("podkit-log")
            reading = asyncio.create_task(read())
            await asyncio.sleep(0.05)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await no_thread_called("podkit-log")
            async with k.stream_logs(pod) as lines:
                assert await anext(lines) == "one\n"
            assert [line async for line in lines] == []
            await no_thread_called("podkit-log")

    asyncio.run(main())


def test_changes_are_watched_and_waiting_for_one_can_be_given_up(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k, k.watch("pods") as watch:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(watch)
            await k.create(once("hello", "true"))
            phases = []
            async for event in watch:
                phases.append(event.object.status.phase)
                if phases[-1] == "Succeeded":
                    break
            assert phases[0] == "Pending"

    asyncio.run(main())


def test_streams_end_with_the_cluster(cluster: MakeCluster) -> None:
    async def main() -> None:
        changes: list[object] = []
        lines: list[object] = []

        async def read_all(stream: object, found: list[object]) -> None:
            async for item in stream:  # type: ignore[attr-defined]  # it is one of two
                found.append(item)

        async with cluster() as k:
            pod = await k.create(shell("web", "echo one; sleep 1000"))
            reading = [asyncio.create_task(read_all(k.watch(Pod), changes))]
            while not changes:
                await k.patch(pod, {"metadata": {"annotations": {"seen": str(time.monotonic())}}})
                await asyncio.sleep(0.01)
            await k.wait(pod, "Ready", timeout=SECONDS)
            reading.append(asyncio.create_task(read_all(k.stream_logs(pod), lines)))
            while not lines:
                await asyncio.sleep(0.01)
        await asyncio.gather(*reading)
        assert lines == ["one\n"]

    asyncio.run(main())


def test_a_watch_is_closed_by_another_task(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            watch = k.watch("jobs")
            reading = asyncio.create_task(anext(watch, None))
            await asyncio.sleep(0.05)
            await watch.aclose()
            assert await reading is None

    asyncio.run(main())


@pytest.mark.parametrize(("verb", "what"), [("watch", "jobs"), ("stream_logs", "pod/web")])
def test_what_is_closed_while_it_is_being_opened_ends(cluster: MakeCluster, verb: str, what: str) -> None:
    opens, go_on = threading.Event(), threading.Event()

    async def main() -> None:
        async with cluster() as k:
            await k.wait(await k.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
            stream = getattr(k, verb)(what)
            really = stream._open

            def slowly(behind: object) -> object:
                opens.set()
                assert go_on.wait(SECONDS)
                return really(behind)

            stream._open = slowly
            async with asyncio.timeout(SECONDS):
                reading = asyncio.create_task(anext(stream, None))
                while not opens.is_set():
                    await asyncio.sleep(0.01)
                await stream.close()
                go_on.set()
                assert await reading is None

    asyncio.run(main())


def test_one_talks_with_commands_and_containers(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.wait(
                await k.create(shell("web", "until [ -e /go ]; do sleep 0.05; done; echo later; sleep 1000")),
                "Ready",
                timeout=SECONDS,
            )
            async with k.stream_exec(pod, ["sh", "-c", "cat; exit 3"], stdin=True) as shell_:
                await shell_.write("hello\n")
                await shell_.close_stdin()
                assert [piece.data async for piece in shell_] == [b"hello\n"]
                assert await shell_.wait(timeout=SECONDS) == 3
            session = await k.attach(pod)
            await k.exec(pod, ["touch", "/go"])
            assert await session.read_until("later", timeout=SECONDS) == b"later\n"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await session.read()
            with pytest.raises(TimeoutError, match="has written nothing"):
                await session.read(timeout=0.05)
            await session.close()
            with pytest.raises(PodkitError, match="no open standard input"):
                await k.attach(pod, stdin=True)

    asyncio.run(main())


def test_a_port_is_open_for_a_block(cluster: MakeCluster) -> None:
    async def main() -> None:
        async with cluster() as k:
            pod = await k.wait(await k.create(shell("web", "sleep 1000")), "Ready", timeout=SECONDS)
            async with k.port_forward(pod, 80) as forward:
                assert forward.address == "127.0.0.1"
                assert str(forward.local_port) in repr(forward)
                socket.create_connection(("127.0.0.1", forward.local_port), SECONDS).close()
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", forward.local_port), SECONDS)

    asyncio.run(main())
