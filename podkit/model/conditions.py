"""What is asked of the conditions of any object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class AnyCondition(Protocol):
    """A condition in the status of an object of whatever kind."""

    @property
    def type(self) -> str:
        """Which condition."""

    @property
    def status(self) -> str:
        """``True``, ``False`` or ``Unknown``."""


def is_true(conditions: Iterable[AnyCondition], type_: str) -> bool:
    """Whether a condition is there, and is true."""
    for condition in conditions:  # noqa: SIM110 -- asked so often that a generator would be felt
        if condition.type == type_ and condition.status == "True":
            return True
    return False
