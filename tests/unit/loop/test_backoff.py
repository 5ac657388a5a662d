"""Back-off: longer after each failure, up to a limit, and over again after a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podkit.loop.backoff import Backoff, BackoffPolicy

CRASH_LOOP = BackoffPolicy(initial=10, maximum=300, reset_after=600)


def test_the_delay_doubles_to_its_maximum() -> None:
    backoff = Backoff(CRASH_LOOP)
    assert [backoff.next("web", now) for now in range(7)] == [10, 20, 40, 80, 160, 300, 300]


def test_each_key_has_a_delay_of_its_own() -> None:
    backoff = Backoff(CRASH_LOOP)
    assert [backoff.next("web", 0), backoff.next("web", 0), backoff.next("db", 0)] == [10, 20, 10]


def test_a_key_that_has_not_failed_for_a_while_starts_over() -> None:
    backoff = Backoff(CRASH_LOOP)
    backoff.next("web", 0)
    assert backoff.next("web", 600) == 20
    assert backoff.next("web", 1201) == 10


def test_without_a_time_a_key_never_starts_over_by_itself() -> None:
    backoff = Backoff(BackoffPolicy(initial=1, maximum=60))
    backoff.next("web", 0)
    assert backoff.next("web", 1e9) == 2


def test_a_key_that_is_forgotten_starts_over() -> None:
    backoff = Backoff(CRASH_LOOP)
    backoff.next("web", 0)
    backoff.forget("web")
    backoff.forget("never seen")
    assert backoff.next("web", 1) == 10


@given(
    st.floats(min_value=0.001, max_value=10),
    st.floats(min_value=1, max_value=100),
    st.floats(min_value=1, max_value=5),
    # whole seconds: their sums are exact, so that a pause of 40 s is not one of more than 40
    st.lists(st.integers(min_value=0, max_value=50), min_size=1, max_size=50),
)
def test_delays_grow_and_stay_within_their_bounds(
    initial: float, span: float, factor: float, pauses: list[int]
) -> None:
    policy = BackoffPolicy(initial=initial, maximum=initial * span, factor=factor, reset_after=40)
    backoff, now, last = Backoff(policy), 0.0, 0.0
    for pause in pauses:
        now += pause
        delay = backoff.next("key", now)
        assert initial <= delay <= policy.maximum
        assert delay >= last or (delay == initial and pause > 40)
        last = delay
