"""What pytest loads: the fixtures, the marker, the option, and what is added to the report of a failed test.

pytest loads this wherever podkit is installed, so nothing of podkit is imported before a test asks for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from podkit.cluster.cluster import Cluster
    from podkit.runtime.simulated import SimulatedRuntime
    from podkit.testing.namespace import TestNamespace

MakeNamespace: TypeAlias = "Callable[[str], TestNamespace]"

_KEEP = "--podkit-keep"
_OPEN = pytest.StashKey["list[TestNamespace]"]()
_NAMESPACE = "podkit_namespace"
_LONGEST_NAME = 63


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("podkit", "Pods")
    group.addoption(
        _KEEP,
        action="store_true",
        help="let Pods run on after the tests, to look at them: podman pod ps; podkit.clean(kept=True) removes them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker is, and remember the namespaces that are open."""
    config.addinivalue_line(
        "markers",
        "podkit(*sources, timeout=60): apply these to podkit_namespace before the test, and wait until they are ready; a source "
        "is a path beside the test, or an object",
    )
    config.stash[_OPEN] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test whose marker names something has the namespace in which that is, also if it does not ask for it."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and _NAMESPACE not in names and item.get_closest_marker("podkit") is not None:
            names.append(_NAMESPACE)


@pytest.fixture(scope="session")
def podkit_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A cluster on Podman, for all tests of this process.

    What earlier tests have left behind whose process was killed is removed first.
    """
    from podkit.cluster.cluster import Cluster
    from podkit.cluster.node_root import clean

    clean()
    with Cluster(on_exit="keep" if pytestconfig.getoption(_KEEP) else "delete") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def podkit_namespaces(podkit_cluster: Cluster, pytestconfig: pytest.Config) -> MakeNamespace:
    """Makes namespaces, for fixtures with a scope of their own; they are closed at the end of a ``with`` block."""
    from podkit.testing.namespace import TestNamespace

    def make(name: str) -> TestNamespace:
        made = TestNamespace(podkit_cluster, namespace_name(name), keep=pytestconfig.getoption(_KEEP))
        pytestconfig.stash[_OPEN].append(made)
        return made

    return make


@pytest.fixture
def podkit_namespace(podkit_namespaces: MakeNamespace, request: pytest.FixtureRequest) -> Iterator[TestNamespace]:
    """A namespace for the test, with what its ``podkit`` markers name, ready."""
    from podkit.testing.namespace import TIMEOUT

    with podkit_namespaces(request.node.name) as namespace:
        for marker in reversed(list(request.node.iter_markers("podkit"))):
            if unknown := marker.kwargs.keys() - {"timeout"}:
                raise pytest.UsageError(f"the marker podkit takes sources and timeout, and not {min(unknown)}")
            for source in marker.args:
                namespace.apply(_beside(request.path, source), ready=marker.kwargs.get("timeout", TIMEOUT))
        yield namespace
    request.config.stash[_OPEN].remove(namespace)


@pytest.fixture
def podkit_engine() -> SimulatedRuntime:
    """A container engine that is not there, on a virtual clock; it can pull images of every name."""
    from podkit.loop.clock import VirtualClock
    from podkit.runtime.simulated import SimulatedRuntime

    return SimulatedRuntime(VirtualClock())


@pytest.fixture
def podkit_simulated(podkit_engine: SimulatedRuntime) -> Iterator[Cluster]:
    """A cluster without Podman. Time passes only while a verb waits, and then as fast as it can be computed."""
    from podkit.cluster.cluster import Cluster

    with Cluster(podkit_engine) as cluster:
        yield cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Add to the report of a failure what has become of the Pods, and leave out what podkit did inside (--full-trace shows it)."""
    if call.excinfo is not None:
        _hide_inside(call.excinfo)
    report = yield
    if report.failed:
        for namespace in item.config.stash[_OPEN]:
            if text := _told(namespace):
                report.sections.append((f"Pods in namespace {namespace.name}", text))
    return report


def namespace_name(name: str) -> str:
    """The name of a test as one for a namespace."""
    plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain[:_LONGEST_NAME].rstrip("-") or "test"


def _hide_inside(found: pytest.ExceptionInfo[BaseException]) -> None:
    """Have pytest leave out the frames inside of podkit; that of a fixture stays, where the marker is looked at."""
    for entry in found.traceback:
        names = entry.frame.f_globals
        module = str(names.get("__name__"))
        if module != __name__ and module.partition(".")[0] == "podkit":
            names["__tracebackhide__"] = _is_told_by_podkit


def _is_told_by_podkit(found: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether an error tells in its message all that there is to know."""
    errors = sys.modules.get("podkit.errors")  # not imported just because some test has failed
    return errors is not None and isinstance(found.value, errors.PodkitError)


def _beside(test: Path, source: Any) -> Any:
    """A source as `Cluster.apply` takes it: a path is one beside the test."""
    return str(test.parent / source) if isinstance(source, str | Path) else source


def _told(namespace: TestNamespace) -> str:
    from podkit.errors import PodkitError

    try:
        return namespace.report()
    except PodkitError:  # the cluster has been closed
        return ""
