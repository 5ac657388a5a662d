"""What a container has written.

Podman keeps it in a file of the machine, in the format of Kubernetes' own container logs (``k8s-file``), a record a line::

    2026-01-02T03:04:05.123456789+00:00 stdout F a whole line
    2026-01-02T03:04:05.123456789+00:00 stdout P a piece of a line: one that is very long, or has not been ended (yet)

The file says everything exactly: nanoseconds, the stream, and whether there was a newline. So where Podman runs on this machine
it is read directly, which costs Podman nothing. Elsewhere the API is asked; what it tells is the same, but that before Podman
5 its times are in whole seconds.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from podkit.loop import cancellation
from podkit.runtime.base import LogEntry
from podkit.runtime.podman.client import Client, get
from podkit.runtime.podman.exec import Frames

_POLL_SECONDS = 0.05
_BLOCK = 65536
_STREAMS = ("stdout", "stderr")
_WHOLE = re.compile(rb"^\d{4}-\S+ std(?:out|err) F", re.MULTILINE)


def from_file(
    path: Path,
    *,
    since: datetime | None,
    tail: int | None,
    over: Callable[[], bool],
) -> Iterator[LogEntry]:
    """Read a log file until it is complete.

    Args:
        path: where it is; it need not exist yet.
        since: see `podkit.runtime.base.Runtime.logs`.
        tail: likewise.
        over: whether nothing more will be written; asked whenever all has been read that is there.
    """
    while (file := _opened(path)) is None:
        if over() and not path.exists():
            return
        cancellation.sleep(_POLL_SECONDS)
    try:
        if tail is not None:
            file.seek(_tail_offset(file, tail))
        for line in _lines(file, over):
            entry = parse_record(line)
            if entry is not None and (since is None or entry.time >= since):
                yield entry
    finally:
        file.close()


def _opened(path: Path) -> BinaryIO | None:
    """The file; None if it is not there, yet or any more."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _lines(file: BinaryIO, over: Callable[[], bool]) -> Iterator[bytes]:
    """All complete lines, waiting for more until it is over. What was written before that is read after it."""
    rest = b""
    ended = False
    while True:
        piece = file.read(_BLOCK)
        if piece:
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
        elif ended:
            return
        else:
            ended = over()
            if not ended:
                cancellation.sleep(_POLL_SECONDS)


def parse_record(line: bytes) -> LogEntry | None:
    """A record of the file; None if the line is none (the disk was full, or the machine went down, while it was written)."""
    parts = line.split(b" ", 3)
    if len(parts) < 3 or parts[1] not in (b"stdout", b"stderr") or parts[2] not in (b"F", b"P"):
        return None
    moment = _parse_time(parts[0])
    if moment is None:
        return None
    content = parts[3] if len(parts) == 4 else b""
    return LogEntry(moment, parts[1].decode(), content + b"\n" if parts[2] == b"F" else content)


def _parse_time(text: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.decode())
    except ValueError:
        return None
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _tail_offset(file: BinaryIO, lines: int) -> int:
    """Where the last lines begin; pieces that have no end yet are a line too. Reads no more of the file than is needed."""
    size = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return size
    for exponent in itertools.count():
        start = max(0, size - (_BLOCK << exponent))
        file.seek(start)
        data = file.read(size - start)
        ends = [data.find(b"\n", match.start()) + 1 for match in _WHOLE.finditer(data)]
        unfinished = 1 if not ends or ends[-1] < len(data) else 0
        surplus = len(ends) + unfinished - lines
        if surplus > 0 and start == 0:
            return ends[surplus - 1]
        if surplus > 1:  # the first line of the block may be cut
            return start + ends[surplus - 1]
        if start == 0:
            return 0
    raise AssertionError


def from_api(
    client: Client,
    container_id: str,
    *,
    follow: bool,
    since: datetime | None,
    tail: int | None,
) -> Iterator[LogEntry]:
    """Ask Podman for it."""
    params = {"stdout": "true", "stderr": "true", "timestamps": "true", "follow": str(follow).lower()}
    if since is not None:
        params["since"] = str(int(since.timestamp()))
    if tail is not None:
        params["tail"] = str(max(0, tail))
    request = get(f"containers/{container_id}/logs", f"read the log of container {container_id[:12]}", params)
    frames = Frames()
    with client.stream(evolve(request, timeout=None if follow else request.timeout)) as pieces:
        for piece in pieces:
            for stream, data in frames.feed(piece):
                entry = _api_entry(stream, data)
                if entry is not None and (since is None or entry.time >= since.replace(microsecond=0)):
                    yield entry


def _api_entry(stream: int, data: bytes) -> LogEntry | None:
    stamp, _, content = data.partition(b" ")
    moment = _parse_time(stamp)
    return None if moment is None else LogEntry(moment, _STREAMS[stream == 2], content)
