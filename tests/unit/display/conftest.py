"""A cluster on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import Cluster, VirtualClock
from podkit.runtime.simulated import Images, SimulatedRuntime

BUSYBOX = "docker.io/library/busybox:latest"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def images() -> Images:
    return Images(remote=[BUSYBOX])


@pytest.fixture
def runtime(clock: VirtualClock, images: Images) -> SimulatedRuntime:
    return SimulatedRuntime(clock, images=images)


@pytest.fixture
def cluster(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(runtime, clock=clock, root_dir=tmp_path / "nodes") as cluster:
        yield cluster
