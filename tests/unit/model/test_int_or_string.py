"""Counts that may be percentages."""

from __future__ import annotations

import pytest

from podkit.model.int_or_string import percent_of, resolve


@pytest.mark.parametrize(
    ("text", "percent"), [("25%", 25), ("0%", 0), ("150%", 150), ("25", None), ("-5%", None), ("%", None)]
)
def test_a_percentage_is_digits_and_a_sign(text: str, percent: int | None) -> None:
    assert percent_of(text) == percent


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [(3, 10, 3, 3), ("25%", 10, 3, 2), ("50%", 10, 5, 5), ("0%", 10, 0, 0), ("1%", 1, 1, 0)],
)
def test_a_percentage_is_rounded_as_its_use_asks(value: int | str, total: int, up: int, down: int) -> None:
    assert resolve(value, total, round_up=True) == up
    assert resolve(value, total, round_up=False) == down


def test_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="neither an integer nor a percentage"):
        resolve("many", 3, round_up=True)
