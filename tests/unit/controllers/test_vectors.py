"""The numbers that controllers are known by, as whole stories on a virtual clock: each test is one of them."""

from __future__ import annotations

import pytest

from podkit.controllers import JobController
from podkit.controllers.deployment.numbers import fenceposts
from tests.unit.controllers.test_cronjob import Nights, night
from tests.unit.controllers.world import World, conditions, job


def test_a_job_that_fails_twice_succeeds_once_and_fails_again_waits_10_s() -> None:
    world = World(JobController)
    world.store.create(job(completions=2, backoff_limit=9))
    world.settle()
    for delay in (10, 20):
        world.fail(*world.active())
        world.advance(delay)
    world.succeed(*world.active())
    world.advance(1)
    world.fail(*world.active())
    world.advance(9.5)
    assert world.active() == []
    world.advance(0.5)
    assert len(world.active()) == 1


def test_a_job_with_a_back_off_limit_of_2_fails_at_its_third_failure() -> None:
    world = World(JobController)
    world.store.create(job(backoff_limit=2))
    world.settle()
    for delay in (10, 20):
        world.fail(*world.active())
        assert conditions(world.job()) == []
        world.advance(delay)
    world.fail(*world.active())
    assert conditions(world.job())[-1] == ("Failed", "True", "BackoffLimitExceeded")


@pytest.mark.parametrize(
    ("replicas", "unavailable", "surge", "result"),
    [
        (2, "1%", "0%", (0, 1)),
        (1, "1%", "0%", (0, 1)),
        (2, "25%", "1%", (1, 0)),
        (1, "25%", "1%", (1, 0)),
        (2, "0%", "1%", (1, 0)),
        (1, "0%", "1%", (1, 0)),
    ],
)
def test_a_rolling_update_goes_up_first_if_it_may_and_else_down_by_one(
    replicas: int, unavailable: str, surge: str, result: tuple[int, int]
) -> None:
    assert fenceposts(surge, unavailable, replicas) == result


def test_a_schedule_of_five_minutes_that_was_missed_200_times_makes_one_job_for_the_newest_time_and_one_warning() -> (
    None
):
    world = Nights(0)
    world.store.create(night("*/5 * * * *"))
    world.settle()
    world.stop_controller()
    world.advance(200 * 5 * 60)
    newest = int(world.clock.now().timestamp()) // 60 % 5
    world.start_controller()
    world.settle()
    assert world.jobs() == [-newest]
    assert world.reasons().count("TooManyMissedTimes") == 1
