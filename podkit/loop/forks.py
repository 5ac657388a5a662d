"""What becomes of open clusters and stores in a child process that was made by forking.

A fork copies the memory of a process and none of its threads: in the child no loop goes round, a lock may be held by a thread
that is not there, and connections are shared with the parent. So a cluster stays its parent's. In the child its verbs raise an
error that says so, its locks are let go of without unlocking them, and neither closing it nor the end of the child touches
anything.
"""

from __future__ import annotations

import os
from typing import Any, Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """What a child process must not use."""

    def _abandon(self) -> None:
        """Called in the child, before anything else happens there. It must take no lock, and must not fail."""


_open: WeakSet[Any] = WeakSet()


def stays_with_its_process(thing: Inherited) -> None:
    """Have something abandoned in all child processes that are forked from now on, until it is `ended`."""
    _open.add(thing)


def ended(thing: Inherited) -> None:
    """It has been closed; there is nothing to abandon any more."""
    _open.discard(thing)


def never_free(thing: object) -> None:
    """Have something never freed, not even when Python ends: for what would change the parent's files by that.

    No reference that Python knows outlives the end of the interpreter, so this is one that nobody holds.
    """
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _abandon_all() -> None:
    for thing in list(_open):
        _open.discard(thing)
        thing._abandon()


os.register_at_fork(after_in_child=_abandon_all)
