"""``$((…))``: whole numbers, the operators of C, and variables."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from podkit.runtime.simulated.shell.words import NotUnderstood

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||<<|>>|[-+*/%()<>!&|^~])")


def _divide(left: int, right: int) -> int:
    """C rounds towards zero."""
    if right == 0:
        raise NotUnderstood("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _divide(left, right)


_BINARY: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda left, right: int(bool(left or right))},
    {"&&": lambda left, right: int(bool(left and right))},
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"==": operator.eq, "!=": operator.ne},
    {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divide, "%": _remainder},
)
"""Operators by precedence, the weakest first."""
_UNARY: dict[str, Callable[[int], int]] = {
    "-": operator.neg,
    "+": operator.pos,
    "!": operator.not_,
    "~": operator.invert,
}


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """The value of an expression.

    Raises:
        NotUnderstood: it is none, or more than the simulation knows.
    """
    tokens, position = [], 0
    while expression[position:].strip():
        found = _TOKEN.match(expression, position)
        if found is None:
            raise NotUnderstood(f"arithmetic {expression.strip()!r} is not known to it")
        tokens.append(found[1])
        position = found.end()
    reader = _Reader(tokens, variables)
    value = reader.binary(0) if tokens else 0
    if reader.tokens:
        raise NotUnderstood(f"arithmetic {expression.strip()!r} is not known to it")
    return value


class _Reader:
    def __init__(self, tokens: list[str], variables: Mapping[str, str]) -> None:
        self.tokens = tokens
        self._variables = variables

    def binary(self, level: int) -> int:
        if level == len(_BINARY):
            return self._unary()
        value = self.binary(level + 1)
        while self.tokens and self.tokens[0] in _BINARY[level]:
            operation = _BINARY[level][self.tokens.pop(0)]
            value = int(operation(value, self.binary(level + 1)))
        return value

    def _unary(self) -> int:
        if not self.tokens:
            raise NotUnderstood("arithmetic ends too early")
        first = self.tokens.pop(0)
        if first in _UNARY:
            return int(_UNARY[first](self._unary()))
        if first == "(":
            value = self.binary(0)
            if not self.tokens or self.tokens.pop(0) != ")":
                raise NotUnderstood("arithmetic without its closing parenthesis")
            return value
        return self._number(self._variables.get(first, "0") if first.isidentifier() else first)

    @staticmethod
    def _number(text: str) -> int:
        text = text.strip() or "0"
        try:
            return int(text, 8) if re.fullmatch(r"0\d+", text) else int(text, 0)
        except ValueError:
            raise NotUnderstood(f"{text!r} is no number") from None
