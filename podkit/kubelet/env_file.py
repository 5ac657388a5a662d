"""Files of variables, from which ``fileKeyRef`` takes one.

Each variable is ``NAME='value'``: the value is in single quotes, is taken as it is, and may go over several lines. Blank lines and
comments, also after a value, are allowed, and so is a blank before the name. ``NAME= 'value'`` is an empty value, as for a shell.

Source of the rules: ``pkg/kubelet/util/env/env_util.go`` (KEP-3721, EnvFiles).
"""

from __future__ import annotations

from collections.abc import Iterator

from podkit.kubelet.sources import ConfigError

LIMIT = 1 << 20
"""Bytes that such a file may have."""


def value_of(text: str, key: str) -> str | None:
    """The value of a variable, where it is set first; None if it is not set.

    Raises:
        ConfigError: a line before it, or its own, is no assignment.
    """
    lines = enumerate(text.splitlines(), start=1)
    for number, line in lines:
        line = line.lstrip(" \t")
        if not line or line.startswith("#"):
            continue
        name, equals, rest = line.partition("=")
        _check_name(name, equals, number)
        value = "" if not rest or rest[0] in " \t" else _quoted(rest, number, lines)
        if name == key:
            return value
    return None


def _check_name(name: str, equals: str, number: int) -> None:
    if not equals:
        raise _invalid(number, "missing '='")
    if not name:
        raise _invalid(number, "empty variable name")
    if name != name.rstrip(" \t"):
        raise _invalid(number, "whitespace before '=' is not allowed")


def _quoted(rest: str, number: int, lines: Iterator[tuple[int, str]]) -> str:
    """The value that begins with this, to its closing quote, which may be on a later line."""
    if not rest.startswith("'"):
        raise _invalid(number, "value must be enclosed in single quotes")
    parts: list[str] = []
    rest, last = rest[1:], number
    while "'" not in rest:
        parts.append(rest)
        last, rest = next(lines, (0, ""))
        if not last:
            raise _invalid(number, "unclosed single quote")
    end, _, after = rest.partition("'")
    after = after.lstrip(" \t")
    if after and not after.startswith("#"):
        raise _invalid(last, "unexpected content after closing quote")
    return "\n".join([*parts, end])


def _invalid(number: int, what: str) -> ConfigError:
    return ConfigError(f"invalid environment variable format at line {number}: {what}")
