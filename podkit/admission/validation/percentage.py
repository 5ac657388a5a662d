"""Rules for numbers of Pods that may be percentages.

Source of the rules: apps, ``ValidatePositiveIntOrPercent``, ``IsNotMoreThan100Percent``, ``getIntOrPercentValue``.
"""

from __future__ import annotations

from podkit.admission.validation.collect import Errors
from podkit.model.int_or_string import percent_of


def check_count_or_percentage(errors: Errors, path: str, value: int | str) -> None:
    """A count of 0 or more, or a percentage such as '25%'."""
    if isinstance(value, int):
        errors.non_negative(path, value)
    elif percent_of(value) is None:
        errors.invalid(path, value, "must be an integer, or a percentage such as '25%'")


def check_not_over_100_percent(errors: Errors, path: str, value: int | str) -> None:
    """A percentage of 100 at most; a count may be anything."""
    if isinstance(value, str) and (percent_of(value) or 0) > 100:
        errors.invalid(path, value, "must be 100% at most")


def amount_of(value: int | str) -> int:
    """Return the count, or the percentage as a number; 0 for a text that is neither."""
    return value if isinstance(value, int) else percent_of(value) or _leading_integer(value)


def _leading_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
