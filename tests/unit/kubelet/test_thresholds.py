"""When a node is short of something, and for how long it says so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.errors import PodkitError
from podkit.kubelet.eviction import KUBERNETES, EvictionConfig
from podkit.kubelet.eviction.thresholds import Observation, Pressure, Signal, assess
from tests.unit.kubelet.builders import at

MEBIBYTE = 1 << 20


def mebibytes(available: float, capacity: float = 1000) -> Observation:
    return Observation(int(available * MEBIBYTE), int(capacity * MEBIBYTE))


def over_time(config: EvictionConfig, *observed: tuple[float, Mapping[Signal, Observation]]) -> Pressure:
    """The pressure after all of these looks."""
    pressure = Pressure()
    for seconds, found in observed:
        pressure = assess(config, pressure, found, at(seconds))
    return pressure


def memory(available: float) -> dict[Signal, Observation]:
    return {Signal.MEMORY: mebibytes(available)}


@pytest.mark.parametrize(("available", "is_short"), [(100, False), (99.9, True)])
def test_a_node_is_short_of_memory_below_100_mebibytes(available: float, is_short: bool) -> None:
    pressure = over_time(EvictionConfig(), (0, memory(available)))
    assert bool(pressure.starved) is is_short
    assert pressure.conditions == (("MemoryPressure",) if is_short else ())


@pytest.mark.parametrize(("signal", "least"), [(Signal.NODE_DISK, 100), (Signal.IMAGE_DISK, 150)])
def test_a_share_of_the_disk(signal: Signal, least: int) -> None:
    config = EvictionConfig(hard=KUBERNETES)
    assert over_time(config, (0, {signal: mebibytes(least)})) == Pressure()
    assert over_time(config, (0, {signal: mebibytes(least - 1)})).conditions == ("DiskPressure",)


def test_by_default_the_disk_may_be_filled_but_for_100_mebibytes() -> None:
    assert over_time(EvictionConfig(), (0, {Signal.NODE_DISK: mebibytes(101, 1_000_000)})) == Pressure()
    assert over_time(EvictionConfig(), (0, {Signal.NODE_DISK: mebibytes(99, 1_000_000)})).conditions == (
        "DiskPressure",
    )


def test_what_is_not_known_is_not_short() -> None:
    assert over_time(EvictionConfig(), (0, {})) == Pressure()


def test_a_condition_stays_for_five_minutes_after_it_was_last_seen() -> None:
    pressure = over_time(EvictionConfig(), (0, memory(50)), (10, memory(500)), (299, memory(500)))
    assert (pressure.conditions, pressure.starved) == (("MemoryPressure",), ())
    assert assess(EvictionConfig(), pressure, memory(500), at(300)).conditions == ()


def test_a_soft_threshold_evicts_after_its_grace_period() -> None:
    soft = EvictionConfig(hard={}, soft={"memory.available": "200Mi"}, soft_grace_period={"memory.available": 60})
    early = over_time(soft, (0, memory(150)), (59, memory(150)))
    assert (early.conditions, early.starved) == (("MemoryPressure",), ())
    assert [one.signal for one in assess(soft, early, memory(150), at(60)).starved] == [Signal.MEMORY]


def test_the_grace_period_starts_over_when_there_was_enough_in_between() -> None:
    soft = EvictionConfig(hard={}, soft={"memory.available": "200Mi"}, soft_grace_period={"memory.available": 60})
    pressure = over_time(soft, (0, memory(150)), (30, memory(250)), (40, memory(150)), (70, memory(150)))
    assert pressure.starved == ()


def test_there_is_enough_again_only_when_a_minimum_has_been_got_back() -> None:
    config = EvictionConfig(minimum_reclaim={"memory.available": "50Mi"})
    assert over_time(config, (0, memory(120))).starved == ()
    assert over_time(config, (0, memory(90)), (10, memory(120))).starved
    assert over_time(config, (0, memory(90)), (10, memory(150))).starved == ()


def test_memory_is_the_most_urgent() -> None:
    both = {Signal.NODE_DISK: mebibytes(1), **memory(1)}
    config = EvictionConfig(hard={"nodefs.available": "10Mi", "memory.available": "10Mi"})
    pressure = over_time(config, (0, both))
    assert [one.signal for one in pressure.starved] == [Signal.MEMORY, Signal.NODE_DISK]
    assert pressure.conditions == ("DiskPressure", "MemoryPressure")


def test_processes_are_counted_if_so_wanted() -> None:
    few = {Signal.PROCESSES: Observation(5, 32768)}
    assert over_time(EvictionConfig(), (0, few)) == Pressure()
    assert over_time(EvictionConfig(hard={"pid.available": "10"}), (0, few)).conditions == ("PIDPressure",)


@pytest.mark.parametrize("text", ["0%", "100%"])
def test_a_threshold_can_be_switched_off(text: str) -> None:
    assert EvictionConfig(hard={"memory.available": text}).thresholds == ()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"hard": {"memory.free": "1Mi"}}, "there is no eviction signal 'memory.free': podkit has memory.available"),
        ({"hard": {"memory.available": "much"}}, "'much' is neither a quantity nor a percentage"),
        ({"hard": {"memory.available": "x%"}}, "'x%' is neither a quantity nor a percentage"),
        ({"hard": {"memory.available": "101%"}}, "must lie between 0% and 100%"),
        ({"hard": {"memory.available": "-1"}}, "must lie between 0% and 100%"),
        ({"soft": {"memory.available": "1Mi"}}, "memory.available has no grace period: give soft_grace_period"),
    ],
)
def test_a_config_that_makes_no_sense_says_so(fields: dict[str, dict[str, str]], says: str) -> None:
    with pytest.raises(PodkitError, match=says.replace("(", r"\(")):
        EvictionConfig(**fields)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 300)), min_size=1, max_size=20))
def test_whoever_looks_the_conditions_cover_what_is_short_now(looks: list[tuple[int, int]]) -> None:
    config, pressure, now = EvictionConfig(), Pressure(), 0
    for passed, available in looks:
        now += passed
        pressure = assess(config, pressure, memory(available), at(now))
        assert bool(pressure.starved) is (available < 100)
        assert not pressure.starved or pressure.conditions == ("MemoryPressure",)
        assert all((at(now) - seen).total_seconds() < 300 for seen in pressure.seen_at.values())
