"""What a controller has done itself and its informer has not shown yet."""

from podkit.controllers.expectations import TIMEOUT, Expectations
from podkit.loop.clock import VirtualClock


def test_is_awaited_until_it_is_shown():
    expectations = Expectations(VirtualClock())
    expectations.expect("job", "a")
    expectations.expect("job", "b")
    assert expectations.awaited("job") == {"a", "b"}
    expectations.observe("job", "a")
    assert expectations.awaited("job") == {"b"}
    expectations.observe("job", "b")
    assert expectations.awaited("job") == frozenset()


def test_is_given_up_in_the_end():
    clock = VirtualClock()
    expectations = Expectations(clock)
    expectations.expect("job", "a")
    clock.advance(TIMEOUT - 1)
    assert expectations.awaited("job") == {"a"}
    clock.advance(1)
    assert expectations.awaited("job") == frozenset()


def test_what_was_not_awaited_may_be_shown():
    expectations = Expectations(VirtualClock())
    expectations.observe("job", "a")
    expectations.forget("job")
    assert expectations.awaited("job") == frozenset()
