"""What `import podkit` promises, and what it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import podkit
import podkit.model

SOURCE = Path(podkit.__file__)


def imported_for_type_checkers() -> set[str]:
    tree = ast.parse(SOURCE.read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    names = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    return (names - {"*"}) | set(podkit.model.__all__)


def test_the_promised_names_are_sorted_and_each_is_there_once() -> None:
    assert podkit.__all__ == sorted(set(podkit.__all__))


@pytest.mark.parametrize("name", podkit.__all__)
def test_each_promised_name_is_there(name: str) -> None:
    assert getattr(podkit, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    assert set(podkit.__all__) == imported_for_type_checkers()


def test_all_errors_are_promised() -> None:
    raised = [
        name for name, value in vars(podkit.errors).items() if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert set(raised) <= set(podkit.__all__)


def test_dir_shows_names_that_have_not_been_used() -> None:
    assert set(podkit.__all__) <= set(dir(podkit))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Kluster'"):
        podkit.Kluster  # type: ignore[attr-defined]  # noqa: B018  # this is the mistake


@pytest.mark.parametrize(
    ("statement", "not_imported"),
    [
        ("import podkit", ("attrs", "attr", "cattrs", "ruamel", "podman", "requests", "podkit.model")),
        ("import podkit; podkit.Pod", ("ruamel", "podman", "requests")),
        ("import podkit; podkit.Cluster; podkit.PodmanRuntime", ("podman", "requests")),
    ],
)
def test_nothing_is_imported_before_it_is_used(statement: str, not_imported: tuple[str, ...]) -> None:
    script = f"import sys\n{statement}\nprint(*(set({not_imported!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=SOURCE.parents[1]
    )
    assert done.stdout.split() == []


def test_the_engines_are_reached_through_their_room_and_cost_nothing_before() -> None:
    script = (
        "import podkit, sys; podkit.runtime.Runtime; podkit.runtime.SimulatedRuntime; podkit.runtime.PodmanRuntime;"
        "assert podkit.runtime.PodmanRuntime is podkit.PodmanRuntime;"
        "assert not {'podman', 'requests'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_name_that_no_engine_has_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'DockerRuntime'"):
        podkit.runtime.DockerRuntime  # noqa: B018  # this is the mistake


@pytest.mark.parametrize("room", ["aio", "display", "metrics", "runtime", "testing"])
def test_a_public_room_is_there_without_an_import_of_its_own(room: str) -> None:
    script = f"import podkit; print(podkit.{room}.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=SOURCE.parents[1]
    )
    assert done.stdout.strip() == f"podkit.{room}"
