"""Clusters for an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from podkit import SystemClock, VirtualClock, aio
from podkit.runtime.simulated import Images, SimulatedRuntime

BUSYBOX = "docker.io/library/busybox:latest"

MakeCluster = Callable[..., AbstractAsyncContextManager[aio.Cluster]]
Main = Callable[[aio.Cluster], Coroutine[Any, Any, None]]


@pytest.fixture
def cluster(tmp_path: Path) -> MakeCluster:
    """Opens a cluster whose time passes by itself; with ``virtual=True`` one whose time does so only when somebody waits."""

    @asynccontextmanager
    async def opened(*, virtual: bool = False, **options: Any) -> AsyncIterator[aio.Cluster]:
        runtime = SimulatedRuntime(VirtualClock() if virtual else SystemClock(), images=Images(remote=[BUSYBOX]))
        async with aio.Cluster(runtime, root_dir=tmp_path / "nodes", **options) as cluster:
            yield cluster

    return opened
