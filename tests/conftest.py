"""What all tests share: a Podman of their own, made when the first test asks for it, and what it must be able to do.

What a Podman cannot do is a capability that its `RuntimeInfo` does not have, and never a decision of a test's: a test that
needs it says so by ``@pytest.mark.needs("limits_enforced")``, and is skipped where it is not reported. What each leg may lack
is written down (`tests.environment.legs`), and tested, so that nothing goes in silence.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from podkit.runtime.base import RuntimeInfo
from podkit.runtime.podman import PodmanRuntime
from tests.environment import Environment, prepared
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.podman import FOREIGN

NETWORKS = {"podman"}
"""The networks that Podman has by itself."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*capabilities): what the engine must report that it can do")
    # how long an example takes on a busy machine says nothing
    settings.register_profile("podkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("podkit")


@pytest.fixture(scope="session")
def podman_environment() -> Iterator[Environment]:
    """A Podman that is ours alone, with test images and a registry; see `tests.environment`.

    All Podman of this process and of those that it starts is this one from here to the end of the session. When the session
    ends, nothing of the tests may be left in it.
    """
    try:
        with prepared() as environment, pytest.MonkeyPatch.context() as patch:
            for name, value in environment.variables.items():
                patch.setenv(name, value)
            for name in FOREIGN:
                patch.delenv(name, raising=False)
            patch.setattr(tempfile, "tempdir", None)
            yield environment
            left = remains(environment)
    except EnvironmentUnavailable as error:
        pytest.fail(f"no Podman to test with: {error}", pytrace=False)
    assert not left, f"the tests left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def podman_info(podman_environment: Environment) -> RuntimeInfo:
    """What the Podman of the tests says about itself."""
    with contextlib.closing(PodmanRuntime()) as runtime:
        return runtime.info()


@pytest.fixture
def engine_info(request: pytest.FixtureRequest) -> RuntimeInfo:
    """What the engine of a test says about itself: that of Podman, where nothing else is said."""
    info: RuntimeInfo = request.getfixturevalue("podman_info")
    return info


@pytest.fixture(autouse=True)
def _what_it_needs(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("needs") is not None:
        missing = lacking(request.node, request.getfixturevalue("engine_info"))
        if missing:
            pytest.skip(f"this engine does not have: {', '.join(missing)}")


def lacking(item: pytest.Item, info: RuntimeInfo) -> list[str]:
    """The capabilities that a test needs and an engine does not have."""
    return [need for mark in item.iter_markers("needs") for need in mark.args if not getattr(info, need)]


def remains(environment: Environment) -> list[str]:
    """What there is in an environment that was not there at first, as ``pod NAME`` and so on."""
    listings = {
        "pod": environment.podman("pod", "ps", "--format", "{{.Name}}"),
        "container": environment.podman("ps", "--all", "--format", "{{.Names}}"),
        "volume": environment.podman("volume", "ls", "--format", "{{.Name}}"),
        "network": environment.podman("network", "ls", "--format", "{{.Name}}"),
    }
    return [f"{kind} {name}" for kind, text in listings.items() for name in text.split() if name not in NETWORKS]
