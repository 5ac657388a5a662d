"""Reading the log file of a container."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.runtime.podman import logs

FILE = (
    b"2026-01-02T03:04:05.100000001+00:00 stdout F a\n"
    b"2026-01-02T03:04:06.2+00:00 stdout P DONE\n"
    b"2026-01-02T03:04:07.3+00:00 stderr F  two  spaces\r\n"
    b"2026-01-02T03:04:08.4+00:00 stdout F \n"
    b"2026-01-02T03:04:09.5+00:00 stdout P tail\n"
)


def over() -> bool:
    return True


def contents(path: Path, *, since: datetime | None = None, tail: int | None = None) -> list[bytes]:
    return [entry.content for entry in logs.from_file(path, since=since, tail=tail, over=over)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "ctr.log").write_bytes(FILE)
    return tmp_path / "ctr.log"


def test_every_byte_is_kept_and_none_is_added(path: Path) -> None:
    assert contents(path) == [b"a\n", b"DONE", b" two  spaces\r\n", b"\n", b"tail"]


def test_an_entry_says_when_and_where(path: Path) -> None:
    first, _, third, *_ = logs.from_file(path, since=None, tail=None, over=over)
    assert (first.time, first.stream) == (datetime(2026, 1, 2, 3, 4, 5, 100000, tzinfo=UTC), "stdout")
    assert third.stream == "stderr"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (0, []),
        (1, [b"tail"]),
        (2, [b"\n", b"tail"]),
        (3, [b"DONE", b" two  spaces\r\n", b"\n", b"tail"]),
        (4, [b"a\n", b"DONE", b" two  spaces\r\n", b"\n", b"tail"]),
        (99, [b"a\n", b"DONE", b" two  spaces\r\n", b"\n", b"tail"]),
    ],
)
def test_the_last_lines(path: Path, tail: int, expected: list[bytes]) -> None:
    assert contents(path, tail=tail) == expected


def test_since_includes_its_moment(path: Path) -> None:
    assert contents(path, since=datetime(2026, 1, 2, 3, 4, 8, 400000, tzinfo=UTC)) == [b"\n", b"tail"]


def test_broken_records_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ctr.log"
    path.write_bytes(
        b"\0\0\0\nnonsense\n2026-01-02T03:04:05Z nowhere F x\nwhen stdout F x\n" + FILE[:47] + b"\n2026-01-02T03"
    )
    assert contents(path) == [b"a\n"]


def test_a_log_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert contents(tmp_path / "none") == []


@given(
    lines=st.lists(st.binary(max_size=300).filter(lambda line: b"\n" not in line), max_size=40),
    tail=st.integers(min_value=0, max_value=45),
    block=st.integers(min_value=64, max_value=2000),
)
def test_the_last_lines_are_found_in_blocks_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], tail: int, block: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "ctr.log"
    path.write_bytes(b"".join(b"2026-01-02T03:04:05Z stdout F " + line + b"\n" for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "_BLOCK", block)
        assert contents(path, tail=tail) == [line + b"\n" for line in lines[max(0, len(lines) - tail) :]]


class Writer:
    """Plays a container that writes on while its log is read: each time the reader has all, it writes a piece more."""

    def __init__(self, path: Path, *pieces: bytes) -> None:
        self._path, self._pieces = path, list(pieces)

    def over(self) -> bool:
        if self._pieces:
            with self._path.open("ab") as file:
                file.write(self._pieces.pop(0))
        return not self._pieces


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_POLL_SECONDS", 0)


@pytest.mark.usefixtures("no_pause")
def test_following_reads_on_until_it_is_over_and_what_was_written_last(tmp_path: Path) -> None:
    path = tmp_path / "ctr.log"
    writer = Writer(path, FILE[:30], FILE[30:60], FILE[60:])
    entries = logs.from_file(path, since=None, tail=None, over=writer.over)
    assert [entry.content for entry in entries] == [b"a\n", b"DONE", b" two  spaces\r\n", b"\n", b"tail"]


@pytest.mark.usefixtures("no_pause")
def test_following_can_begin_at_the_end(path: Path) -> None:
    writer = Writer(path, b"2026-01-02T03:04:10Z stdout F new\n")
    entries = logs.from_file(path, since=None, tail=0, over=writer.over)
    assert [entry.content for entry in entries] == [b"new\n"]


def test_closing_the_iterator_ends_it(path: Path) -> None:
    never: Callable[[], bool] = lambda: False  # noqa: E731
    entries = logs.from_file(path, since=None, tail=None, over=never)
    assert next(entries).content == b"a\n"
    entries.close()  # type: ignore[attr-defined]
    assert list(entries) == []
