"""Work beside a Pod's sync."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from podkit.kubelet.tasks import InlineTasks, Step, Tasks, ThreadTasks


def noting(notes: list[str], name: str) -> Step[str]:
    def first() -> Callable[[], str]:
        notes.append(f"make {name}")

        def second() -> str:
            notes.append(f"start {name}")
            return name

        return second

    return first


def nothing() -> None:
    return None


@pytest.mark.parametrize("tasks", [InlineTasks(), ThreadTasks()])
def test_both_halves_go_in_order_and_what_has_no_second_half_gives_nothing(tasks: Tasks) -> None:
    notes: list[str] = []
    assert tasks.overlap([noting(notes, "a"), nothing, noting(notes, "b")]) == ["a", "b"]
    for half in ("make", "start"):
        assert [note for note in notes if note.startswith(half)] == [f"{half} a", f"{half} b"]


def test_inline_one_half_follows_the_other() -> None:
    notes: list[str] = []
    InlineTasks().overlap([noting(notes, "a"), noting(notes, "b")])
    assert notes == ["make a", "start a", "make b", "start b"]


def test_in_threads_the_next_is_made_while_one_is_started() -> None:
    made = threading.Event()

    def next_one() -> None:
        made.set()

    assert ThreadTasks().overlap([lambda: lambda: made.wait(10), next_one]) == [True]


@pytest.mark.parametrize("tasks", [InlineTasks(), ThreadTasks()])
def test_what_fails_is_told(tasks: Tasks) -> None:
    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        tasks.overlap([lambda: fail])
