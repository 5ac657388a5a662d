"""The stores that have to keep the contract, each over a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from podkit.loop.clock import Clock, VirtualClock
from podkit.store.base import Store
from podkit.store.memory import MemoryStore

STORES: dict[str, Callable[[Clock], Store]] = {"memory": MemoryStore}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def store(request: pytest.FixtureRequest, clock: VirtualClock) -> Iterator[Store]:
    made: Store = request.param(clock)
    yield made
    made.close()
