"""Counts that may be written as a percentage, such as ``maxUnavailable: 25%``.

Source of the rules: apimachinery, ``pkg/util/intstr/intstr.go`` and ``validation.IsValidPercent``.
"""

from __future__ import annotations

import re

_PERCENT = re.compile(r"[0-9]+%")


def percent_of(text: str) -> int | None:
    """Return 25 for ``"25%"``; None when the text is no percentage."""
    return int(text[:-1]) if _PERCENT.fullmatch(text) else None


def resolve(value: int | str, total: int, *, round_up: bool) -> int:
    """Return how many of ``total`` an integer or a percentage means.

    Args:
        value: a count, or a percentage such as ``"25%"``.
        total: what the percentage is of.
        round_up: round a fraction up (as maxSurge) or down (as a Deployment's maxUnavailable).

    Raises:
        ValueError: the text is no percentage.
    """
    if isinstance(value, int):
        return value
    percent = percent_of(value)
    if percent is None:
        raise ValueError(f"{value!r} is neither an integer nor a percentage such as '25%'")
    product = percent * total
    return -(-product // 100) if round_up else product // 100
