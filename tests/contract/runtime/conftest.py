"""Each test runs once on every engine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from podkit.runtime.base import RuntimeInfo
from podkit.runtime.podman import PodmanRuntime
from tests.contract.runtime.engines import Engine, RealTime, simulated_engine


@pytest.fixture(scope="package", params=["simulated", "podman", "podman-api"])
def shared_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with a sandbox for the containers of all tests."""
    run = f"{os.getpid()}"
    if request.param != "simulated":
        request.getfixturevalue("podman_environment")
        runtime = PodmanRuntime()
        if request.param == "podman-api":
            runtime._commands.distrust("the test wants Podman's API")
        engine = Engine(runtime, RealTime(), run)
    else:
        engine = simulated_engine(run)
    try:
        engine.sandbox_id = engine.runtime.run_sandbox(engine.sandbox_config())
        yield engine
    finally:
        engine.runtime.remove_sandbox(engine.sandbox_id)
        engine.runtime.close()


@pytest.fixture
def engine_info(shared_engine: Engine) -> RuntimeInfo:
    """What the engine of a test says about itself."""
    return shared_engine.runtime.info()


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """An engine that is clean again after the test."""
    yield shared_engine
    shared_engine.clean()
