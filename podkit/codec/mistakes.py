"""What is wrong in a document, collected while it is read, before it becomes a DecodeError.

A reader that meets something wrong raises ``Mistakes`` without knowing where in the document it stands. Every reader around it
puts its own step (a field's name, an index of a list) in front and reads on, so that at the top all mistakes of the document
are there with their whole paths. Nothing of this costs anything while a document is good.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve, frozen

MAX_MISTAKES = 1000
"""After so many mistakes nobody reads on, and so nothing is."""

Step = str | int
Path = tuple[Step, ...]


@frozen
class Mistake:
    """One thing that is wrong.

    Attributes:
        path: the steps from the top of the document: names of fields, keys of maps, indexes of lists.
        reason: a reason as in ``podkit.errors.FieldError``.
        message: what is wrong.
        value: the value that was found.
        shown: the path as Kubernetes writes it.
        unknown_field: True when all that is wrong is that there is no such field.
        quotable: True when the value would be right if it were text, as it is in quotes.
    """

    path: Path
    reason: str
    message: str
    value: Any = None
    shown: str = ""
    unknown_field: bool = False
    quotable: bool = False


class Mistakes(Exception):
    """Some mistakes, on their way to the top of the document."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        super().__init__()
        self.mistakes = list(mistakes)

    def under(self, step: Step, *, key: bool = False) -> list[Mistake]:
        """The mistakes as seen from one step further out.

        Args:
            step: the field, key or index that holds the value that was read.
            key: True for the key of a map, which Kubernetes writes in brackets.
        """
        prefix = f"[{step}]" if key or isinstance(step, int) else step
        return [evolve(found, path=(step, *found.path), shown=_joined(prefix, found.shown)) for found in self.mistakes]

    def hidden(self) -> Mistakes:
        """The same without the values that were found, for places where these are secret."""
        return Mistakes(
            evolve(
                found, message=f"{found.message.partition(',')[0]}; what is there is secret", value=None, quotable=False
            )
            for found in self.mistakes
        )


def _joined(prefix: str, rest: str) -> str:
    return f"{prefix}.{rest}" if rest and not rest.startswith("[") else prefix + rest


def wrong(message: str, value: Any, *, reason: str = "TypeInvalid") -> Mistakes:
    """A single mistake at the place where the value stands."""
    return Mistakes([Mistake((), reason, message, value)])
