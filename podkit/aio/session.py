"""Talking with what runs in a container."""

from __future__ import annotations

from typing import Any, Self

from podkit import Session as SyncSession
from podkit.aio.awaited import awaited
from podkit.aio.opening import AsyncBlock
from podkit.aio.runner import Pool, Runner, in_own_thread
from podkit.runtime.streams import Piece


class Session(AsyncBlock):
    """A conversation; see `podkit.aio.Cluster.attach` and `podkit.aio.Cluster.stream_exec`.

    It is an async iterator over the pieces of output, and an async context manager that ends it.

    Args:
        behind: the conversation.
        runner: runs its methods.
    """

    def __init__(self, behind: SyncSession, runner: Runner) -> None:
        self._session = behind
        self._runner = runner

    read = awaited(SyncSession.read, Pool.SLOW)
    read_until = awaited(SyncSession.read_until, Pool.SLOW)
    write = awaited(SyncSession.write, Pool.SLOW)
    close_stdin = awaited(SyncSession.close_stdin, Pool.SLOW)
    resize = awaited(SyncSession.resize, Pool.SLOW)
    wait = awaited(SyncSession.wait, Pool.SLOW)

    async def close(self) -> None:
        """End the conversation. A command is killed with it, a container goes on. Closing twice does no harm."""
        await in_own_thread(self._session.close)

    def __aiter__(self) -> Self:
        """The pieces of output, until there are no more."""
        return self

    async def __anext__(self) -> Piece:
        """The next piece of output."""
        piece = await self.read()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def _behind(self) -> tuple[Runner, Any]:
        return self._runner, self._session
