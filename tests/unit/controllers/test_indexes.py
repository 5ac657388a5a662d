"""Sets of completion indexes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.controllers.job.indexes import IndexSet


@pytest.mark.parametrize(
    ("indexes", "text"),
    [
        ([], ""),
        ([3], "3"),
        ([1, 2], "1,2"),
        ([1, 2, 3], "1-3"),
        ([0, 1, 2, 5], "0-2,5"),
        ([9, 0, 4, 5], "0,4,5,9"),
    ],
)
def test_is_written_as_kubernetes_writes_it(indexes, text):
    assert str(IndexSet.of(indexes)) == text


@pytest.mark.parametrize(
    ("text", "completions", "read"),
    [
        ("", 5, ""),
        (None, 5, ""),
        ("1,2", 5, "1,2"),
        ("0-2,5", 10, "0-2,5"),
        ("0-7", 5, "0-4"),
        ("3,9", 5, "3"),
        ("1,x,4", 5, "1,4"),
        ("1-y,4", 5, "4"),
        ("3-1", 5, ""),
    ],
)
def test_reads_what_a_status_may_hold(text, completions, read):
    assert str(IndexSet.parse(text, completions)) == read


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_behaves_as_a_set_of_numbers(one, other):
    mine, yours = IndexSet.of(one), IndexSet.of(other)
    assert [index for index in range(42) if index in mine] == sorted(one)
    assert len(mine) == len(one)
    assert mine | yours == IndexSet.of(one | other)
    assert mine & yours == IndexSet.of(one & other)
    assert list(mine.missing(42)) == sorted(set(range(42)) - one)
    assert IndexSet.parse(str(mine), 41) == mine
