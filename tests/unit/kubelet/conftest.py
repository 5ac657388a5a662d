"""What the tests of the kubelet share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.kubelet.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A node whose kubelet is stepped."""
    world = World(tmp_path)
    yield world
    world.kubelet.stop()
