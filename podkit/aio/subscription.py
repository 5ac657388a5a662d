"""Functions that an event loop calls when objects change.

Behind it is a `podkit.Subscription`, whose handler does nothing but hand each change to the loop. There one task calls the user's
function with one change after the other, in their order, and awaits what it returns if that can be awaited.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar

from podkit import ObjectChange
from podkit import Subscription as SyncSubscription
from podkit.aio.opening import AsyncBlock
from podkit.aio.runner import Pool, Runner, in_own_thread
from podkit.cluster.subscription import JOIN_SECONDS, log_failure
from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)


class Subscription(AsyncBlock, Generic[T]):
    """A function that the loop calls when objects change, until this is closed, or the cluster; see `podkit.aio.Cluster.on`.

    Args:
        name: what is followed, for logs.
        handler: what to call.
        closed: is called when it is closed.
    """

    def __init__(
        self, name: str, handler: Callable[[ObjectChange[T]], object], closed: Callable[[Subscription[Any]], None]
    ) -> None:
        self._name = name
        self._handler = handler
        self._closed = closed
        self._over = False
        self._at_work = False
        self._loop = asyncio.get_running_loop()
        self._changes: asyncio.Queue[ObjectChange[T]] = asyncio.Queue()
        self._behind: SyncSubscription[T] | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(
        self, runner: Runner, subscribe: Callable[[Callable[[ObjectChange[T]], None]], SyncSubscription[T]]
    ) -> Self:
        """Begin.

        Args:
            runner: who does what would block the loop.
            subscribe: lets a function be called, in whatever thread.

        Raises:
            PodkitError: the cluster has been closed.
        """
        self._behind = await runner.open(Pool.QUICK, subscribe, self._hear)
        self._task = self._loop.create_task(self._tell(), name=f"podkit-on-{self._name}")
        return self

    async def close(self) -> None:
        """Call the handler no more. One that is at work is let come to its end, for 10 seconds at the most; then it is cancelled.

        A handler can close its own subscription. Closing twice does no harm.
        """
        self._over = True
        self._closed(self)
        task = self._task if self._task is not asyncio.current_task() else None
        try:
            if self._behind is not None:
                await in_own_thread(self._behind.close)
            if task is not None and self._at_work:
                await asyncio.wait([task], timeout=JOIN_SECONDS)
        finally:
            if task is not None:
                task.cancel()
        if task is not None:
            await asyncio.wait([task])

    def _hear(self, change: ObjectChange[T]) -> None:
        """Hand a change to the loop, in the thread of the subscription behind."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._changes.put_nowait, change)

    async def _tell(self) -> None:
        while True:
            change = await self._changes.get()
            if self._over:
                return
            self._at_work = True
            try:
                await self._call(change)
            finally:
                self._at_work = False

    async def _call(self, change: ObjectChange[T]) -> None:
        try:
            result = self._handler(change)
            if inspect.isawaitable(result):
                await result
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log_failure(self._name, change)  # it is not this task that has been cancelled, but something that it awaits
        except Exception:
            log_failure(self._name, change)
