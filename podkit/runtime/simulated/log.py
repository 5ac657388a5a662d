"""What a container has written, and those who read along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from podkit.errors import RuntimeUnavailable
from podkit.runtime.base import LogEntry
from podkit.runtime.simulated.turn import Turn


class Log:
    """The lines of one container, oldest first.

    Attributes:
        entries: what was written.
        ended: whether nothing more comes.
    """

    __slots__ = ("_now", "_turn", "ended", "entries")

    def __init__(self, turn: Turn, now: Callable[[], datetime]) -> None:
        self._turn = turn
        self._now = now
        self.entries: list[LogEntry] = []
        self.ended = False

    def stdout(self, content: bytes) -> None:
        """Take in what was written to the standard output."""
        self._write("stdout", content)

    def stderr(self, content: bytes) -> None:
        """Take in what was written to the error stream."""
        self._write("stderr", content)

    def end(self) -> None:
        """Say that nothing more comes."""
        self.ended = True
        self._turn.changed()

    def _write(self, stream: str, content: bytes) -> None:
        if not content:
            return
        now = self._now()
        lines = content.split(b"\n")
        self.entries.extend(LogEntry(now, stream, line + b"\n") for line in lines[:-1])
        if lines[-1]:
            self.entries.append(LogEntry(now, stream, lines[-1]))
        self._turn.changed()

    def start_of_tail(self, lines: int) -> int:
        """The position of the first entry of the last lines; a line may have come in several entries."""
        position, seen = len(self.entries), set[str]()
        for entry in reversed(self.entries):
            ends_line = entry.content.endswith(b"\n") or entry.stream not in seen
            if ends_line and lines == 0:
                break
            lines -= ends_line
            seen.add(entry.stream)
            position -= 1
        return position


class LogReader:
    """Reads a log from some position on; an iterator that can be closed by any thread.

    Args:
        turn: of the engine.
        log: what to read.
        position: the first entry.
        since: entries before this time are left out.
        follow: whether to wait for more until the log has ended.
    """

    def __init__(self, turn: Turn, log: Log, position: int, *, since: datetime | None, follow: bool) -> None:
        self._turn = turn
        self._log = log
        self._position = position
        self._since = since
        self._follow = follow
        self._closed = False
        self._end = None if follow else len(log.entries)

    def __iter__(self) -> LogReader:
        return self

    def __next__(self) -> LogEntry:
        with self._turn:
            while True:
                if self._closed:
                    raise StopIteration
                entry = self._read()
                if entry is not None:
                    return entry
                if not self._follow or self._log.ended:
                    raise StopIteration
                if not self._turn.connected:
                    raise RuntimeUnavailable("the simulated engine went away while its log was read")
                self._turn.wait()

    def close(self) -> None:
        """End it, also where another thread waits for the next entry; closing twice does no harm."""
        with self._turn:
            self._closed = True
            self._turn.changed()

    def _read(self) -> LogEntry | None:
        """The next entry that is wanted, if there is one already."""
        end = len(self._log.entries) if self._end is None else self._end
        while self._position < end:
            entry = self._log.entries[self._position]
            self._position += 1
            if self._since is None or entry.time >= self._since:
                return entry
        return None
