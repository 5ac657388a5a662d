"""Writing what somebody else may write at the same time.

Source of the rule: client-go, ``util/retry`` (RetryOnConflict).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_ATTEMPTS = 5


def write_again(write: Callable[[], T], *on: type[Exception]) -> T:
    """Write, and write again when somebody else has done so in between; give up the fifth time.

    Args:
        write: reads what is there and writes it, changed; it is called up to five times.
        on: the errors by which one sees that somebody else has written.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return write()
        except on:
            continue
    return write()
