"""Cron schedules: what can be read, and when it is due."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.admission.schedule import Schedule, ScheduleError

START = datetime(2026, 1, 31, 23, 59, 30)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("* * * * *", "2026-02-01 00:00"),
        ("*/15 * * * *", "2026-02-01 00:00"),
        ("5/20 * * * *", "2026-02-01 00:05"),
        ("30 4 * * *", "2026-02-01 04:30"),
        ("0 0 1,15 * *", "2026-02-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 * * MON", "2026-02-02 00:00"),
        ("0 0 13 * fri", "2026-02-06 00:00"),
        ("0 0 * feb-mar 1-5", "2026-02-02 00:00"),
        ("0 12 ? * ?", "2026-02-01 12:00"),
        ("@hourly", "2026-02-01 00:00"),
        ("@daily", "2026-02-01 00:00"),
        ("@weekly", "2026-02-01 00:00"),
        ("@monthly", "2026-02-01 00:00"),
        ("@yearly", "2027-01-01 00:00"),
        ("@every 1h30m", "2026-02-01 01:29:30"),
        ("@every 10ms", "2026-01-31 23:59:31"),
        ("0 0 30 2 *", None),
        (", * * * *", None),
    ],
)
def test_a_schedule_is_due(text: str, due: str | None) -> None:
    assert Schedule.parse(text).next_after(START) == (due and datetime.fromisoformat(due))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 7",
        "* * * jan-foo *",
        "5-1 * * * *",
        "*/0 * * * *",
        "*/-1 * * * *",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "a * * * *",
        "-1 * * * *",
        "@often",
        "@every",
        "@every soon",
        "@every 5",
        "@every 1h 5m",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(text)


def test_a_time_zone_before_the_schedule_is_kept() -> None:
    assert Schedule.parse("CRON_TZ=Europe/Berlin 0 6 * * *").time_zone == "Europe/Berlin"


@given(st.text(alphabet="0123456789*/-,? @everyhmsTZ=", max_size=24))
def test_any_text_is_a_schedule_or_a_schedule_error(text: str) -> None:
    try:
        schedule = Schedule.parse(text)
    except ScheduleError:
        return
    assert schedule.every is not None or schedule.minutes <= set(range(60))
