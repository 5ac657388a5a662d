"""How a command of the shell leaves what is around it."""

from __future__ import annotations


class Leave(Exception):
    """Leave the shell, as ``exit`` does.

    Attributes:
        status: its exit code.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class LeaveLoop(Exception):
    """Leave a loop, as ``break`` does, or begin its next round, as ``continue`` does.

    Attributes:
        levels: how many loops, this one counted.
        again: whether the outermost of them goes on.
    """

    def __init__(self, levels: int, *, again: bool) -> None:
        self.levels, self.again = levels, again
        super().__init__(levels)
