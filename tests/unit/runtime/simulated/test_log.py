"""The last lines of a log, however they came in."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from podkit.loop.clock import VirtualClock
from podkit.runtime.simulated.log import Log
from podkit.runtime.simulated.turn import Turn

PIECES = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=6).map(str.encode), max_size=12)


def log_of(pieces: list[bytes]) -> Log:
    log = Log(turn := Turn(VirtualClock()), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    with turn:
        for piece in pieces:
            log.stdout(piece)
    return log


@given(PIECES)
def test_nothing_is_lost(pieces: list[bytes]) -> None:
    assert b"".join(entry.content for entry in log_of(pieces).entries) == b"".join(pieces)


@given(PIECES, st.integers(min_value=0, max_value=20))
def test_the_last_lines_are_those_of_the_whole_text(pieces: list[bytes], count: int) -> None:
    log = log_of(pieces)
    last = b"".join(entry.content for entry in log.entries[log.start_of_tail(count) :])
    lines = b"".join(pieces).splitlines(keepends=True)
    assert last == b"".join(lines[len(lines) - count :] if count < len(lines) else lines)
