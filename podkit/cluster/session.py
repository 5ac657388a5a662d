"""Talking with what runs in a container: its first process, or a command."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from podkit.cluster.driver import NAP, Driver
from podkit.errors import PodkitError
from podkit.loop.clock import Clock
from podkit.runtime.streams import Piece, Streams

_MOMENT = 0.01
"""Seconds that are let pass where nothing has come yet."""


class Session:
    r"""A conversation; see `podkit.Cluster.attach` and `podkit.Cluster.stream_exec`.

    It is an iterator over the pieces of output, and a context manager that ends it.

    Args:
        streams: the engine's.
        what: with whom, for messages.
        tty: whether there is a terminal.
        driver: lets time pass.
        clock: what time it is.

    Example:
        ::

            with cluster.stream_exec("pod/web", ["sh"], stdin=True, tty=True) as shell:
                shell.write("stty size; exit\n")
                for piece in shell:
                    print(piece.data)
    """

    def __init__(self, streams: Streams, what: str, *, tty: bool, driver: Driver, clock: Clock) -> None:
        self._streams = streams
        self._what = what
        self._tty = tty
        self._driver = driver
        self._clock = clock

    def read(self, timeout: float | None = None) -> Piece | None:
        """The next piece of output, with ``stream`` and ``data``; None when there will be no more.

        Args:
            timeout: seconds to wait for it. Default: no limit.

        Raises:
            TimeoutError: nothing has come in that time.
        """
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        while True:
            left = NAP if deadline is None else max(_MOMENT, min(NAP, deadline - self._clock.monotonic()))
            try:
                return self._streams.read(left)
            except TimeoutError:
                self._let_time_pass(deadline, f"{self._what} has written nothing in {timeout} s")

    def read_until(self, text: str | bytes, timeout: float | None = None) -> bytes:
        """All output, of both streams, up to the piece with which a text is complete.

        Args:
            text: what is waited for, such as a prompt.
            timeout: seconds to wait at the most. Default: no limit.

        Raises:
            TimeoutError: it has not come in that time.
            PodkitError: the output has ended without it.
        """
        wanted, heard = text.encode() if isinstance(text, str) else text, b""
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        while wanted not in heard:
            piece = self.read(None if deadline is None else max(0.0, deadline - self._clock.monotonic()))
            if piece is None:
                raise PodkitError(f"{self._what} has ended its output without {wanted!r}: {heard[-200:]!r}")
            heard += piece.data
        return heard

    def write(self, data: str | bytes) -> None:
        """Send input.

        Raises:
            RuntimeFailed: there is no open input.
        """
        self._streams.write(data.encode() if isinstance(data, str) else data)

    def close_stdin(self) -> None:
        """Say that there is no more input."""
        self._streams.close_stdin()

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal.

        Raises:
            PodkitError: there is none.
        """
        if not self._tty:
            raise PodkitError(f"{self._what} has no terminal whose size could be set")
        self._streams.resize(rows, columns)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended; return its exit code. Output that nobody has read meanwhile may hold it up.

        Args:
            timeout: seconds to wait at the most. Default: no limit.

        Raises:
            TimeoutError: it has not ended in that time.
        """
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        while (exit_code := self._streams.exit_code()) is None:
            self._let_time_pass(deadline, f"{self._what} has not ended in {timeout} s")
        return exit_code

    def close(self) -> None:
        """End the conversation. A command is killed with it, a container goes on. Closing twice does no harm."""
        self._streams.close()

    def __iter__(self) -> Iterator[Piece]:
        """The pieces of output, until there are no more."""
        while (piece := self.read()) is not None:
            yield piece

    def __enter__(self) -> Self:
        """The conversation, which ends with the block."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """End it."""
        self.close()

    def _let_time_pass(self, deadline: float | None, complaint: str) -> None:
        now = self._clock.monotonic()
        if deadline is not None and now >= deadline:
            raise TimeoutError(complaint)
        self._driver.pause(threading.Event(), now + _MOMENT)
