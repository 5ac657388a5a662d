"""Doing several things at the same time."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial

import pytest

from podkit.loop.side_by_side import side_by_side


def test_all_are_done_at_the_same_time_and_answer_in_their_order() -> None:
    meeting = threading.Barrier(3, timeout=30)

    def job(number: int) -> int:
        meeting.wait()
        return number

    assert side_by_side([partial(job, number) for number in range(3)], at_most=3) == [0, 1, 2]
    assert side_by_side([], at_most=3) == []


def test_what_one_fails_with_is_raised() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        side_by_side([fail], at_most=2)


def test_when_python_is_ending_they_are_done_one_after_the_other() -> None:
    script = """
import atexit
from podkit.loop.side_by_side import side_by_side
atexit.register(lambda: print(side_by_side([lambda: 1, lambda: 2], at_most=2)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[1, 2]\n", "")
