"""What a script is made of, once it has been read."""

from __future__ import annotations

from attrs import frozen


@frozen
class Literal:
    """Text as it stands; quoted text is never split and no pattern."""

    text: str
    quoted: bool = False


@frozen
class Parameter:
    """``$name`` or ``${name…}``.

    Attributes:
        name: a variable, a number, or one of ``? $ # @ * ! -``.
        operator: such as ``:-``, ``%`` or, for the length, ``#len``; empty for the plain value.
        argument: what follows the operator.
        quoted: whether it stands in double quotes.
    """

    name: str
    operator: str
    argument: Word
    quoted: bool


@frozen
class Substitution:
    """``$(…)``: what a script writes, without the newlines at its end."""

    script: Script
    quoted: bool


@frozen
class Arithmetic:
    """``$((…))``."""

    expression: Word
    quoted: bool


Part = Literal | Parameter | Substitution | Arithmetic
Word = tuple[Part, ...]


@frozen
class Redirection:
    """Where a stream of a command leads.

    Attributes:
        stream: 0, 1 or 2.
        operator: ``<``, ``>``, ``>>``, ``>&`` or ``<<``.
        target: a file's name, the number of another stream, or the text of a here-document.
    """

    stream: int
    operator: str
    target: Word


Redirections = tuple[Redirection, ...]


@frozen
class Simple:
    """A command with its arguments, or assignments alone."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]


@frozen
class Group:
    """``{ …; }``, or ``( … )``, whose changes of variables and directory are its own."""

    body: Script
    subshell: bool


@frozen
class If:
    """Conditions with what follows from each, and what is done when none holds."""

    branches: tuple[tuple[Script, Script], ...]
    otherwise: Script | None


@frozen
class Loop:
    """``while`` or, negated, ``until``."""

    condition: Script
    body: Script
    until: bool


@frozen
class For:
    """``for name in words``; without words it goes over the arguments."""

    name: str
    words: tuple[Word, ...] | None
    body: Script


@frozen
class Case:
    """``case subject in pattern | pattern) …;; esac``."""

    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Script], ...]


Compound = Group | If | Loop | For | Case


@frozen
class Command:
    """Anything that is done as one, with its redirections."""

    body: Simple | Compound
    redirections: Redirections


@frozen
class Pipeline:
    """Commands of which each reads what the one before wrote."""

    commands: tuple[Command, ...]
    negated: bool


@frozen
class Item:
    """Pipelines joined by ``&&`` and ``||``.

    Attributes:
        first: what is done first.
        rest: what is done depending on how it went.
        background: whether the shell goes on without waiting for it.
    """

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...]
    background: bool


@frozen
class Script:
    """A list of items, done one after the other."""

    items: tuple[Item, ...]
