"""One cluster for all tests, and a namespace for each.

Some behaviours take their time: a back-off of 20 s is one. What such tests look at is in their mark ``begins_early``: it is
created with the first of these tests, and the tests come last, so that their waits run beside everything else. A test with the mark
``runs_early`` as well runs from then on in a thread, and what came of it is told when its turn has come: one that has more to do
before its wait begins, or whose Pods are asked something every second, which keeps a machine busy, and are gone when it ends. The
whole directory comes before all others, which want a Podman to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from podkit import Cluster
from podkit.runtime.base import RuntimeInfo
from tests.conformance.place import Place
from tests.conftest import lacking
from tests.environment import Environment

EARLY_PATIENCE = 300.0
"""Seconds that tests which begin early wait for something: they begin all at once."""
THREADS = 64
"""More than there are tests that run early."""
RUNNING = pytest.StashKey[dict[str, Future[None]]]()
"""What becomes of the tests that run early, by the id of the test."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "behaviour(id): the conformance behaviour that a test shows")
    config.addinivalue_line("markers", "begins_early(*objects): created with the first test, because they take long")
    config.addinivalue_line("markers", "runs_early: a test that begins early, in a thread beside the others")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: (here not in item.path.parents, item.get_closest_marker("begins_early") is not None))


@pytest.fixture(scope="package")
def cluster(podman_environment: Environment) -> Iterator[Cluster]:
    """A cluster on a Podman of its own."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="package")
def early_places(
    cluster: Cluster, podman_info: RuntimeInfo, request: pytest.FixtureRequest
) -> Iterator[dict[str, Place]]:
    """The places of all tests that begin early, by the id of the test; their objects have been created, and those that run do."""
    places = {}
    running = request.config.stash[RUNNING] = {}
    threads = ThreadPoolExecutor(THREADS, "early")
    try:
        for item in request.session.items:
            mark = item.get_closest_marker("begins_early")
            if mark is not None and not lacking(item, podman_info):
                places[item.nodeid] = place = Place(cluster, namespace_of(item), EARLY_PATIENCE)
                for obj in mark.args:
                    place.create(obj)
                if isinstance(item, pytest.Function) and item.get_closest_marker("runs_early") is not None:
                    running[item.nodeid] = threads.submit(_run, item, place)
        yield places
    finally:
        # one that nobody has waited for ends with the cluster
        threads.shutdown(wait=False, cancel_futures=True)


def _run(item: pytest.Function, place: Place) -> None:
    try:
        item.obj(place=place)
    finally:
        place.abandon()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Tell what has become of a test that runs early, in place of running it."""
    outcome = pyfuncitem.config.stash.get(RUNNING, {}).get(pyfuncitem.nodeid)
    if outcome is None:
        return None
    outcome.result()
    return True


@pytest.fixture
def place(cluster: Cluster, early_places: dict[str, Place], request: pytest.FixtureRequest) -> Iterator[Place]:
    """The namespace of a test; it is deleted afterwards, and nobody waits for that."""
    place = early_places.get(request.node.nodeid) or Place(cluster, namespace_of(request.node))
    yield place
    place.abandon()


def namespace_of(item: pytest.Item) -> str:
    """A name for the namespace of a test."""
    return re.sub("[^a-z0-9]+", "-", item.name.removeprefix("test_").lower())[:63].strip("-")
