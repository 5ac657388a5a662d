"""When a CronJob is due, whatever the clocks of its time zone do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.admission.schedule import ScheduleError
from podkit.controllers.cronjob.timetable import Timetable, UnknownTimeZone
from podkit.model.job import CronJobSpec

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def timetable(schedule: str, zone: str | None = "UTC") -> Timetable:
    return Timetable.of(CronJobSpec(schedule=schedule, time_zone=zone))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(table: Timetable, moment: datetime, number: int) -> list[str]:
    times = []
    for _ in range(number):
        found = table.next_after(moment)
        assert found is not None
        moment = found
        times.append(f"{moment:%m-%d %H:%M}")
    return times


def test_follows_the_time_zone() -> None:
    berlin = timetable("0 12 * * *", "Europe/Berlin")
    assert following(berlin, at("2026-03-27"), 4) == ["03-27 11:00", "03-28 11:00", "03-29 10:00", "03-30 10:00"]


def test_a_time_that_is_skipped_does_not_happen() -> None:
    assert following(timetable("30 2 * * *", "Europe/Berlin"), at("2026-03-27 12:00"), 2) == [
        "03-28 01:30",
        "03-30 00:30",
    ]


def test_a_time_that_is_repeated_happens_twice() -> None:
    times = following(timetable("30 2 * * *", "Europe/Berlin"), at("2026-10-24 12:00"), 3)
    assert times == ["10-25 00:30", "10-25 01:30", "10-26 01:30"]


def test_the_first_moment_after_a_change_is_not_left_out() -> None:
    times = following(timetable("0 3 * * *", "Europe/Berlin"), at("2026-03-28 12:00"), 2)
    assert times == ["03-29 01:00", "03-30 01:00"]


def test_a_year_is_no_distance() -> None:
    assert timetable("0 0 1 7 *", "America/New_York").next_after(at("2026-07-02")) == at("2027-07-01 04:00")
    assert timetable("0 0 30 2 *", "America/New_York").next_after(DAY) is None


def test_without_a_time_zone_the_process_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert timetable("0 9 * * *", None).next_after(DAY) == at("2026-01-02 00:00")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_says_what_it_cannot_read() -> None:
    with pytest.raises(UnknownTimeZone, match="'Mars/Olympus': this machine knows no such time zone"):
        timetable("* * * * *", "Mars/Olympus")
    with pytest.raises(ScheduleError):
        timetable("every day")


@pytest.mark.parametrize(
    ("schedule", "since", "now", "last"),
    [
        ("0 * * * *", "2026-01-01 00:30", "2026-01-01 00:59", None),
        ("0 * * * *", "2026-01-01 00:30", "2026-01-01 01:00", "2026-01-01 01:00"),
        ("0 * * * *", "2026-01-01 00:30", "2026-01-09 01:10", "2026-01-09 01:00"),
        ("0 9,10 * * *", "2026-01-01 00:00", "2026-03-01 02:00", "2026-02-28 10:00"),
        ("* * 1 1 *", "2026-01-01 00:00", "2026-06-01 00:00", "2026-01-01 23:59"),
        ("0 0 * * mon", "2026-01-01 00:00", "2026-01-10 00:00", "2026-01-05 00:00"),
        ("@every 90m", "2026-01-01 00:10", "2026-01-01 06:00", "2026-01-01 04:40"),
    ],
)
def test_finds_the_latest_time(schedule: str, since: str, now: str, last: str | None) -> None:
    assert timetable(schedule).last_until(at(since), at(now)) == (at(last) if last else None)


# half of them on the days around a change of the clocks
CHANGES = [
    at("2026-03-28 12:00"),
    at("2026-10-24 12:00"),
    at("2026-03-07 12:00"),
    at("2026-02-14 12:00"),
    at("2026-04-04"),
]
MINUTES = st.one_of(
    st.integers(0, 400 * 24 * 60).map(lambda minutes: DAY + timedelta(minutes=minutes)),
    st.builds(lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(0, 1440)),
)
SCHEDULES = st.sampled_from(["*/7 * * * *", "30 2 * * *", "15 1,2,3 * * *", "0 0 1 * *", "0 0 * * sun", "30 2 29 3 *"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])


@settings(deadline=None, max_examples=60)
@given(SCHEDULES, ZONES, MINUTES, st.integers(0, 36 * 60))
def test_agrees_with_looking_at_every_minute(schedule: str, zone: str, since: datetime, minutes: int) -> None:
    table = timetable(schedule, zone)
    now = since + timedelta(minutes=minutes)

    def is_due(moment: datetime) -> bool:
        wall = moment + table.offset(moment)
        return table.schedule.next_after(wall - timedelta(minutes=1)) == wall

    due = [moment for step in range(1, minutes + 1) if is_due(moment := since + timedelta(minutes=step))]
    assert table.last_until(since, now) == (due[-1] if due else None)
    if due:
        assert table.next_after(since) == due[0]
