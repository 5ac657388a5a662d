"""Going on after a failure: what can be done is done, and then the first failure is raised, so that the rest is tried again."""

from __future__ import annotations

from collections.abc import Callable

from podkit.errors import PodkitError


class Failures:
    """Remembers the first failure of several actions; true when there was one."""

    def __init__(self) -> None:
        self._first: PodkitError | None = None

    def attempt(self, action: Callable[[], object]) -> bool:
        """Do something; whether it has succeeded."""
        try:
            action()
        except PodkitError as error:
            self.add(error)
            return False
        return True

    def add(self, error: PodkitError) -> None:
        """Note a failure."""
        self._first = self._first or error

    @property
    def first(self) -> PodkitError | None:
        """The first failure; None when there was none."""
        return self._first

    def raise_first(self) -> None:
        """Raise the first failure, if there was one."""
        if self._first is not None:
            raise self._first

    def __bool__(self) -> bool:
        return self._first is not None
