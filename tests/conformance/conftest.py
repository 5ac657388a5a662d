"""One cluster for all tests, and a namespace for each.

Some behaviours take their time: a back-off of 20 s is one. What such tests look at is in their mark ``begins_early``: it is
created with the first of these tests, and the tests come last, so that their waits run beside everything else. The whole
directory comes before all others, which want a Podman to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import Cluster
from podkit.runtime.base import RuntimeInfo
from tests.conformance.place import Place
from tests.conftest import lacking
from tests.environment import Environment


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "behaviour(id): the conformance behaviour that a test shows")
    config.addinivalue_line("markers", "begins_early(*objects): created with the first test, because they take long")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: (here not in item.path.parents, item.get_closest_marker("begins_early") is not None))


@pytest.fixture(scope="package")
def cluster(podman_environment: Environment) -> Iterator[Cluster]:
    """A cluster on a Podman of its own."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="package")
def early_places(cluster: Cluster, podman_info: RuntimeInfo, request: pytest.FixtureRequest) -> dict[str, Place]:
    """The places of all tests that begin early, by the id of the test; their objects have been created."""
    places = {}
    for item in request.session.items:
        mark = item.get_closest_marker("begins_early")
        if mark is not None and not lacking(item, podman_info):
            places[item.nodeid] = Place(cluster, namespace_of(item))
            places[item.nodeid].create(*mark.args)
    return places


@pytest.fixture
def place(cluster: Cluster, early_places: dict[str, Place], request: pytest.FixtureRequest) -> Iterator[Place]:
    """The namespace of a test; it is deleted afterwards, and nobody waits for that."""
    place = early_places.get(request.node.nodeid) or Place(cluster, namespace_of(request.node))
    yield place
    place.abandon()


def namespace_of(item: pytest.Item) -> str:
    """A name for the namespace of a test."""
    return re.sub("[^a-z0-9]+", "-", item.name.removeprefix("test_").lower())[:63].strip("-")
