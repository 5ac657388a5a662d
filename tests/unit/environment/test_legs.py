"""What the legs are, and what is said about them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from attrs import fields

from podkit.runtime.base import RuntimeInfo
from tests.environment import __main__ as command
from tests.environment import environment, legs
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.legs import LEG_VARIABLE, LEGS

DOCUMENT = Path(__file__).parents[3] / "docs" / "podman.md"
CAPABILITIES = [one.name for one in fields(RuntimeInfo) if one.default is True]


def test_the_document_says_what_each_leg_can_do() -> None:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in DOCUMENT.read_text().splitlines()]
    rows = {row[0].strip("`"): row[1 : 1 + len(LEGS)] for row in cells if row and row[0].strip("`") in CAPABILITIES}
    yes_or_no = {name: ["no" if name in leg.lacking else "yes" for leg in LEGS.values()] for name in CAPABILITIES}
    assert rows == yes_or_no


def test_what_a_leg_lacks_are_capabilities() -> None:
    for leg in LEGS.values():
        assert leg.lacking <= set(CAPABILITIES), leg.name


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(legs.packages, "ensure_installed", lambda wanted: None)
    monkeypatch.setattr(legs, "programs", lambda release: Path("/cache", release, "bin"))
    monkeypatch.setenv("PATH", "/usr/bin")


def test_the_podman_that_is_here_is_used_as_it_is(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "own_release", lambda: "bookworm")
    found = legs.variables(LEGS["rootful-4"])
    assert "PATH" not in found
    assert found[LEG_VARIABLE] == "rootful-4"


def test_another_podman_comes_before_the_one_that_is_here(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "own_release", lambda: "bookworm")
    assert legs.variables(LEGS["rootful-5"])["PATH"] == "/cache/forky/bin:/usr/bin"


def test_only_root_has_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EnvironmentUnavailable, match="only root"):
        legs.variables(LEGS["rootful-5"])


def test_only_root_becomes_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_capsule", lambda directory, machine: contextlib.nullcontext())
    with pytest.raises(EnvironmentUnavailable, match="only root"), environment.unprivileged([]):
        pass


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--if-possible"], 0)])
def test_a_leg_that_cannot_be_had_is_left_out_only_if_that_was_said(
    options: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def not_here(leg: legs.Leg) -> dict[str, str]:
        raise EnvironmentUnavailable("no network")

    monkeypatch.setattr(command, "variables", not_here)
    monkeypatch.setattr(command.signal, "signal", lambda number, handler: None)
    assert command.main([*options, "--leg", "rootful-5", "--", "true"]) == code
    assert "no network" in capsys.readouterr().err
