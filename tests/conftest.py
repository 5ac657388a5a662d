"""What all tests share: a Podman of their own, made when the first test asks for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from tests.environment import Environment, prepared
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.podman import FOREIGN

NETWORKS = {"podman"}
"""The networks that Podman has by itself."""


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


def remains(environment: Environment) -> list[str]:
    """What there is in an environment that was not there at first, as ``pod NAME`` and so on."""
    listings = {
        "pod": environment.podman("pod", "ps", "--format", "{{.Name}}"),
        "container": environment.podman("ps", "--all", "--format", "{{.Names}}"),
        "volume": environment.podman("volume", "ls", "--format", "{{.Name}}"),
        "network": environment.podman("network", "ls", "--format", "{{.Name}}"),
    }
    return [f"{kind} {name}" for kind, text in listings.items() for name in text.split() if name not in NETWORKS]
