"""The log of changes: what it keeps, for whom, and what it forgets."""

from __future__ import annotations

import gc
import threading

import pytest

from podkit.errors import Expired
from podkit.loop.watch import ChangeType, WatchEvent
from podkit.model import ConfigMap, ObjectMeta
from podkit.store.changes import Change, ChangeLog, LogWatch, Selection

ALL: Selection[ConfigMap] = Selection()


def change(version: int, name: str = "a") -> Change[ConfigMap]:
    obj = ConfigMap(metadata=ObjectMeta(name=name, namespace="default", resource_version=str(version)))
    return Change(version, None, WatchEvent(ChangeType.ADDED, obj))


def versions(watch: LogWatch[ConfigMap]) -> list[int]:
    found = []
    while (event := watch.poll()) is not None:
        found.append(int(event.object.metadata.resource_version or 0))
    return found


def filled(log: ChangeLog[ConfigMap], last: int, first: int = 1) -> None:
    for version in range(first, last + 1):
        log.append(change(version))


def test_history_is_kept_for_those_who_come_later() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=50)
    filled(log, 100)

    assert versions(log.follow_since(ALL, 90, wake=None)) == list(range(91, 101))
    with pytest.raises(Expired):
        log.follow_since(ALL, 70, wake=None)


def test_memory_does_not_grow_without_watches() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=50)

    filled(log, 1_000)

    assert len(log._changes) <= 21


def test_what_a_watch_has_not_read_is_kept_for_it() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=50)
    watch = log.follow(ALL, (), wake=None)

    filled(log, 45)

    assert versions(watch) == list(range(1, 46))


def test_a_watch_that_is_too_slow_expires_and_stays_so() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=50)
    slow, quick = log.follow(ALL, (), wake=None), log.follow(ALL, (), wake=None)
    filled(log, 30)
    seen = versions(quick)
    filled(log, 100, first=31)

    with pytest.raises(Expired):
        slow.poll()
    with pytest.raises(Expired):
        slow.poll()
    with pytest.raises(Expired):
        quick.poll()
    assert seen == list(range(1, 31))
    assert len(log._changes) <= 61


@pytest.mark.parametrize("ended", ["closed", "unreferenced"])
def test_nothing_is_kept_for_a_watch_that_is_no_more(ended: str) -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=10_000)
    watch: LogWatch[ConfigMap] | None = log.follow(ALL, (), wake=None)
    filled(log, 500)
    assert len(log._changes) == 500
    if watch is not None and ended == "closed":
        watch.close()
    watch = None
    gc.collect()

    filled(log, 600, first=501)

    assert len(log._changes) <= 21


def test_what_is_there_at_the_beginning_does_not_count_as_being_slow() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=50)
    there = [change(1, f"n{number}").event.object for number in range(500)]

    watch = log.follow(ALL, there, wake=None)

    assert len(versions(watch)) == 500


def test_one_that_waits_is_roused_only_by_what_concerns_it() -> None:
    """The thread is woken by its own change; the ones before have been passed over."""
    log: ChangeLog[ConfigMap] = ChangeLog()
    watch = log.follow(Selection(namespace="default", matches=lambda obj: obj.metadata.name == "mine"), (), wake=None)
    seen: list[int] = []

    def run() -> None:
        for event in watch:
            seen.append(int(event.object.metadata.resource_version or 0))
            return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    filled(log, 20)
    log.append(change(21, "mine"))
    thread.join(timeout=30)

    assert seen == [21]


def test_writers_and_readers_at_once_lose_nothing() -> None:
    log: ChangeLog[ConfigMap] = ChangeLog(history=10, backlog=100_000)
    watches = [log.follow(ALL, (), wake=None) for _ in range(4)]
    seen: list[list[int]] = [[] for _ in watches]

    def read(watch: LogWatch[ConfigMap], found: list[int]) -> None:
        for event in watch:
            found.append(int(event.object.metadata.resource_version or 0))
            if found[-1] == 2_000:
                return

    threads = [threading.Thread(target=read, args=pair, daemon=True) for pair in zip(watches, seen, strict=True)]
    for thread in threads:
        thread.start()
    filled(log, 2_000)
    for thread in threads:
        thread.join(timeout=30)

    assert seen == [list(range(1, 2_001))] * 4
