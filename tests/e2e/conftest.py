"""Whole programs, on a real Podman."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.traces import traces
from tests.environment import Environment


@pytest.fixture(autouse=True)
def nothing_left(podman_environment: Environment) -> Iterator[None]:
    """Nothing may be there after a test that was not there before it."""
    before = traces(podman_environment)
    yield
    assert traces(podman_environment) - before == set()
