"""The scalar fields: from the values that a document holds to Python's, as strictly as an API server reads them, and back.

A wrong type is an error, never a guess: ``value: 1`` is no string, ``replicas: "3"`` is no number. Exceptions are the API
server's own: a quantity may be a number, and a float without a fraction is a whole number, because that is what
remains of it once kubectl has made JSON of it.
"""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from podkit.codec.mistakes import Mistake, Mistakes, wrong
from podkit.model.quantity import Quantity, QuantityError

MAX_DEPTH = 100
"""How deep maps and lists may nest: four times what any object of Kubernetes needs."""

_INT32 = 1 << 31
_INT64 = 1 << 63
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)


def read_str(value: Any, _: Any = None) -> str:
    """A text; nothing else is taken for one."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str(value)
    scalar = isinstance(value, bool | int | float)
    raise Mistakes([Mistake((), "TypeInvalid", _type_message("string", value), value, quotable=scalar)])


def read_bool(value: Any, _: Any = None) -> bool:
    """True or False."""
    if value is True or value is False:
        return value
    raise _not_a("boolean", value)


def read_int32(value: Any, _: Any = None) -> int:
    """A whole number of 32 bits."""
    if type(value) is int and -_INT32 <= value < _INT32:
        return value
    return _whole_number(value, _INT32, "32")


def read_int64(value: Any, _: Any = None) -> int:
    """A whole number of 64 bits."""
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    return _whole_number(value, _INT64, "64")


def _whole_number(value: Any, limit: int, bits: str) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _not_a("whole number", value)
    if not -limit <= value < limit:
        raise wrong(f"must be a whole number of {bits} bits, from {-limit} to {limit - 1}", value)
    return int(value)


def read_int_or_string(value: Any, _: Any = None) -> int | str:
    """A whole number of 32 bits, or a text."""
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _not_a("whole number or a string", value)
    return read_int32(value)


def read_quantity(value: Any, _: Any = None) -> str:
    """An amount of a resource: its text; of a number the text that JSON has for it."""
    if type(value) is str:
        problem = _quantity_problem(value)
        if problem is not None:
            raise wrong(problem, value)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _not_a("quantity such as 500m, 1.5 or 1Gi", value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _not_a("quantity such as 500m, 1.5 or 1Gi", value)
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return str(value)


@lru_cache(maxsize=1024)
def _quantity_problem(text: str) -> str | None:
    """What is wrong with the text of a quantity; remembered, because manifests use the same few over and over."""
    try:
        Quantity(text)
    except QuantityError as error:
        return str(error)
    return None


def read_bytes(value: Any, _: Any = None) -> bytes:
    """Bytes, which documents hold as base64."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _not_a("string of base64", value)
    try:
        return b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(f"must be base64, which this is not: {error}", value) from None


def read_time(value: Any, _: Any = None) -> datetime:
    """A time as RFC 3339 writes it, in UTC, to the microsecond."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(
            f"must be a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z; this is {named(value)}", value
        )
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    microsecond = int((match[7] or "0")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(match[9]), minutes=int(match[10])) if match[8] else timedelta()
    zone = timezone(-offset if match[8] == "-" else offset)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong(f"is no time that exists: {error}", value) from None


def read_free_form(value: Any, _: Any = None, depth: int = 0) -> Any:
    """A copy of whatever JSON can hold."""
    if depth > MAX_DEPTH:
        raise wrong(f"nests more than {MAX_DEPTH} deep", None, reason="Invalid")
    if isinstance(value, dict):
        return {read_str(key): read_free_form(item, None, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [read_free_form(item, None, depth + 1) for item in value]
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise _not_a("value that JSON can hold", value)


def write_time(value: datetime) -> str:
    """The time in UTC as RFC 3339 writes it, with a fraction only if there is one."""
    moment = value.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds") + "Z"


def write_micro_time(value: datetime) -> str:
    """The time in UTC as RFC 3339 writes it, always with six digits of a fraction."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def write_bytes(value: bytes) -> str:
    """Base64 of the bytes."""
    return b64encode(value).decode("ascii")


def _not_a(expected: str, value: Any) -> Mistakes:
    return wrong(_type_message(expected, value), value)


def _type_message(expected: str, value: Any) -> str:
    return f"must be a {expected}, but this is {named(value)}"


def named(value: Any) -> str:
    """A value as a sentence about it needs it: what it is, and if it is short, itself."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "..."
    kind = {str: "the string", int: "the number", float: "the number"}.get(type(value), "")
    return f"{kind} {shown}".strip()
