"""``$(VAR)`` in commands, arguments and values.

The rules of Kubernetes' `third_party/forked/golang/expansion/expand.go`: ``$(NAME)`` is replaced by the variable's value,
and stays as it is when there is no such variable; ``$$`` stands for one ``$``; an unclosed ``$(``, ``$NAME`` and ``${NAME}``
are plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace the references in a text."""

    def replacement(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$"
        return variables.get(name, match.group(0))

    return _TOKEN.sub(replacement, text) if "$" in text else text


def references(text: str) -> list[str]:
    """The names that a text refers to, in order."""
    return [match.group(1) for match in _TOKEN.finditer(text) if match.group(1) is not None]
