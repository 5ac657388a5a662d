"""The stores that have to keep the contract, each over a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.loop.clock import VirtualClock
from podkit.store.base import Store
from podkit.store.memory import MemoryStore
from podkit.store.sqlite import SqliteStore

STORES = ("memory", "sqlite")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, clock: VirtualClock, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore(clock) if request.param == "memory" else SqliteStore(tmp_path / "store.db", clock)
    yield made
    made.close()
