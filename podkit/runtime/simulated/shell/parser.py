"""Reading a script: from words and operators to what is to be done.

By recursive descent over the grammar of POSIX (Shell Command Language, 2.10).
"""

from __future__ import annotations

import functools
import re

from podkit.runtime.simulated.shell.syntax import (
    Case,
    Command,
    Compound,
    For,
    Group,
    If,
    Item,
    Literal,
    Loop,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Word,
)
from podkit.runtime.simulated.shell.words import NotUnderstood, Scanner, Token

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_REDIRECTIONS = {"<": 0, ">": 1, ">>": 1, ">|": 1, ">&": 1, "<<": 0, "<<-": 0}
_CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "}", "esac"})


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Script:
    """Read a script.

    Raises:
        NotUnderstood: the shell of the simulation does not understand it.
    """
    parser = _Parser(Scanner(text, _parse_substitution))
    script = parser.script()
    if parser.token is not None:
        raise NotUnderstood(f"unexpected {parser.token.text!r}")
    return script


def _parse_substitution(scanner: Scanner) -> Script:
    """A script up to its closing parenthesis, which the scanner is then past."""
    parser = _Parser(scanner)
    script = parser.script()
    if not parser.at(")"):
        raise NotUnderstood("$( without its end")
    return script


class _Parser:
    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self.token = scanner.next()

    def script(self) -> Script:
        items = []
        self._skip_newlines()
        while self.token is not None and not self._at_end_of_list():
            items.append(self._item())
            self._skip_newlines()
        return Script(tuple(items))

    def at(self, *texts: str) -> bool:
        """Whether the next token is one of these operators or unquoted words."""
        return self.token is not None and self.token.text in texts

    def _at_end_of_list(self) -> bool:
        return self.at(")", ";;") or (self.token is not None and self.token.text in _CLOSING)

    def _advance(self) -> Token:
        token = self.token
        if token is None:
            raise NotUnderstood("unexpected end of the script")
        self.token = self._scanner.next()
        return token

    def _expect(self, text: str) -> None:
        if not self.at(text):
            found = "the end of the script" if self.token is None else repr(self.token.text)
            raise NotUnderstood(f"unexpected {found}, expecting {text!r}")
        self._advance()

    def _skip_newlines(self) -> None:
        while self.at("\n"):
            self._advance()

    def _item(self) -> Item:
        first, rest = self._pipeline(), []
        while self.at("&&", "||"):
            operator = self._advance().text
            self._skip_newlines()
            rest.append((operator, self._pipeline()))
        background = self.at("&")
        if self.at("&", ";", "\n"):
            self._advance()
        elif self.token is not None and not self._at_end_of_list():
            raise NotUnderstood(f"unexpected {self.token.text!r}")
        return Item(first, tuple(rest), background)

    def _pipeline(self) -> Pipeline:
        negated = self.at("!")
        if negated:
            self._advance()
        commands = [self._command()]
        while self.at("|"):
            self._advance()
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Command:
        readers = {
            "{": self._group,
            "(": self._subshell,
            "if": self._if,
            "while": self._loop,
            "until": self._loop,
            "for": self._for,
            "case": self._case,
        }
        read = readers.get(self.token.text) if self.token else None
        if read is None:
            return self._simple()
        body = read()
        redirections: list[Redirection] = []
        while self.token is not None and self.token.text in _REDIRECTIONS:
            redirections.append(self._redirection())
        return Command(body, tuple(redirections))

    def _simple(self) -> Command:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while self.token is not None:
            if self.token.word is None and self.token.text in _REDIRECTIONS:
                redirections.append(self._redirection())
            elif self.token.word is None:
                break
            elif not words and (named := _ASSIGNMENT.match(self.token.text)):
                assignments.append((named[1], _without_name(self._advance().word or (), len(named[0]))))
            else:
                words.append(self._advance().word or ())
        if self.at("(") and words:
            raise NotUnderstood("functions are not known to it")
        if not assignments and not words and not redirections:
            found = "the end of the script" if self.token is None else repr(self.token.text)
            raise NotUnderstood(f"unexpected {found}")
        return Command(Simple(tuple(assignments), tuple(words)), tuple(redirections))

    def _redirection(self) -> Redirection:
        operator = self._advance()
        stream = _REDIRECTIONS[operator.text] if operator.stream is None else operator.stream
        if self.token is None or self.token.word is None:
            raise NotUnderstood(f"nothing after {operator.text!r}")
        if stream > 2:
            raise NotUnderstood(f"stream {stream} is not known to it")
        target = self.token
        if operator.text in {"<<", "<<-"}:
            document = self._scanner.read_here_document(target, strips_tabs=operator.text == "<<-")
            self._advance()
            return Redirection(stream, "<<", document)
        self._advance()
        kind = ">" if operator.text == ">|" else operator.text
        return Redirection(stream, kind, target.word or ())

    def _body(self, opening: str, closing: str) -> Script:
        self._expect(opening)
        script = self.script()
        self._expect(closing)
        return script

    def _group(self) -> Compound:
        return Group(self._body("{", "}"), subshell=False)

    def _subshell(self) -> Compound:
        return Group(self._body("(", ")"), subshell=True)

    def _if(self) -> Compound:
        branches, otherwise = [], None
        while self.at("if", "elif"):
            self._advance()
            condition = self.script()
            self._expect("then")
            branches.append((condition, self.script()))
        if self.at("else"):
            self._advance()
            otherwise = self.script()
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _loop(self) -> Compound:
        until = self._advance().text == "until"
        condition = self.script()
        return Loop(condition, self._body("do", "done"), until)

    def _for(self) -> Compound:
        self._advance()
        name = self._advance().text
        words: list[Word] | None = None
        if self.at("in"):
            self._advance()
            words = []
            while self.token is not None and self.token.word is not None:
                words.append(self._advance().word or ())
        if self.at(";"):
            self._advance()
        self._skip_newlines()
        return For(name, None if words is None else tuple(words), self._body("do", "done"))

    def _case(self) -> Compound:
        self._advance()
        subject = self._advance().word or ()
        self._skip_newlines()
        self._expect("in")
        self._skip_newlines()
        branches = []
        while not self.at("esac"):
            if self.at("("):
                self._advance()
            patterns = [self._advance().word or ()]
            while self.at("|"):
                self._advance()
                patterns.append(self._advance().word or ())
            self._expect(")")
            body = self.script()
            if self.at(";;"):
                self._advance()
            self._skip_newlines()
            branches.append((tuple(patterns), body))
        self._expect("esac")
        return Case(subject, tuple(branches))


def _without_name(word: Word, length: int) -> Word:
    first = word[0]
    assert isinstance(first, Literal)
    rest = first.text[length:]
    return ((Literal(rest),) if rest else ()) + word[1:]
