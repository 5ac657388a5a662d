"""How long a container that has ended must wait before it is started again.

The kubelet's `doBackOff` (`kuberuntime_manager.go`) over client-go's `flowcontrol.Backoff`: the first restart is immediate,
the following wait 10, 20, 40, 80, 160 and then 300 seconds, measured from the end of the last run. A run that ends more
than 600 seconds after the last restart starts the sequence over. A changed image or changed resources start a fresh
sequence, because they are part of the key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field

INITIAL = timedelta(seconds=10)
MAXIMUM = timedelta(seconds=300)
RESET_AFTER = timedelta(seconds=600)
_DOUBLINGS = 10
"""After so many the delay is the maximum in any case."""


@define
class _Entry:
    delay: timedelta
    last_restart: datetime


@define
class CrashLoopBackoff:
    """The restarts of the containers of one Pod."""

    _entries: dict[str, _Entry] = field(factory=dict, init=False)

    def waits_until(self, key: str, finished_at: datetime) -> datetime | None:
        """Until when a container that ended at this time must wait; None when it may start at once."""
        entry = self._entries.get(key)
        if entry is None or self._starts_over(entry, finished_at):
            return None
        return finished_at + entry.delay

    def delay(self, key: str) -> timedelta:
        """The delay that is in force; zero before the first restart."""
        entry = self._entries.get(key)
        return entry.delay if entry else timedelta()

    def restarted(self, key: str, finished_at: datetime, now: datetime) -> None:
        """Note that a container that ended at ``finished_at`` is started again now."""
        entry = self._entries.get(key)
        if entry is None or self._starts_over(entry, finished_at):
            self._entries[key] = _Entry(INITIAL, now)
        else:
            self._entries[key] = _Entry(min(entry.delay * 2, MAXIMUM), now)

    def recall(self, key: str, restarts: int, last_restart: datetime) -> None:
        """Take in what happened while nobody was here to note it: so many restarts, the last one then.

        Each is taken to have followed the one before it within its back-off; that is so unless a run in between was a long one.
        """
        if restarts > 0 and key not in self._entries:
            delay = MAXIMUM if restarts > _DOUBLINGS else INITIAL * 2 ** (restarts - 1)
            self._entries[key] = _Entry(min(delay, MAXIMUM), last_restart)

    @staticmethod
    def _starts_over(entry: _Entry, finished_at: datetime) -> bool:
        return finished_at - entry.last_restart > RESET_AFTER
