"""What comes bit by bit: changes of objects, and lines of logs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Self, TypeVar

from podkit import LogStream as SyncLogStream
from podkit import ObjectWatch, WatchEvent
from podkit.aio.opening import AsyncBlock
from podkit.aio.runner import Pool, Runner
from podkit.errors import PodkitError
from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)


class Watch(AsyncBlock, Generic[T]):
    """The changes of objects of a kind: an async iterator; see `podkit.aio.Cluster.watch`.

    It is opened when the first change is asked for, and ends when it is closed, or the cluster is. A cancelled wait for the next
    change loses none, so ``asyncio.timeout`` around ``anext(watch)`` does no harm.

    Args:
        behind: who runs things, and the cluster.
        open: opens the watch of a cluster.
    """

    def __init__(
        self, behind: Callable[[], Coroutine[Any, Any, tuple[Runner, Any]]], open: Callable[[Any], ObjectWatch[T]]
    ) -> None:
        self._behind = behind
        self._open = open
        self._watch: ObjectWatch[T] | None = None
        self._closed = False

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> WatchEvent[T]:
        """The next change, as soon as there is one."""
        event = None if self._closed else await self._change()
        if event is None:
            raise StopAsyncIteration
        return event

    async def _change(self) -> WatchEvent[T] | None:
        runner, cluster = await self._behind()
        if self._watch is None:
            self._watch = await runner.open(Pool.QUICK, self._open, cluster)
        if self._closed:  # while it was being opened
            self._watch.close()
            return None
        try:
            return await runner.complete(self._watch.change())
        except PodkitError:
            if not self._watch.closed:
                raise
            return None

    async def close(self) -> None:
        """End it; whoever waits for the next change comes to the end. Closing twice does no harm."""
        self._closed = True
        if self._watch is not None:
            self._watch.close()

    aclose = close


class LogStream(AsyncBlock):
    """The lines of logs as they are written: an async iterator; see `podkit.aio.Cluster.stream_logs`.

    It is opened when the first line is asked for. It ends when nothing can come any more, when it is closed, or the cluster is,
    and when waiting for a line is cancelled.

    Args:
        behind: who runs things, and the cluster.
        open: opens the stream of a cluster.
    """

    def __init__(
        self, behind: Callable[[], Coroutine[Any, Any, tuple[Runner, Any]]], open: Callable[[Any], SyncLogStream]
    ) -> None:
        self._behind = behind
        self._open = open
        self._stream: SyncLogStream | None = None
        self._ready: list[str] = []
        self._closed = False

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> str:
        """The next line, as soon as there is one."""
        while not self._ready:
            batch = None if self._closed else await self._batch()
            if batch is None:
                self._end()
                raise StopAsyncIteration
            self._ready = batch[::-1]
        return self._ready.pop()

    async def _batch(self) -> list[str] | None:
        runner, cluster = await self._behind()
        if self._stream is None:
            self._stream = await runner.open(Pool.QUICK, self._open, cluster)
        if self._closed:  # while it was being opened
            self._stream.close()
            return None
        try:
            return await runner.complete(self._stream.batch())
        except PodkitError:
            if self._stream.closed:
                return None
            raise
        except BaseException:  # cancelled
            self._end()
            raise

    def _end(self) -> None:
        self._closed = True
        if self._stream is not None:
            self._stream.close()

    async def close(self) -> None:
        """End it; whoever waits for the next line comes to the end. Closing twice does no harm."""
        self._ready.clear()
        self._end()

    aclose = close
