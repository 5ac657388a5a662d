"""What containers write."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from podkit.errors import ContainerNotFound
from podkit.runtime.base import LogEntry
from tests.contract.runtime.engines import Engine, entries_of

TALKS = "for i in 1 2 3; do echo line $i; sleep 0.1; done; echo done"


def test_every_line_is_told_with_its_stream_and_time(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "echo out; sleep 0.1; echo err >&2")
    status = engine.ended(container_id)
    entries = list(engine.runtime.logs(container_id))
    assert [(entry.stream, entry.content) for entry in entries] == [("stdout", b"out\n"), ("stderr", b"err\n")]
    times = [entry.time for entry in entries]
    assert times == sorted(times)
    assert status.started_at is not None
    assert times[0] >= status.created_at


@pytest.mark.parametrize(
    ("script", "written"),
    [
        (r"printf 'no newline'", b"no newline"),
        (r"printf '\n\nafter empty lines\n'", b"\n\nafter empty lines\n"),
        (r"printf 'tab\tand \303\251 and \377\n'", b"tab\tand \xc3\xa9 and \xff\n"),
        (r"printf '%05d\r\n' 7", b"00007\r\n"),
        ("true", b""),
    ],
)
def test_what_is_written_is_told_byte_for_byte(engine: Engine, script: str, written: bytes) -> None:
    assert engine.run("sh", "-c", script)[1] == written


def test_a_very_long_line_is_told_whole(engine: Engine) -> None:
    assert engine.run("sh", "-c", "echo $TEXT", env={"TEXT": "x" * 20_000})[1] == b"x" * 20_000 + b"\n"


def test_the_last_lines_can_be_asked_for(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "for i in 1 2 3; do echo line $i; done; printf 'rest'")
    engine.ended(container_id)
    assert entries_of(engine, container_id, tail=2) == [b"line 3\n", b"rest"]
    assert entries_of(engine, container_id, tail=0) == []
    assert len(entries_of(engine, container_id, tail=100)) == 4


def test_what_was_written_since_a_time_can_be_asked_for(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", TALKS)
    engine.ended(container_id)
    entries = list(engine.runtime.logs(container_id))
    assert list(engine.runtime.logs(container_id, since=entries[2].time)) == entries[2:]
    assert list(engine.runtime.logs(container_id, since=entries[0].time, tail=1)) == entries[-1:]


def test_a_log_can_be_followed_to_its_end(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", TALKS)
    reader = Reader(engine.runtime.logs(container_id, follow=True))
    engine.ended(container_id)
    reader.join()
    assert b"".join(reader.read) == b"line 1\nline 2\nline 3\ndone\n"


def test_following_begins_where_it_is_asked_to(engine: Engine) -> None:
    container_id = engine.start(
        "sh", "-c", "echo old; echo older; trap 'echo new; exit' TERM; echo ready; sleep 60 & wait"
    )
    engine.written(container_id, b"ready")
    reader = Reader(engine.runtime.logs(container_id, follow=True, tail=1))
    assert reader.begun.wait(60)
    engine.runtime.signal_container(container_id, "SIGTERM")
    engine.ended(container_id)
    reader.join()
    assert b"".join(reader.read) == b"ready\nnew\n"


def test_following_can_be_ended_early(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "echo first; sleep 60")
    engine.written(container_id, b"first")
    entries = engine.runtime.logs(container_id, follow=True)
    assert next(entries).content == b"first\n"
    entries.close()  # type: ignore[attr-defined]
    assert list(entries) == []


def test_following_a_container_that_has_ended_ends(engine: Engine) -> None:
    container_id = engine.start("echo", "all")
    engine.ended(container_id)
    assert entries_of(engine, container_id, follow=True) == [b"all\n"]


def test_a_container_that_has_not_started_has_written_nothing(engine: Engine) -> None:
    assert entries_of(engine, engine.create("true")) == []


def test_there_is_no_log_of_a_container_that_is_gone(engine: Engine) -> None:
    with pytest.raises(ContainerNotFound):
        list(engine.runtime.logs("0" * 64))


class Reader(threading.Thread):
    """Reads a log in a thread of its own."""

    def __init__(self, entries: Iterator[LogEntry]) -> None:
        super().__init__(daemon=True)
        self._entries = entries
        self.read: list[bytes] = []
        self.begun = threading.Event()
        self.start()

    def run(self) -> None:
        for entry in self._entries:
            self.read.append(entry.content)
            self.begun.set()

    def join(self, timeout: float | None = 60) -> None:
        super().join(timeout)
        assert not self.is_alive(), "the log did not end"
