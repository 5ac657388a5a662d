"""Quantities: exact amounts of CPU, memory and everything else that is counted, such as ``500m`` or ``1.5Gi``.

A Kubernetes quantity has no finer grain than a billionth (``n``), so that an integer count of billionths holds every
quantity exactly: comparison, hashing and arithmetic are those of Python's integers. Beside the amount a quantity
remembers the family of suffixes that it was written in, because that decides how it is printed: ``1024Mi`` is printed
as ``1Gi``, ``1000M`` as ``1G`` and ``1e9`` as ``1e9``, though the last two are equal.

Source of the rules: apimachinery, ``pkg/api/resource/quantity.go``.
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import Any, Literal

from attrs import field, frozen

from podkit.errors import PodkitError

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

_NANO = 10**9
_LARGEST = (2**63 - 1) * _NANO
_QUANTITY = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([A-Za-z]*(?:[+-]?[0-9]+)?)")
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIXES = ("", *_BINARY)
_UNREASONABLE_EXPONENT = 60


class QuantityError(PodkitError, ValueError):
    """A text that is no quantity.

    Attributes:
        text: what was to be read.
    """

    def __init__(self, text: object, problem: str) -> None:
        self.text = text
        super().__init__(f"{text!r} is not a quantity: {problem}")


@total_ordering
@frozen(init=False, order=False, eq=False, repr=False)
class Quantity:
    """An exact amount, written as Kubernetes writes it.

    ``Quantity("500m")``, ``Quantity("1.5Gi")``, ``Quantity("1e3")`` or ``Quantity(2)``. Quantities compare and hash by
    their amount (``Quantity("1Gi") == Quantity("1024Mi")``), add, subtract, and multiply by integers; ``str()`` is the
    canonical form that an API server prints.

    Args:
        value: the text, an integer, or another quantity.

    Raises:
        QuantityError: the text is no quantity; it is a ``ValueError`` too.

    Example:
        ::

            assert Quantity("500m") + Quantity("0.5") == Quantity(1)
            assert str(Quantity("1024Mi")) == "1Gi" and Quantity("1Gi").value() == 1024**3
    """

    nanos: int = field()
    format: Format = field()

    def __init__(self, value: str | int | Quantity) -> None:
        if isinstance(value, Quantity):
            nanos, form = value.nanos, value.format
        elif isinstance(value, bool) or not isinstance(value, str | int):
            raise QuantityError(value, "a text or an integer is needed")
        else:
            nanos, form = _parse(str(value))
        self.__attrs_init__(nanos, form)

    @classmethod
    def of_nanos(cls, nanos: int, form: Format = "DecimalSI") -> Quantity:
        """Return the quantity of so many billionths."""
        quantity = cls.__new__(cls)
        quantity.__attrs_init__(nanos, form)
        return quantity

    def value(self) -> int:
        """Return the amount as an integer; a fraction is rounded up, away from zero."""
        return _divide_away_from_zero(self.nanos, _NANO)

    def milli_value(self) -> int:
        """Return the amount in thousandths, as CPU is counted; a fraction is rounded up, away from zero."""
        return _divide_away_from_zero(self.nanos, _NANO // 1000)

    def rounded_up_to_milli(self) -> Quantity:
        """Return the quantity rounded up to thousandths, the finest that resource lists keep."""
        return Quantity.of_nanos(self.milli_value() * (_NANO // 1000), self.format)

    def __eq__(self, other: object) -> bool:
        return self.nanos == other.nanos if isinstance(other, Quantity) else NotImplemented

    def __lt__(self, other: Quantity) -> bool:
        return self.nanos < other.nanos if isinstance(other, Quantity) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __neg__(self) -> Quantity:
        return Quantity.of_nanos(-self.nanos, self.format)

    def __add__(self, other: Quantity) -> Quantity:
        if not isinstance(other, Quantity):
            return NotImplemented
        return Quantity.of_nanos(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __radd__(self, other: Any) -> Quantity:
        # The start value of sum().
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: Quantity) -> Quantity:
        if not isinstance(other, Quantity):
            return NotImplemented
        return Quantity.of_nanos(self.nanos - other.nanos, self.format if self.nanos else other.format)

    def __mul__(self, factor: int) -> Quantity:
        if not isinstance(factor, int):
            return NotImplemented
        return Quantity.of_nanos(self.nanos * factor, self.format)

    __rmul__ = __mul__

    def __str__(self) -> str:
        if self.nanos == 0:
            return "0"
        whole, rest = divmod(abs(self.nanos), _NANO)
        sign = "-" if self.nanos < 0 else ""
        if self.format == "BinarySI" and not rest and whole >= 1024:
            return sign + _print_binary(whole)
        return sign + _print_decimal(abs(self.nanos), exponential=self.format == "DecimalExponent")

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[int, Format]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise QuantityError(text, "write a number and an optional suffix without blanks, such as 500m, 2 or 1.5Gi")
    sign, whole, fraction, suffix = match.groups()
    fraction = fraction or ""
    if not whole and not fraction:
        raise QuantityError(text, "there is no number")
    base, exponent, form = _interpret(text, suffix)
    nanos = _scale(int(whole + fraction), base, exponent, len(fraction))
    if form == "BinarySI" and 0 < nanos < _NANO:
        form = "DecimalSI"
    return (-nanos if sign == "-" else nanos), form


def _interpret(text: str, suffix: str) -> tuple[int, int, Format]:
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], "DecimalSI"
    if suffix in _BINARY:
        return 2, _BINARY[suffix], "BinarySI"
    exponent = _EXPONENT.fullmatch(suffix)
    if exponent is None:
        known = " ".join([*filter(None, _DECIMAL), *_BINARY])
        raise QuantityError(text, f"{suffix!r} is no suffix; the suffixes are {known}, or an exponent such as e3")
    digits = exponent.group(1)
    # Beyond this every amount is the largest one, or rounds to a billionth; the power is never computed.
    bound = _UNREASONABLE_EXPONENT
    value = int(digits) if len(digits) < 9 else (-bound if digits.startswith("-") else bound)
    return 10, max(-bound, min(bound, value)), "DecimalExponent"


def _scale(number: int, base: int, exponent: int, decimals: int) -> int:
    """Return number * base**exponent / 10**decimals in billionths: rounded up, and cut at the largest quantity."""
    numerator, denominator = number * _NANO, 10**decimals
    if exponent >= 0:
        numerator *= base**exponent
    else:
        denominator *= base**-exponent
    return min(_divide_away_from_zero(numerator, denominator), _LARGEST)


def _divide_away_from_zero(number: int, divisor: int) -> int:
    return -(-number // divisor) if number >= 0 else number // divisor


def _print_binary(whole: int) -> str:
    power = 0
    while whole % 1024 == 0 and power < len(_BINARY):
        whole //= 1024
        power += 1
    return f"{whole}{_BINARY_SUFFIXES[power]}"


def _print_decimal(nanos: int, *, exponential: bool) -> str:
    exponent = -9
    while nanos % 1000 == 0 and (exponential or exponent < 18):
        nanos //= 1000
        exponent += 3
    if exponential:
        return f"{nanos}e{exponent}" if exponent else str(nanos)
    return f"{nanos}{_DECIMAL_SUFFIX[exponent]}"
