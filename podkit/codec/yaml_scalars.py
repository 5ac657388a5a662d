"""What a plain (unquoted) scalar of YAML means, as kubectl reads it.

kubectl reads YAML 1.1 in go-yaml's dialect: ``yes``, ``on`` and even ``y`` are booleans, ``0644`` and ``0o644`` are octal,
``1_000`` is a thousand, ``089`` (no octal number) is a float, and a timestamp remains a string. Source of the rules: go-yaml v2,
``resolve.go``, which ``sigs.k8s.io/yaml`` carries.
"""

from __future__ import annotations

import math
import re

Plain = str | int | float | bool | None


def _spellings(*words: str) -> list[str]:
    return [spelling for word in words for spelling in dict.fromkeys((word, word.capitalize(), word.upper()))]


WORDS: dict[str, Plain] = {
    "": None,
    "~": None,
    **dict.fromkeys(_spellings("null"), None),
    **dict.fromkeys(_spellings("y", "yes", "true", "on"), True),
    **dict.fromkeys(_spellings("n", "no", "false", "off"), False),
    **dict.fromkeys(_spellings(".nan"), math.nan),
    ".NaN": math.nan,
    **dict.fromkeys((sign + word for sign in ("", "+") for word in _spellings(".inf")), math.inf),
    **dict.fromkeys(("-" + word for word in _spellings(".inf")), -math.inf),
}
"""The words that do not mean themselves."""

NUMBER_START = frozenset("+-.0123456789")
"""The characters with which a plain scalar must start to be a number."""

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_BASED = re.compile(r"([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_UINT64 = 1 << 64
_INT64 = 1 << 63


def resolve_plain(text: str) -> Plain:
    """The value of a plain scalar: None, a boolean, a number, or the text itself."""
    if text[:1] not in NUMBER_START:
        return WORDS.get(text, text)
    return WORDS[text] if text in WORDS else _number(text)


def _number(text: str) -> Plain:
    digits = text.replace("_", "") if text[0] != "." else text
    whole = _whole(digits)
    if whole is not None and -_INT64 <= whole < _UINT64:
        return whole
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        return value if math.isfinite(value) else text
    return text


def _whole(digits: str) -> int | None:
    """The whole number of Go's ``strconv.ParseInt`` in base 0; None when it is none. Far too long ones are left to the float."""
    if len(digits) > 80:
        return None
    if _DECIMAL.fullmatch(digits):
        return int(digits)
    match = _BASED.fullmatch(digits)
    if match is None:
        return None
    sign, hexadecimal, binary, octal = match.groups()
    magnitude = int(hexadecimal, 16) if hexadecimal else int(binary, 2) if binary else int(octal, 8)
    return -magnitude if sign == "-" else magnitude
