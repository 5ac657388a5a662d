"""Cron schedules: which minutes a CronJob's schedule means.

The five fields are minute, hour, day of month, month and day of week; ``@hourly`` and its like stand for five fields,
``@every 1h30m`` for a fixed distance. A schedule is read into sets of numbers, so that a time matches when every set
has it. Where both day fields are restricted, one of them is enough.

Source of the rules: github.com/robfig/cron v3, ``parser.go`` and ``spec.go``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from podkit.errors import PodkitError


class ScheduleError(PodkitError, ValueError):
    """A text that is no schedule."""


_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905
_DAYS = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}  # noqa: SIM905
_NO_WORDS: Final[dict[str, int]] = {}
_FIELDS: Final = (
    ("minute", 0, 59, _NO_WORDS),
    ("hour", 0, 23, _NO_WORDS),
    ("day of month", 1, 31, _NO_WORDS),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_SHORTHANDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_YEARS_TO_LOOK_AHEAD = 5


@frozen
class Schedule:
    """When something is due.

    Attributes:
        minutes: the minutes of an hour; the other sets likewise.
        hours: the hours of a day.
        days: the days of a month.
        months: the months of a year.
        weekdays: the days of a week, Sunday is 0.
        any_day: whether the day of month was written ``*``.
        any_weekday: whether the day of week was written ``*``.
        every: the fixed distance of ``@every``; None for a schedule of fields.
        time_zone: what ``TZ=`` or ``CRON_TZ=`` before the schedule says; None without.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    every: timedelta | None = None
    time_zone: str | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read a schedule.

        Raises:
            ScheduleError: the text is none.
        """
        zone = None
        match = re.match(r"(?:CRON_TZ|TZ)=(\S*)\s+", text)
        if match:
            zone, text = match.group(1), text[match.end() :]
        text = text.strip()
        if text.startswith("@every "):
            return _fixed(_duration(text.removeprefix("@every ").strip()), zone)
        if text.startswith("@"):
            if text not in _SHORTHANDS:
                raise ScheduleError(f"{text!r} is not known; use one of {', '.join(_SHORTHANDS)} or @every")
            text = _SHORTHANDS[text]
        parts = text.split()
        if len(parts) != len(_FIELDS):
            raise ScheduleError(f"five fields are needed, and there are {len(parts)}")
        sets = [_read_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
        minutes, hours, days, months, weekdays = (numbers for numbers, _ in sets)
        return cls(minutes, hours, days, months, weekdays, sets[2][1], sets[4][1], time_zone=zone)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, in the moment's own time zone and by its wall clock.

        None when there is none in the next five years, as for 30 February.
        """
        if self.every is not None:
            return (moment + self.every).replace(microsecond=0)
        if not all((self.minutes, self.hours, self.days, self.months, self.weekdays)):
            return None  # a field of commas only means no number at all
        candidate = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        limit = candidate.year + _YEARS_TO_LOOK_AHEAD
        while candidate.year <= limit:
            if candidate.month not in self.months:
                candidate = _start_of_next_month(candidate)
            elif not self._has_day(candidate):
                candidate = candidate.replace(hour=0, minute=0) + timedelta(days=1)
            elif candidate.hour not in self.hours:
                candidate = candidate.replace(minute=0) + timedelta(hours=1)
            elif candidate.minute not in self.minutes:
                candidate += timedelta(minutes=1)
            else:
                return candidate
        return None

    def _has_day(self, moment: datetime) -> bool:
        in_month = moment.day in self.days
        in_week = moment.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return in_month and in_week
        return in_month or in_week


def _start_of_next_month(moment: datetime) -> datetime:
    first = moment.replace(day=1, hour=0, minute=0)
    return first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)


def _fixed(every: timedelta, zone: str | None) -> Schedule:
    empty: frozenset[int] = frozenset()
    return Schedule(empty, empty, empty, empty, empty, False, False, every=every, time_zone=zone)


def _duration(text: str) -> timedelta:
    """Read a duration as Go writes it, such as ``1h30m``; less than a second counts as a second."""
    if text == "0":
        return timedelta(seconds=1)
    seconds, position = 0.0, len(text) - len(text.lstrip("+-"))
    if position >= len(text) or position > 1:
        raise ScheduleError(f"{text!r} is no duration, such as 1h30m")
    while position < len(text):
        match = _DURATION_PART.match(text, position)
        if match is None:
            raise ScheduleError(f"{text!r} is no duration, such as 1h30m")
        seconds += float(match.group(1)) * _UNITS[match.group(2)]
        position = match.end()
    if text.startswith("-"):
        seconds = -seconds
    try:
        return timedelta(seconds=max(1, int(seconds)))
    except OverflowError:
        raise ScheduleError(f"{text!r} is too long a duration") from None


def _read_field(text: str, field: str, lowest: int, highest: int, words: dict[str, int]) -> tuple[frozenset[int], bool]:
    """Return the numbers that a field means, and whether it is written as any number."""
    numbers: set[int] = set()
    is_any = False
    for part in text.split(","):
        if part:
            more, starred = _read_range(part, field, lowest, highest, words)
            numbers |= more
            is_any = is_any or starred
    return frozenset(numbers), is_any


def _read_range(text: str, field: str, lowest: int, highest: int, words: dict[str, int]) -> tuple[set[int], bool]:
    span, slash, step_text = text.partition("/")
    start_text, dash, end_text = span.partition("-")
    starred = False
    if start_text in ("*", "?"):
        start, end, starred = lowest, highest, True
    else:
        start = _read_number(start_text, field, words)
        end = _read_number(end_text, field, words) if dash else start
    step = 1
    if slash:
        if "/" in step_text:
            raise ScheduleError(f"{field}: {text!r} has more than one '/'")
        step = _read_number(step_text, field, _NO_WORDS)
        end = end if dash or starred else highest
        starred = starred and step == 1
    if "-" in end_text:
        raise ScheduleError(f"{field}: {text!r} has more than one '-'")
    if start < lowest or end > highest:
        raise ScheduleError(f"{field}: {text!r} must be between {lowest} and {highest}")
    if start > end:
        raise ScheduleError(f"{field}: {text!r} begins after its end")
    if step == 0:
        raise ScheduleError(f"{field}: the step of {text!r} may not be 0")
    return set(range(start, end + 1, step)), starred


def _read_number(text: str, field: str, words: dict[str, int]) -> int:
    if text.lower() in words:
        return words[text.lower()]
    if not (text.isascii() and text.lstrip("+").isdigit()) or len(text) > 9:
        raise ScheduleError(f"{field}: {text!r} is no number")
    return int(text)
