"""From a word as it is written to the arguments that it stands for.

In POSIX's order: parameters, commands and arithmetic, then splitting at blanks, then patterns of file names, then quotes. The
pieces of a word are kept with the knowledge whether they were quoted, until the end.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Generator
from typing import Protocol, TypeVar

from podkit.runtime.simulated.filesystem import Filesystem
from podkit.runtime.simulated.process import Pause
from podkit.runtime.simulated.shell.arithmetic import evaluate
from podkit.runtime.simulated.shell.syntax import Arithmetic, Literal, Parameter, Part, Script, Substitution, Word

T = TypeVar("T")
Expansion = Generator[Pause, None, T]
"""Expanding takes time where a command is substituted."""

_Piece = tuple[str, bool]
"""Text, and whether it was quoted."""

_BLANKS = re.compile(r"[ \t\n]+")
_PATTERN = re.compile(r"[*?\[]")


class Unset(Exception):
    """A parameter is not set that must be; the message is the shell's."""


class Variables(Protocol):
    """What words are expanded with."""

    variables: dict[str, str]
    arguments: list[str]
    working_dir: str

    @property
    def unset_is_error(self) -> bool:
        """Whether a variable that is not set is an error."""

    @property
    def files(self) -> Filesystem:
        """Where patterns look for names."""

    def special(self, name: str) -> str | None:
        """The value of a parameter that is no variable, or None."""

    def capture(self, script: Script) -> Expansion[str]:
        """What a script writes."""


def expand_all(words: tuple[Word, ...], shell: Variables) -> Expansion[list[str]]:
    """The arguments that words stand for."""
    arguments: list[str] = []
    for word in words:
        if len(word) == 1 and isinstance(literal := word[0], Literal) and _stands_for_itself(literal):
            arguments.append(literal.text)
            continue
        for pieces in _split((yield from _pieces(word, shell))):
            arguments.extend(_names(pieces, shell))
    return arguments


def _stands_for_itself(literal: Literal) -> bool:
    return literal.quoted or not (literal.text.startswith("~") or _PATTERN.search(literal.text))


def expand_text(word: Word, shell: Variables) -> Expansion[str]:
    """The text that a word stands for where it is not split, as in an assignment."""
    return "".join(text for text, _ in _joined((yield from _pieces(word, shell))))


def expand_pattern(word: Word, shell: Variables) -> Expansion[str]:
    """The pattern that a word stands for; what is quoted in it stands for itself."""
    pieces = _joined((yield from _pieces(word, shell)))
    return "".join(_literally(text) if quoted else text for text, quoted in pieces)


def matches(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern of the shell."""
    return fnmatch.fnmatchcase(text, pattern)


def _literally(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


_BREAK: _Piece = ("\0", False)
"""Between the arguments of ``"$@"``."""


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    return [(" ", True) if piece == _BREAK else piece for piece in pieces]


def _pieces(word: Word, shell: Variables) -> Expansion[list[_Piece]]:
    pieces: list[_Piece] = []
    for position, part in enumerate(word):
        if position == 0 and isinstance(part, Literal) and not part.quoted and part.text.split("/")[0] == "~":
            pieces.append((shell.variables.get("HOME", "/") + part.text[1:], True))
        else:
            pieces.extend((yield from _part(part, shell)))
    return pieces


def _part(part: Part, shell: Variables) -> Expansion[list[_Piece]]:
    if isinstance(part, Literal):
        return [(part.text, True)] if part.quoted else _unquoted_literal(part.text)
    if isinstance(part, Substitution):
        return [((yield from shell.capture(part.script)).rstrip("\n"), part.quoted)]
    if isinstance(part, Arithmetic):
        expression = yield from expand_text(part.expression, shell)
        return [(str(evaluate(expression, shell.variables)), part.quoted)]
    if part.name in {"@", "*"} and not part.operator:
        return _arguments(part, shell)
    return [((yield from _parameter(part, shell)), part.quoted)]


def _unquoted_literal(text: str) -> list[_Piece]:
    """A literal is a pattern where it says so, but never split: blanks in it cannot be unquoted."""
    return [(piece, not _PATTERN.search(piece)) for piece in re.split(r"([*?]|\[[^]]*\])", text) if piece]


def _arguments(part: Parameter, shell: Variables) -> list[_Piece]:
    if part.name == "*" and part.quoted:
        return [(" ".join(shell.arguments[1:]), True)]
    pieces: list[_Piece] = []
    for argument in shell.arguments[1:]:
        pieces.extend(([_BREAK] if pieces else []) + [(argument, part.quoted)])
    return pieces


def _parameter(part: Parameter, shell: Variables) -> Expansion[str]:
    value = shell.special(part.name)
    if value is None:
        value = shell.variables.get(part.name)
    operator = part.operator
    if operator == "#len":
        return str(len(value or ""))
    if operator[:1] in {"%", "#"}:
        return _trimmed(value or "", operator, (yield from expand_pattern(part.argument, shell)))
    missing = value is None or (operator.startswith(":") and not value)
    action = operator[-1:]
    if action == "+":
        return "" if missing else (yield from expand_text(part.argument, shell))
    if not missing or not action:
        if value is None and shell.unset_is_error:
            raise Unset(f"{part.name}: parameter not set")
        return value or ""
    given = yield from expand_text(part.argument, shell)
    if action == "?":
        raise Unset(f"{part.name}: {given or 'parameter not set'}")
    if action == "=":
        shell.variables[part.name] = given
    return given


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """``%`` and ``#``: without the shortest suffix or prefix that matches; doubled: without the longest."""
    cuts = range(len(value) + 1)
    from_start = operator[0] == "#"
    shortest_first = cuts if from_start == (len(operator) == 1) else reversed(cuts)
    for cut in shortest_first:
        if matches(value[:cut] if from_start else value[cut:], pattern):
            return value[cut:] if from_start else value[:cut]
    return value


def _split(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Split what was not quoted at blanks; an argument that is empty counts only if something of it was quoted."""
    fields: list[list[_Piece]] = []
    current: list[_Piece] | None = None
    for text, quoted in pieces:
        if (text, quoted) == _BREAK:
            fields.append(current or [])
            current = []
        elif quoted:
            current = [*(current or []), (text, True)]
        else:
            for number, part in enumerate(_BLANKS.split(text)):
                if number and current is not None:
                    fields.append(current)
                    current = None
                if part:
                    current = [*(current or []), (part, False)]
    return fields if current is None else [*fields, current]


def _names(pieces: list[_Piece], shell: Variables) -> list[str]:
    """The names of files that match, where there is a pattern and any do; the argument as it stands otherwise."""
    text = "".join(piece for piece, _ in pieces)
    if not any(not quoted and _PATTERN.search(piece) for piece, quoted in pieces):
        return [text]
    pattern = "".join(_literally(piece) if quoted else piece for piece, quoted in pieces)
    return _matching(pattern, shell) or [text]


def _matching(pattern: str, shell: Variables) -> list[str]:
    found = ["/"] if pattern.startswith("/") else [""]
    for component in pattern.strip("/").split("/"):
        found = [name for parent in found for name in _children(parent, component, shell)]
    return found


def _children(parent: str, component: str, shell: Variables) -> list[str]:
    directory = shell.files.absolute(shell.working_dir, parent or ".")
    if not shell.files.is_dir(directory):
        return []
    names = [name for name in shell.files.names(directory) if matches(name, component)]
    return [posixpath.join(parent, name) for name in names if component.startswith(".") or not name.startswith(".")]
