"""Reading a script into words and operators."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define

from podkit.runtime.simulated.shell.syntax import Arithmetic, Literal, Parameter, Part, Script, Substitution, Word

_OPERATORS = ("&&", "||", ";;", "<<-", "<<", ">>", ">&", "<&", ">|", "<", ">", "|", "&", ";", "(", ")", "\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"[0-9?$#@*!-]")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?$#@*!-])")
_PARAMETER_OPERATOR = re.compile(r":?[-=?+]|%%?|##?")
_ENDS_WORD = " \t\n;&|()<>"


class NotUnderstood(Exception):
    """The shell of the simulation does not understand a script; the message says what of it."""


@define
class Token:
    """A word or an operator.

    Attributes:
        text: the operator, or the word as it was written.
        word: the word; None for an operator.
        stream: the number before a redirection, as in ``2>``.
    """

    text: str
    word: Word | None = None
    stream: int | None = None


@define
class Scanner:
    """Reads tokens from a text.

    Args:
        text: the script.
        parse_script: reads a script that begins at the scanner's position up to a closing parenthesis.
    """

    text: str
    parse_script: Callable[[Scanner], Script]
    position: int = 0

    def next(self) -> Token | None:
        """The next token; None at the end."""
        self._skip_blanks()
        if self.position >= len(self.text):
            return None
        number = re.compile(r"([0-9])(?=[<>])").match(self.text, self.position)
        if number:
            self.position += 1
        for operator in _OPERATORS:
            if self.text.startswith(operator, self.position):
                self.position += len(operator)
                return Token(operator, stream=int(number[1]) if number else None)
        start = self.position
        word = self._word(_ENDS_WORD)
        return Token(self.text[start : self.position], word)

    def read_here_document(self, end: Token, *, strips_tabs: bool) -> Word:
        """Take the here-document that begins in the next line out of the text.

        Args:
            end: the word that ends it; if any of it is quoted, nothing in the document is expanded.
            strips_tabs: whether tabs at the beginning of its lines are dropped.
        """
        delimiter = "".join(part.text for part in end.word or () if isinstance(part, Literal))
        start = self.text.find("\n", self.position) + 1
        here, lines = start, []
        while True:
            line, newline, _ = self.text[here:].partition("\n")
            here += len(line) + len(newline)
            line = line.lstrip("\t") if strips_tabs else line
            if line == delimiter:
                break
            if not newline or not start:
                raise NotUnderstood(f"here-document without its end {delimiter!r}")
            lines.append(line + "\n")
        self.text = self.text[:start] + self.text[here:]
        text = "".join(lines)
        if any(char in end.text for char in "'\"\\"):
            return (Literal(text, quoted=True),)
        return self._quoted_text(text)

    def _skip_blanks(self) -> None:
        while self.position < len(self.text):
            char = self.text[self.position]
            if char in " \t\r":
                self.position += 1
            elif self.text.startswith("\\\n", self.position):
                self.position += 2
            elif char == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            else:
                return

    def _quoted_text(self, text: str) -> Word:
        inner = Scanner(text, self.parse_script)
        parts: list[Part] = []
        inner._double_quoted(parts, end="")
        return tuple(parts)

    def _word(self, ends: str) -> Word:
        parts: list[Part] = []
        plain = ""
        while self.position < len(self.text) and (char := self.text[self.position]) not in ends:
            if char not in "'\"\\$`":
                plain += char
                self.position += 1
                continue
            if plain:
                parts.append(Literal(plain))
                plain = ""
            self._special(char, parts)
        if plain:
            parts.append(Literal(plain))
        return tuple(parts)

    def _special(self, char: str, parts: list[Part]) -> None:
        if char == "'":
            end = self.text.find("'", self.position + 1)
            if end < 0:
                raise NotUnderstood("single quote without its end")
            parts.append(Literal(self.text[self.position + 1 : end], quoted=True))
            self.position = end + 1
        elif char == '"':
            self.position += 1
            parts.append(Literal("", quoted=True))
            self._double_quoted(parts, end='"')
        elif char == "\\":
            escaped = self.text[self.position + 1 : self.position + 2]
            if escaped != "\n":
                parts.append(Literal(escaped or "\\", quoted=True))
            self.position += 2
        else:
            parts.append(self._expansion(quoted=False))

    def _double_quoted(self, parts: list[Part], *, end: str) -> None:
        plain = ""
        while True:
            if self.position >= len(self.text):
                if end:
                    raise NotUnderstood("double quote without its end")
                break
            char = self.text[self.position]
            if char == end:
                self.position += 1
                break
            if char == "\\":
                plain += self._escaped_in_quotes()
            elif char in "$`":
                parts.append(Literal(plain, quoted=True))
                plain = ""
                parts.append(self._expansion(quoted=True))
            else:
                plain += char
                self.position += 1
        parts.append(Literal(plain, quoted=True))

    def _escaped_in_quotes(self) -> str:
        escaped = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        if escaped == "\n":
            return ""
        return escaped if escaped and escaped in '$`"\\' else "\\" + escaped

    def _expansion(self, *, quoted: bool) -> Part:
        text, here = self.text, self.position
        if text[here] == "`":
            return self._backquoted(quoted=quoted)
        if text.startswith("$((", here):
            return self._arithmetic(quoted=quoted)
        if text.startswith("$(", here):
            self.position += 2
            return Substitution(self.parse_script(self), quoted)
        if text.startswith("${", here):
            return self._braced(quoted=quoted)
        for pattern in (_NAME, _SPECIAL):
            if found := pattern.match(text, here + 1):
                self.position = found.end()
                return Parameter(found[0], "", (), quoted)
        self.position += 1
        return Literal("$", quoted)

    def _backquoted(self, *, quoted: bool) -> Part:
        end = re.compile(r"(?:[^`\\]|\\.)*`", re.DOTALL).match(self.text, self.position + 1)
        if end is None:
            raise NotUnderstood("back-quote without its end")
        inner = re.sub(r"\\([`\\$])", r"\1", self.text[self.position + 1 : end.end() - 1])
        self.position = end.end()
        return Substitution(self.parse_script(Scanner(inner + "\n)", self.parse_script)), quoted)

    def _arithmetic(self, *, quoted: bool) -> Part:
        start = self.position + 3
        depth, here = 2, start
        while depth and here < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.text[here], 0)
            here += 1
        if depth:
            raise NotUnderstood("$(( without its end")
        self.position = here
        return Arithmetic(self._quoted_text(self.text[start : here - 2]), quoted)

    def _braced(self, *, quoted: bool) -> Part:
        here = self.position + 2
        length = self.text[here : here + 1] == "#" and self.text[here + 1 : here + 2] != "}"
        found = _BRACED.match(self.text, here + 1 if length else here)
        if found is None:
            raise NotUnderstood(f"bad substitution {self.text[self.position :][:20]!r}")
        self.position = found.end()
        operator = "#len" if length else ""
        argument: Word = ()
        if not length and (given := _PARAMETER_OPERATOR.match(self.text, self.position)):
            self.position = given.end()
            operator, argument = given[0], self._word("}")
        if self.text[self.position : self.position + 1] != "}":
            raise NotUnderstood(f"bad substitution ${{{found[0]}…")
        self.position += 1
        return Parameter(found[0], operator, argument, quoted)
