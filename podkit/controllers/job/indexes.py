"""Sets of completion indexes, as a Job's status writes them: ``0-2,5``.

A Job may have a hundred thousand indexes, most of them done, so a set is kept as its intervals and never written out.

Source of the rules: ``pkg/controller/job/indexed_job_utils.go``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from attrs import frozen


@frozen
class IndexSet:
    """A set of indexes.

    Attributes:
        intervals: first and last index of each run of indexes, in order; between two runs at least one index is missing.
    """

    intervals: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str | None, completions: int) -> IndexSet:
        """Read ``0-2,5``; parts that are no numbers, and indexes that the Job does not have, are left out."""
        found: list[tuple[int, int]] = []
        for part in (text or "").split(","):
            first, _, last = part.partition("-")
            if first.isdecimal() and (last or first).isdecimal() and int(first) < completions:
                found.append((int(first), min(int(last or first), completions - 1)))
        return cls.of_intervals(found)

    @classmethod
    def of(cls, indexes: Iterable[int]) -> IndexSet:
        """The set of these indexes."""
        return cls.of_intervals((index, index) for index in indexes)

    @classmethod
    def of_intervals(cls, intervals: Iterable[tuple[int, int]]) -> IndexSet:
        """The set of all indexes in intervals, which may overlap."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(intervals):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            elif first <= last:
                merged.append((first, last))
        return cls(tuple(merged))

    def __or__(self, other: IndexSet) -> IndexSet:
        return self.of_intervals((*self.intervals, *other.intervals)) if other.intervals else self

    def __and__(self, other: IndexSet) -> IndexSet:
        return self.of_intervals(
            (max(first, other_first), min(last, other_last))
            for first, last in self.intervals
            for other_first, other_last in other.intervals
            if max(first, other_first) <= min(last, other_last)
        )

    def __contains__(self, index: int) -> bool:
        place = bisect_right(self.intervals, (index, index))
        # The interval that begins at the index itself sorts after (index, index) when it is longer than one.
        neighbours = self.intervals[max(0, place - 1) : place + 1]
        return any(first <= index <= last for first, last in neighbours)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.intervals)

    def missing(self, completions: int) -> Iterator[int]:
        """The indexes below ``completions`` that are not in the set, in order."""
        next_index = 0
        for first, last in self.intervals:
            yield from range(next_index, min(first, completions))
            next_index = last + 1
        yield from range(next_index, completions)

    def __str__(self) -> str:
        return ",".join(map(_text, self.intervals))


def _text(interval: tuple[int, int]) -> str:
    first, last = interval
    if first == last:
        return str(first)
    # Two neighbours are written one by one, as Kubernetes does: 1,2 and not 1-2.
    return f"{first}{',' if last == first + 1 else '-'}{last}"
