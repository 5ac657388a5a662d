"""Conversations with simulated processes: nothing here waits, because time passes only when somebody moves the clock."""

from __future__ import annotations

from collections.abc import Callable

from podkit.errors import RuntimeFailed
from podkit.runtime.base import ExecResult
from podkit.runtime.simulated.container import Container
from podkit.runtime.streams import Piece


class AttachedStreams:
    """What a container writes from now on; see `podkit.runtime.streams.Streams`.

    Args:
        container: the container.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._position = len(container.log.entries)
        self._closed = False

    def read(self, timeout: float | None = None) -> Piece | None:  # noqa: ARG002
        """The next piece of output; None when there will be no more."""
        log = self._container.log
        if self._closed:
            return None
        if self._position < len(log.entries):
            entry = log.entries[self._position]
            self._position += 1
            return Piece("stdout" if self._container.config.tty else entry.stream, entry.content)
        if log.ended:
            return None
        raise TimeoutError("it has written nothing")

    def write(self, data: bytes) -> None:  # noqa: ARG002
        """Refuse: a simulated process cannot be given input while it runs."""
        operation = "write to the standard input of a container"
        raise RuntimeFailed(f"could not {operation}: the simulation brings it no input", operation=operation)

    def close_stdin(self) -> None:
        """Do nothing: there is no input."""

    def resize(self, rows: int, columns: int) -> None:
        """Take note of a size that nothing asks for."""

    def exit_code(self) -> int | None:
        """The exit code of the process; None while it runs."""
        return self._container.status().exit_code

    def close(self) -> None:
        """End the conversation."""
        self._closed = True


class CommandStreams:
    """A command, which is run as soon as all of its input is there; see `podkit.runtime.streams.Streams`.

    Args:
        run: runs it with an input.
        stdin: whether there is input to come.
        tty: whether all of its output comes as one stream.
    """

    def __init__(self, run: Callable[[bytes | None], ExecResult], *, stdin: bool, tty: bool) -> None:
        self._run = run
        self._tty = tty
        self._given: bytearray | None = bytearray() if stdin else None
        self._exit_code: int | None = None
        self._pieces: list[Piece] = []
        if not stdin:
            self._finish()

    def read(self, timeout: float | None = None) -> Piece | None:  # noqa: ARG002
        """The next piece of output; None when there will be no more."""
        if self._given is not None:
            raise TimeoutError("it waits for the end of its input")
        return self._pieces.pop(0) if self._pieces else None

    def write(self, data: bytes) -> None:
        """Send input."""
        if self._given is None:
            operation = "write to the standard input of a command"
            raise RuntimeFailed(f"could not {operation}: it is not open", operation=operation)
        self._given += data

    def close_stdin(self) -> None:
        """Say that there is no more input, and let it run."""
        if self._given is not None:
            self._finish()

    def resize(self, rows: int, columns: int) -> None:
        """Take note of a size that nothing asks for."""

    def exit_code(self) -> int | None:
        """The exit code of the command; None before it has run."""
        return self._exit_code

    def close(self) -> None:
        """End the conversation; a command that still waits for input is not run."""
        self._given = None

    def _finish(self) -> None:
        result = self._run(None if self._given is None else bytes(self._given))
        self._given = None
        self._exit_code = result.exit_code
        found = (("stdout", result.stdout), ("stdout" if self._tty else "stderr", result.stderr))
        self._pieces = [Piece(stream, data) for stream, data in found if data]
