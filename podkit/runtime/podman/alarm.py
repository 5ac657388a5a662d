"""Hearing of a lack of memory in a control group, also when one asks after the group has gone.

Where control groups are of version 1, the kernel rings an ``eventfd`` each time that a group runs out of memory, and once more
when the group is removed. So it has rung twice at least for a container that was killed for lack of memory, and once for any
other. (It rings too when a group above has run out of memory, whomever of all below the kernel then kills: the count of the group
itself, as long as it is there, is the better witness.)
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from pathlib import Path

_SECOND = 2


class Alarm:
    """Listens to one control group.

    Args:
        counter: its ``memory.oom_control``.

    Raises:
        OSError: the kernel does not tell.
    """

    def __init__(self, counter: Path) -> None:
        self._count = 0
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            with counter.open("rb") as file:
                registration = f"{self._bell} {file.fileno()}"
                (counter.parent / "cgroup.event_control").write_text(registration)
        except BaseException:
            os.close(self._bell)
            raise

    def has_rung_twice(self, patience: float) -> bool:
        """Whether it has rung for something else than the removal of the group.

        Args:
            patience: seconds to wait for the second time, because the removal may be told late.
        """
        deadline = time.monotonic() + patience
        while self._count < _SECOND:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._bell], [], [], left)[0]:
                return False
            with contextlib.suppress(BlockingIOError):
                self._count += os.eventfd_read(self._bell)
        return True

    def close(self) -> None:
        """Listen no more."""
        os.close(self._bell)


def alarm_for(counter: Path) -> Alarm | None:
    """An alarm for the control group of a counter; None where the kernel has none."""
    try:
        return Alarm(counter)
    except OSError:
        return None
