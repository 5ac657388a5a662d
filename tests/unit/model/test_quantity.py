"""Quantities: what can be read, how it is printed, and how it computes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.errors import PodkitError
from podkit.model.quantity import Quantity, QuantityError

LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "printed", "value"),
    [
        ("0", "0", 0),
        ("1", "1", 1),
        ("+1", "1", 1),
        ("-1", "-1", -1),
        ("1000", "1k", 1000),
        ("1500", "1500", 1500),
        ("1k", "1k", 1000),
        ("1000k", "1M", 10**6),
        ("12E", "9223372036854775807", LARGEST),
        ("500m", "500m", 1),
        ("0.5", "500m", 1),
        (".5", "500m", 1),
        ("5.", "5", 5),
        ("100u", "100u", 1),
        ("1n", "1n", 1),
        ("1024", "1024", 1024),
        ("1Ki", "1Ki", 1024),
        ("1024Mi", "1Gi", 2**30),
        ("1.5Gi", "1536Mi", 3 * 2**29),
        ("0.1Ki", "102400m", 103),
        ("0.5Ki", "512", 512),
        ("1e3", "1e3", 1000),
        ("1E3", "1e3", 1000),
        ("1500e-3", "1500e-3", 2),
        ("1e6", "1e6", 10**6),
        ("0.0000000001", "1n", 1),
        ("1e-30", "1e-9", 1),
        ("1e30", "9223372036854775807", LARGEST),
        ("1e999999999999999999999", "9223372036854775807", LARGEST),
        ("999999999999999999999", "9223372036854775807", LARGEST),
        ("-500m", "-500m", -1),
    ],
)
def test_a_quantity_is_read_and_printed_in_canonical_form(text: str, printed: str, value: int) -> None:
    quantity = Quantity(text)

    assert str(quantity) == printed
    assert quantity.value() == value


@pytest.mark.parametrize(
    "text", ["", " ", "1 Gi", "Gi", "1gi", "1KB", "abc", "1e", "1ee3", "--1", "1.2.3", ".", "1_000", "½", "٣"]
)
def test_what_is_no_quantity_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(QuantityError) as caught:
        Quantity(text)

    assert caught.value.text == text
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, PodkitError)
    assert "is not a quantity" in str(caught.value)


@pytest.mark.parametrize("value", [None, True, 1.5, b"1"])
def test_only_texts_and_integers_are_read(value: object) -> None:
    with pytest.raises(QuantityError):
        Quantity(value)  # type: ignore[arg-type]  # the point of the test


def test_a_wrong_suffix_is_named_with_those_that_there_are() -> None:
    with pytest.raises(QuantityError, match=r"'GB' is no suffix.*Gi"):
        Quantity("1GB")


def test_amounts_compare_and_hash_by_what_they_are() -> None:
    assert Quantity("1Gi") == Quantity("1024Mi") != Quantity("1G")
    assert hash(Quantity("1Gi")) == hash(Quantity("1024Mi"))
    assert Quantity("100m") < Quantity("0.2") <= Quantity("200m") < Quantity(1)
    assert Quantity("1") != "1"
    with pytest.raises(TypeError):
        _ = Quantity("1") < 2  # type: ignore[operator]  # the point of the test


def test_amounts_are_added_subtracted_and_multiplied_exactly() -> None:
    assert Quantity("1Gi") + Quantity("512Mi") == Quantity("1536Mi")
    assert str(Quantity("1Gi") + Quantity("512Mi")) == "1536Mi"
    assert Quantity("1") - Quantity("300m") == Quantity("700m")
    assert 3 * Quantity("250m") == Quantity("250m") * 3 == Quantity("750m")
    assert -Quantity("1") == Quantity("-1")
    assert sum([Quantity("100m"), Quantity("200m"), Quantity("1")]) == Quantity("1300m")
    assert sum(Quantity("0.1") for _ in range(10)) == Quantity(1)
    assert not Quantity("0m")


def test_the_sum_of_nothing_and_something_is_written_like_the_something() -> None:
    assert str(Quantity(0) + Quantity("1Gi")) == "1Gi"


def test_whole_and_milli_values_are_rounded_up() -> None:
    assert Quantity("1100m").value() == 2
    assert Quantity("-1100m").value() == -2
    assert Quantity("100u").milli_value() == 1
    assert Quantity("1").milli_value() == 1000
    assert str(Quantity("100u").rounded_up_to_milli()) == "1m"


def test_a_quantity_copies_and_shows_itself() -> None:
    quantity = Quantity("1Gi")

    assert Quantity(quantity) == quantity
    assert repr(quantity) == "Quantity('1Gi')"
    assert Quantity(1024) == Quantity("1Ki")


_NUMBERS = st.integers(min_value=0, max_value=10**9)
_SUFFIXES = {
    **{suffix: Fraction(10) ** power for suffix, power in zip("num", (-9, -6, -3), strict=True)},
    "": Fraction(1),
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate("kMGTPE", 1)},
    **{suffix + "i": Fraction(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}


@given(whole=_NUMBERS, fraction=st.integers(0, 999), suffix=st.sampled_from(sorted(_SUFFIXES)), negative=st.booleans())
def test_any_quantity_is_exact_to_the_billionth_and_survives_printing(
    whole: int, fraction: int, suffix: str, negative: bool
) -> None:
    text = f"{'-' if negative else ''}{whole}.{fraction:03}{suffix}"
    exact = (whole + Fraction(fraction, 1000)) * _SUFFIXES[suffix]
    rounded_up = min(-(-exact * 10**9 // 1), LARGEST * 10**9)

    quantity = Quantity(text)

    assert quantity.nanos == (-rounded_up if negative else rounded_up)
    assert Quantity(str(quantity)) == quantity
    assert str(Quantity(str(quantity))) == str(quantity)


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_a_quantity_error(text: str) -> None:
    try:
        quantity = Quantity(text)
    except QuantityError:
        return
    assert Quantity(str(quantity)) == quantity
