"""The rollout of a Deployment, DaemonSet or StatefulSet."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from podkit import Rollout as SyncRollout
from podkit.aio.awaited import awaited
from podkit.aio.runner import Runner


class Rollout:
    """The rollout of one object; see `podkit.aio.Cluster.rollout`. Each method looks at the object as it is then.

    Args:
        open: finds the object, and who runs things.
    """

    def __init__(self, open: Callable[[], Coroutine[Any, Any, tuple[Runner, SyncRollout]]]) -> None:
        self._open = open
        self._found: tuple[Runner, SyncRollout] | None = None

    current = awaited(SyncRollout.current)
    status = awaited(SyncRollout.status)
    wait = awaited(SyncRollout.wait)
    history = awaited(SyncRollout.history)
    undo = awaited(SyncRollout.undo)
    pause = awaited(SyncRollout.pause)
    resume = awaited(SyncRollout.resume)
    restart = awaited(SyncRollout.restart)

    async def _behind(self) -> tuple[Runner, Any]:
        if self._found is None:
            self._found = await self._open()
        return self._found
