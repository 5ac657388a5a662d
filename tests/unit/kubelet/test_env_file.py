"""Files of variables."""

from __future__ import annotations

from typing import Any

import pytest
from builders import container
from test_environment import environment, from_source

from podkit.kubelet.env_file import value_of
from podkit.kubelet.sources import ConfigError
from podkit.model import FileKeySelector


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A='1'", "1"),
        ("# comment\n\n   \nB='2'\n  A='1' # and why", "1"),
        ("A='one\ntwo\n'\n", "one\ntwo\n"),
        ("A='$B \\n \"x\" # no comment'", '$B \\n "x" # no comment'),
        ("A= 'ignored'", ""),
        ("A=", ""),
        ("A=''", ""),
        ("A='first'\nA='second'", "first"),
        ("A='1'\nthis is not looked at", "1"),
        ("B='1'", None),
        ("", None),
    ],
)
def test_a_variable(text: str, value: str | None) -> None:
    assert value_of(text, "A") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1", "line 1: value must be enclosed in single quotes"),
        ("\nA", "line 2: missing '='"),
        ("='1'", "line 1: empty variable name"),
        ("A ='1'", "line 1: whitespace before '='"),
        ("A='1' x", "line 1: unexpected content after closing quote"),
        ("B='x\ny' z", "line 2: unexpected content after closing quote"),
        ("\nA='1\n2", "line 2: unclosed single quote"),
    ],
)
def test_what_is_no_file_of_variables(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        value_of(text, "A")


def of_file(**fields: Any) -> dict[str, str]:
    selector = FileKeySelector(**{"volume_name": "v", "path": "a.env", "key": "A"} | fields)
    return environment(container(env=[from_source(file_key_ref=selector)]))


def test_a_container_gets_a_variable_of_a_file() -> None:
    assert of_file() == {"X": "1"}


@pytest.mark.parametrize("missing", [{"key": "B"}, {"path": "b.env"}])
def test_what_is_missing_is_an_error_unless_it_is_optional(missing: dict[str, str]) -> None:
    assert of_file(optional=True, **missing) == {}
    with pytest.raises(ConfigError, match="of volume v"):
        of_file(**missing)


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"couldn't parse file latin\.env"):
        of_file(path="latin.env")
