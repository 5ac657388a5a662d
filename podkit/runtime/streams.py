"""The streams of a process in a container, as whoever talks with it sees them."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


@frozen
class Piece:
    """A piece of output.

    Attributes:
        stream: ``stdout`` or ``stderr``; of a terminal all is ``stdout``.
        data: the bytes.
    """

    stream: str
    data: bytes


class Streams(Protocol):
    """A conversation with a process; it is over when it has been closed."""

    def read(self, timeout: float | None = None) -> Piece | None:
        """The next piece of output; None when there will be no more.

        Args:
            timeout: seconds to wait for it; None: no limit. An engine on a virtual clock never waits.

        Raises:
            TimeoutError: nothing has come in that time.
        """

    def write(self, data: bytes) -> None:
        """Send input.

        Raises:
            RuntimeFailed: there is no open input.
        """

    def close_stdin(self) -> None:
        """Say that there is no more input. Doing so twice does no harm."""

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal."""

    def exit_code(self) -> int | None:
        """The exit code of the process; None while it runs."""

    def close(self) -> None:
        """End the conversation, and a command that was run for it. Closing twice does no harm."""
