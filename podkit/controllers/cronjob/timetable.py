"""When a CronJob is due, in the time zone that it names.

A schedule speaks of the wall clock. Between two changes of the clocks that is a fixed distance from UTC, so the next time is
searched in one such stretch after the other: what falls into an hour that is skipped is due on no clock and does not happen, what
falls into one that is repeated happens twice.

Source of the rules: ``pkg/controller/cronjob/utils.go`` (mostRecentScheduleTime), github.com/robfig/cron v3, ``spec.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from podkit.admission.schedule import Schedule
from podkit.errors import PodkitError
from podkit.model.job import CronJobSpec

_STRIDE = timedelta(days=7)
"""No two changes of the clocks are nearer to each other."""

Offset = Callable[[datetime], timedelta]
"""How far the wall clock is ahead of UTC, at a moment."""


class UnknownTimeZone(PodkitError, ValueError):
    """A time zone that this machine does not know."""


@frozen
class Timetable:
    """The times at which a CronJob is due, all in UTC.

    Attributes:
        schedule: what the wall clock shows then.
        offset: how far that clock is ahead of UTC.
    """

    schedule: Schedule
    offset: Offset

    @classmethod
    def of(cls, spec: CronJobSpec) -> Timetable:
        """The timetable of a CronJob; without a time zone, that of the process.

        Raises:
            ScheduleError: the schedule is none.
            UnknownTimeZone: there is no such time zone here.
        """
        schedule = Schedule.parse(spec.schedule)
        name = spec.time_zone if spec.time_zone is not None else schedule.time_zone
        return cls(schedule, _offset_of(zone(name) if name else None))

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None when there is none in the next five years, as for 30 February."""
        stretch = moment
        while True:
            offset = self.offset(stretch)
            found = self.schedule.next_after(moment.astimezone(timezone(offset)))
            if found is None:
                return None
            change = self._first_change(stretch, found, offset)
            if change is None:
                return found.astimezone(UTC)
            stretch, moment = change, change - timedelta.resolution  # the change itself may be a time that is due

    def last_until(self, since: datetime, now: datetime) -> datetime | None:
        """The latest time after one moment and not after another; None when there is none."""
        if (first := self.next_after(since)) is None or first > now:
            return None
        if (every := self.schedule.every) is not None:
            return first + (now - first) // every * every
        window = timedelta(minutes=1)
        while (found := self.next_after(max(since, now - window))) is None or found > now:
            window *= 2
        while (following := self.next_after(found)) is not None and following <= now:
            found = following
        return found

    def count_until(self, since: datetime, now: datetime) -> int:
        """About how many times there are after one moment and not after another, by the distance of the first two."""
        first = self.next_after(since)
        second = self.next_after(first) if first is not None else None
        if first is None or first > now:
            return 0
        return 1 if second is None else (now - first) // (second - first) + 1

    def _first_change(self, start: datetime, end: datetime, offset: timedelta) -> datetime | None:
        """When the clocks change first, to the second, between two moments; None when they do not."""
        before = start
        while before < end:
            after = min(before + _STRIDE, end)
            if self.offset(after) != offset:
                return self._change_between(before, after, offset)
            before = after
        return None

    def _change_between(self, before: datetime, after: datetime, offset: timedelta) -> datetime:
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) / 2
            if self.offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def zone(name: str) -> tzinfo:
    """A time zone by its name in the IANA database.

    Raises:
        UnknownTimeZone: there is none here.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZone(f"invalid timeZone: {name!r}: this machine knows no such time zone") from None


def _offset_of(place: tzinfo | None) -> Offset:
    """How far the clock of a time zone is ahead of UTC; of the process' own, when None."""
    return lambda moment: moment.astimezone(place).utcoffset() or timedelta()
