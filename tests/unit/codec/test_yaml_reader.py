"""YAML as kubectl reads it, and the bounds that keep a document from meaning more than it says."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from podkit.codec.yaml_reader import RawDocument, read_yaml
from podkit.codec.yaml_scalars import resolve_plain
from podkit.errors import DecodeError


@pytest.fixture(params=["C parser", "Python parser"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with either parser: without its compiled module, ruamel.yaml falls back to Python."""
    if request.param == "Python parser":
        monkeypatch.setitem(sys.modules, "ruamel.yaml.cyaml", None)


pytestmark = pytest.mark.usefixtures("_parser")


def read(text: str) -> list[RawDocument]:
    return list(read_yaml(text, "file.yaml"))


def value(text: str) -> Any:
    (document,) = read(text)
    assert document.errors == ()
    return document.value


def fatal(text: str) -> str:
    with pytest.raises(DecodeError) as raised:
        read(text)
    (error,) = raised.value.errors
    assert error.source == "file.yaml"
    return f"{error.line}:{error.column}: {error.message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True),
        ("y", True),
        ("On", True),
        ("TRUE", True),
        ("off", False),
        ("N", False),
        ("yES", "yES"),
        ("", None),
        ("~", None),
        ("Null", None),
        ("0644", 420),
        ("0o644", 420),
        ("0x1F", 31),
        ("-0b101", -5),
        ("1_000", 1000),
        ("+5", 5),
        ("089", 89.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e", "1e"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("18446744073709551615", 18446744073709551615),
        ("99999999999999999999", 99999999999999999999.0),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_plain_scalar_means_what_it_means_to_kubectl(text: str, expected: Any) -> None:
    assert resolve_plain(text) == expected
    assert type(resolve_plain(text)) is type(expected)


def test_quotes_and_tags_make_texts() -> None:
    assert value("[\"yes\", '0644', !!str 5, !custom x, !!int '5', !!float 1, !!binary aGk=]") == [
        "yes",
        "0644",
        "5",
        "x",
        5,
        1.0,
        "hi",
    ]


def test_kyaml_is_read() -> None:
    assert value('---\n{\n  kind: "Pod", # a comment\n  "spec": {list: ["a", 1,],},\n}\n') == {
        "kind": "Pod",
        "spec": {"list": ["a", 1]},
    }


def test_keys_become_what_they_are_in_json() -> None:
    assert value("{1: a, 1.5: b, no: c, Yes: d}") == {"1": "a", "1.5": "b", "false": "c", "true": "d"}


def test_merge_keys_put_in_what_is_not_there() -> None:
    text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nboth:\n  b: 0\n  <<: [*base, *other]\n"

    assert value(text)["both"] == {"a": 1, "b": 0, "c": 4}


def test_documents_know_where_they_start() -> None:
    documents = read("# comment\na: 1\n---\nb: 2\n---\n---\nc: 3\n")

    assert [(document.value, document.index, document.line) for document in documents] == [
        ({"a": 1}, 0, 1),
        ({"b": 2}, 1, 2),
        (None, 2, 4),
        ({"c": 3}, 3, 5),
    ]


def test_keys_that_occur_twice_are_all_found() -> None:
    (document,) = read("a: 1\nb: {x: 1, 'x': 2}\na: 3\n")

    assert [(error.reason, error.value, error.line, error.column) for error in document.errors] == [
        ("Duplicate", "x", 2, 11),
        ("Duplicate", "a", 3, 1),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n\tb: 1\n", "2:1"),
        ("a: [1,\n", "2:1"),
        ("a: 'b\n", "2:1"),
        ("a: b: c\n", "1:5"),
        ("a: \x00\n", "1:4"),
        ("ok: 1\nb: \x07\n", "2:4"),
        ("a: \ud800\n", "1:4"),
        ("a: *b\n", "1:4"),
        ("? [a]\n: b\n", "1:3"),
        ("null: b\n", "1:1"),
        ("<<: 1\n", "2:1"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text: str, place: str) -> None:
    assert fatal(text).startswith(f"{place}: ")


def test_a_value_cannot_contain_itself() -> None:
    assert fatal("a: &a\n  b: *a\n") == "2:6: the alias *a stands for a value that contains it"
    assert fatal("&a [x, [*a]]") == "1:9: the alias *a stands for a value that contains it"


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    assert fatal("\n".join(lines)).endswith("the aliases stand for more than 100000 values")


def test_aliases_are_bounded_through_merge_keys_too() -> None:
    keys = ", ".join(f"k{n}: v" for n in range(1000))
    uses = "\n".join(f"u{n}: {{<<: *base}}" for n in range(200))

    assert fatal(f"base: &base {{{keys}}}\n{uses}\n").endswith("the aliases stand for more than 100000 values")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[{a: "])
def test_nesting_is_bounded(opening: str) -> None:
    assert "nest more than 100 deep" in fatal(opening * 200)
