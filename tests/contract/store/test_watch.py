"""Following the changes of a kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from podkit.errors import Expired, NotFound, ValidationError
from podkit.loop.watch import Watch
from podkit.model import ConfigMap, Namespace, Pod
from podkit.store.base import Store

from .objects import config, pod


def told(watch: Watch[Any]) -> list[tuple[str, str]]:
    """What a watch tells now: what has happened, and to which object."""
    events = []
    while (event := watch.poll()) is not None:
        events.append((event.type.value, event.object.metadata.name))
    return events


class TestFollowing:
    def test_it_begins_with_what_is_there(self, store: Store) -> None:
        store.create(config("b"))
        store.create(config("a"))

        assert told(store.watch(ConfigMap)) == [("ADDED", "a"), ("ADDED", "b")]

    def test_it_tells_changes_in_their_order(self, store: Store) -> None:
        watch = store.watch(ConfigMap)

        store.create(config("a"))
        store.create(config("b"))
        store.patch(ConfigMap, "a", {"data": {"x": "1"}})
        store.delete(ConfigMap, "a")
        store.create(config("a"))

        assert told(watch) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "a")]

    def test_an_event_has_the_object_as_it_was_then(self, store: Store) -> None:
        watch = store.watch(ConfigMap)
        store.create(config("a", x="1"))
        store.patch(ConfigMap, "a", {"data": {"x": "2"}})
        store.delete(ConfigMap, "a")

        events = [watch.poll() for _ in range(3)]

        assert [event.object.data["x"] for event in events if event] == ["1", "2", "2"]
        versions = [int(event.object.metadata.resource_version or "") for event in events if event]
        assert versions == sorted(set(versions))

    def test_it_tells_nothing_of_other_kinds(self, store: Store) -> None:
        watch = store.watch("cm")

        store.create(pod())

        assert told(watch) == []

    def test_two_tell_the_same(self, store: Store) -> None:
        watches = [store.watch(ConfigMap), store.watch(ConfigMap)]
        store.create(config("a"))

        assert [told(watch) for watch in watches] == [[("ADDED", "a")], [("ADDED", "a")]]

    def test_a_namespace_made_on_demand_is_told(self, store: Store) -> None:
        watch = store.watch(Namespace)

        store.create(pod(namespace="other"))

        assert told(watch) == [("ADDED", "default"), ("ADDED", "other")]


class TestSelecting:
    def test_by_namespace(self, store: Store) -> None:
        store.create(config("a", namespace="here"))
        watch = store.watch(ConfigMap, namespace="here")
        store.create(config("b", namespace="there"))
        store.create(config("c", namespace="here"))

        assert told(watch) == [("ADDED", "a"), ("ADDED", "c")]

    def test_by_label(self, store: Store) -> None:
        store.create(pod("a"))
        store.create(pod("b"))

        assert told(store.watch(Pod, labels="app=b")) == [("ADDED", "b")]

    def test_coming_to_match_is_being_added_and_ceasing_is_being_deleted(self, store: Store) -> None:
        watch = store.watch(Pod, labels="tier=web")
        store.create(pod("a"))

        for tier in ("web", "db", "web", None):
            store.patch(Pod, "a", {"metadata": {"labels": {"tier": tier}}})
        store.delete(Pod, "a")

        assert told(watch) == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a")]

    def test_what_ceases_to_match_is_told_as_it_was_last(self, store: Store) -> None:
        store.create(pod("a"))
        watch = store.watch(Pod, labels="app=a")
        changed = store.patch(Pod, "a", {"metadata": {"labels": {"app": "b"}}})

        watch.poll()
        event = watch.poll()

        assert event is not None
        assert event.object.metadata.labels == {"app": "a"}
        assert event.object.metadata.resource_version == changed.metadata.resource_version


class TestSince:
    def test_it_tells_what_has_happened_since(self, store: Store) -> None:
        store.create(config("a"))
        seen = store.create(config("b")).metadata.resource_version
        store.delete(ConfigMap, "a")
        store.create(config("c"))

        assert told(store.watch(ConfigMap, since=seen)) == [("DELETED", "a"), ("ADDED", "c")]

    def test_it_goes_on_with_what_comes(self, store: Store) -> None:
        seen = store.create(config("a")).metadata.resource_version
        watch = store.watch(ConfigMap, since=seen)
        store.create(config("b"))

        assert told(watch) == [("ADDED", "b")]

    def test_a_version_of_another_kind_will_do(self, store: Store) -> None:
        store.create(config("a"))
        seen = store.create(pod()).metadata.resource_version
        store.create(config("b"))

        assert told(store.watch(ConfigMap, since=seen)) == [("ADDED", "b")]

    def test_0_is_any_version(self, store: Store) -> None:
        store.create(config("a"))

        assert told(store.watch(ConfigMap, since="0")) == [("ADDED", "a")]

    def test_what_is_too_old_has_expired(self, store: Store) -> None:
        seen = store.create(config("a")).metadata.resource_version
        for number in range(2_100):
            store.patch(ConfigMap, "a", {"data": {"x": str(number)}})

        with pytest.raises(Expired):
            store.watch(ConfigMap, since=seen)

    def test_what_was_never_has_expired(self, store: Store) -> None:
        with pytest.raises(Expired):
            store.watch(ConfigMap, since="1000000")

    def test_what_is_no_version_is_refused(self, store: Store) -> None:
        with pytest.raises(ValidationError):
            store.watch(ConfigMap, since="yesterday")


@contextmanager
def iterating(watch: Watch[Any]) -> Iterator[list[str]]:
    """Another thread iterates over the watch; what it has seen is complete once the block has ended."""
    seen: list[str] = []

    def run() -> None:
        for event in watch:
            seen.append(f"{event.type} {event.object.metadata.name}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield seen
    thread.join(timeout=30)
    assert not thread.is_alive(), "the iteration has not ended"


class TestIterating:
    def test_it_waits_for_what_comes_until_it_is_closed(self, store: Store) -> None:
        watch = store.watch(ConfigMap)
        seen_all = threading.Event()
        seen: list[str] = []

        def run() -> None:
            for event in watch:
                seen.append(event.object.metadata.name)
                if len(seen) == 3:
                    seen_all.set()
            seen.append("end")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        for name in "abc":
            store.create(config(name))
        assert seen_all.wait(30)
        watch.close()
        thread.join(timeout=30)

        assert seen == ["a", "b", "c", "end"]

    def test_it_ends_with_the_store(self, store: Store) -> None:
        watch = store.watch(ConfigMap)

        with iterating(watch):
            store.close()

        assert watch.closed

    def test_closing_from_another_thread_ends_it(self, store: Store) -> None:
        watch = store.watch(Pod)

        with iterating(watch) as seen:
            watch.close()
            watch.close()

        assert seen == []

    def test_a_closed_one_tells_nothing(self, store: Store) -> None:
        store.create(config("a"))
        watch = store.watch(ConfigMap)
        watch.close()

        store.create(config("b"))

        assert watch.poll() is None
        assert list(watch) == []


class TestWaking:
    def test_whoever_waits_is_called_when_there_is_something(self, store: Store) -> None:
        calls: list[str] = []
        store.watch(ConfigMap, wake=lambda: calls.append("unreferenced, hence gone"))
        watch = store.watch(ConfigMap, labels="app=web", wake=lambda: calls.append("web"))

        store.create(config("plain"))
        store.create(pod())
        assert calls == []
        labelled = config("labelled")
        labelled.metadata.labels = {"app": "web"}
        store.create(labelled)

        assert calls == ["web"]
        assert told(watch) == [("ADDED", "labelled")]

    def test_it_may_use_the_store(self, store: Store) -> None:
        found: list[str] = []
        watch = store.watch(ConfigMap, wake=lambda: found.extend(obj.metadata.name or "" for obj in store.list("cm")))

        store.create(config("a"))

        assert found == ["a"]
        watch.close()

    def test_one_that_fails_harms_nobody(self, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        calls: list[str] = []

        def fail() -> None:
            raise RuntimeError("no good")

        watches = [store.watch(ConfigMap, wake=fail), store.watch(ConfigMap, wake=lambda: calls.append("called"))]

        store.create(config("a"))

        assert calls == ["called"]
        assert "no good" in caplog.text
        assert [told(watch) for watch in watches] == [[("ADDED", "a")]] * 2

    def test_a_closed_one_is_not_called(self, store: Store) -> None:
        calls: list[str] = []
        watch = store.watch(ConfigMap, wake=lambda: calls.append("called"))
        watch.close()

        store.create(config("a"))

        assert calls == []


def test_a_slow_watch_expires(store: Store) -> None:
    """A watch that nobody reads does not hold back an unbounded number of changes."""
    slow, idle = store.watch(ConfigMap), store.watch(ConfigMap)
    store.create(config("a"))
    assert told(slow) == [("ADDED", "a")]

    for number in range(25_000):
        made = config("b", x=str(number))
        store.create(made) if number == 0 else store.patch(ConfigMap, "b", {"data": {"x": str(number)}})

    with pytest.raises(Expired):
        slow.poll()
    with pytest.raises(Expired):
        next(idle)
    with pytest.raises(NotFound):
        store.get(ConfigMap, "c")
