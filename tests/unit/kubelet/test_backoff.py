from datetime import UTC, datetime, timedelta

from podkit.kubelet.backoff import CrashLoopBackoff

START = datetime(2026, 1, 1, tzinfo=UTC)


def waits(run: timedelta, times: int) -> list[float]:
    """The seconds between an end and the next start, for a container that runs so long each time."""
    backoff = CrashLoopBackoff()
    now, found = START, []
    for _ in range(times):
        ended = now + run
        until = backoff.waits_until("key", ended)
        now = until if until is not None else ended
        found.append((now - ended).total_seconds())
        backoff.restarted("key", ended, now)
    return found


def test_the_first_restart_is_immediate_and_the_waits_double_up_to_five_minutes() -> None:
    assert waits(timedelta(seconds=1), 9) == [0, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_run_of_more_than_ten_minutes_starts_over() -> None:
    backoff = CrashLoopBackoff()
    backoff.restarted("key", START, START)
    backoff.restarted("key", START + timedelta(seconds=1), START + timedelta(seconds=10))
    long_after = START + timedelta(seconds=10 + 601)
    assert backoff.waits_until("key", long_after) is None


def test_a_run_of_exactly_ten_minutes_does_not_start_over() -> None:
    backoff = CrashLoopBackoff()
    backoff.restarted("key", START, START)
    ended = START + timedelta(seconds=600)
    assert backoff.waits_until("key", ended) == ended + timedelta(seconds=10)


def test_each_key_has_its_own_sequence() -> None:
    backoff = CrashLoopBackoff()
    backoff.restarted("old image", START, START)
    assert backoff.waits_until("new image", START + timedelta(seconds=1)) is None


def test_restarts_that_others_have_made_are_recalled() -> None:
    backoff = CrashLoopBackoff()
    delays = []
    for restarts in (0, 1, 2, 6, 5000):
        backoff.recall(f"key-{restarts}", restarts, START)
        delays.append(backoff.delay(f"key-{restarts}").total_seconds())
    assert delays == [0, 10, 20, 300, 300]
    backoff.recall("key-1", 9, START)
    assert backoff.delay("key-1").total_seconds() == 10, "what was seen here counts"
    assert backoff.waits_until("key-2", START + timedelta(seconds=601)) is None
