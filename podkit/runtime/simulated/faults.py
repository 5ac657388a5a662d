"""What can go wrong with an engine, on demand.

A kubelet must survive an engine that refuses, vanishes, or does what it was asked but is not able to say so. `Faults` lets
a test choose when that happens::

    runtime.faults.fail("create_container", RuntimeFailed("no space left on device"), times=3)
    runtime.faults.lose_answer("run_sandbox")
    with runtime.faults.unavailable():
        ...

Faults are of calls. What happens to containers themselves (killed for lack of memory, monitor died, sandbox broken) is
caused by methods of `podkit.runtime.simulated.SimulatedRuntime`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from attrs import define

from podkit.errors import PodkitError, RuntimeUnavailable
from podkit.runtime.base import Runtime
from podkit.runtime.simulated.turn import Turn

OPERATIONS = frozenset(name for name in vars(Runtime) if not name.startswith("_"))
"""What can be made to fail: every method of the interface."""


@define
class _Fault:
    error: PodkitError
    left: int | None

    def spend(self) -> None:
        if self.left is not None:
            self.left -= 1


class Faults:
    """Faults to come. Faults of one operation happen in the order in which they were asked for.

    Example:
        ::

            engine.faults.fail("create_container", RuntimeFailed("no space left on device"), times=2)
            engine.faults.unavailable()
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._before: dict[str, list[_Fault]] = {}
        self._after: dict[str, list[_Fault]] = {}
        self._away = False

    def fail(self, operation: str, error: PodkitError, *, times: int | None = 1) -> None:
        """Let the next calls of an operation fail, without effect.

        Args:
            operation: a method of `podkit.runtime.base.Runtime`, such as ``start_container``.
            error: what is raised.
            times: how many calls; None: all, until `heal`.

        Raises:
            ValueError: there is no such operation.
            TypeError: the error is none.
        """
        require_error(error, "RuntimeFailed")
        self._add(self._before, operation, _Fault(error, times))

    def lose_answer(self, operation: str, *, times: int | None = 1) -> None:
        """Let the next calls of an operation take effect, and yet raise `podkit.errors.RuntimeUnavailable`.

        Args:
            operation: a method of `podkit.runtime.base.Runtime`.
            times: how many calls; None: all, until `heal`.

        Raises:
            ValueError: there is no such operation.
        """
        error = RuntimeUnavailable(f"the simulated engine went away before it answered {operation}")
        self._add(self._after, operation, _Fault(error, times))

    @contextlib.contextmanager
    def unavailable(self) -> Iterator[None]:
        """Let the engine be away: every call raises `podkit.errors.RuntimeUnavailable`, events are lost.

        Containers go on meanwhile. When it is back, subscribers are told that they may have lost events.
        """
        with self._turn:
            self._away, self._turn.connected = True, False
            self._turn.changed()
        try:
            yield
        finally:
            with self._turn:
                self._away, self._turn.connected = False, True
                self._turn.lost()

    def heal(self) -> None:
        """Forget all faults that are still to come."""
        with self._turn:
            self._before.clear()
            self._after.clear()

    def before(self, operation: str) -> None:
        """Called before an operation: raise what shall go wrong.

        Raises:
            PodkitError: as asked for.
        """
        if self._away:
            raise RuntimeUnavailable(f"the simulated engine is away, so that it cannot be asked for {operation}")
        if self._before:
            self._raise_next(self._before, operation)

    def after(self, operation: str) -> None:
        """Called after an operation: raise what shall go wrong.

        Raises:
            RuntimeUnavailable: as asked for.
        """
        if self._after:
            self._raise_next(self._after, operation)

    def _add(self, faults: dict[str, list[_Fault]], operation: str, fault: _Fault) -> None:
        if operation not in OPERATIONS:
            raise ValueError(f"no runtime has an operation {operation!r}; there are {', '.join(sorted(OPERATIONS))}")
        with self._turn:
            faults.setdefault(operation, []).append(fault)

    def _raise_next(self, faults: dict[str, list[_Fault]], operation: str) -> None:
        with self._turn:
            coming = faults.get(operation, [])
            while coming and coming[0].left == 0:
                coming.pop(0)
            if not coming:
                return
            coming[0].spend()
            error = coming[0].error
        raise error.with_traceback(None)


def require_error(error: object, such_as: str) -> None:
    """See that something can be raised.

    Raises:
        TypeError: it cannot.
    """
    if not isinstance(error, BaseException):
        raise TypeError(f"the error is what is raised, such as {such_as}({error!r}), and not a {type(error).__name__}")
