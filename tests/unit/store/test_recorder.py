"""Events: how they are written, counted, and dropped again."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from podkit.loop.clock import VirtualClock
from podkit.model import ConfigMap, Event, EventSource, Node, ObjectMeta
from podkit.store.memory import MemoryStore
from podkit.store.recorder import EventRecorder
from podkit.store.retention import PER_OBJECT


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def record(store: MemoryStore, clock: VirtualClock) -> EventRecorder:
    return EventRecorder(store, "kubelet", clock, "node-1")


@pytest.fixture
def settings(store: MemoryStore) -> ConfigMap:
    return store.create(ConfigMap(metadata=ObjectMeta(name="settings", namespace="team")))


def the_event(store: MemoryStore) -> Event:
    (event,) = store.list(Event)
    return event


class TestWriting:
    def test_what_happened_to_which_object(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap, clock: VirtualClock
    ) -> None:
        record(settings, "Pulled", "Image is there", field_path="spec.containers{app}")

        event = the_event(store)
        involved = event.involved_object
        assert (involved.kind, involved.api_version, involved.namespace, involved.name) == (
            "ConfigMap", "v1", "team", "settings",
        )  # fmt: skip
        assert (involved.uid, involved.resource_version) == (settings.metadata.uid, settings.metadata.resource_version)
        assert involved.field_path == "spec.containers{app}"
        assert (event.type, event.reason, event.message, event.count) == ("Normal", "Pulled", "Image is there", 1)
        assert event.first_timestamp == event.last_timestamp == clock.now()
        assert event.source == EventSource(component="kubelet", host="node-1")
        assert (event.reporting_component, event.reporting_instance) == ("kubelet", "node-1")
        assert event.metadata.namespace == "team"
        assert (event.metadata.name or "").startswith("settings.")

    def test_about_a_node_in_the_default_namespace(self, store: MemoryStore, record: EventRecorder) -> None:
        record(store.create(Node(metadata=ObjectMeta(name="node-1"))), "Starting", "Starting kubelet.", type="Warning")

        event = the_event(store)
        assert (event.metadata.namespace, event.type) == ("default", "Warning")

    def test_the_longest_name_leaves_room_for_the_rest(self, store: MemoryStore, record: EventRecorder) -> None:
        name = "a" * 235 + ".b" * 9
        record(store.create(ConfigMap(metadata=ObjectMeta(name=name))), "Pulled", "x")

        assert len(the_event(store).metadata.name or "") <= 253

    def test_what_the_store_refuses_is_logged(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "podkit")
        store.close()

        record(settings, "Pulled", "Image is there")

        assert "the store is closed" in caplog.text


class TestCounting:
    def test_the_same_report_counts_up(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap, clock: VirtualClock
    ) -> None:
        began = clock.now()
        for _ in range(3):
            record(settings, "BackOff", "again")
            clock.advance(10)

        event = the_event(store)
        assert event.count == 3
        assert (event.first_timestamp, event.last_timestamp) == (began, began + timedelta(seconds=20))

    def test_another_report_is_another_event(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        other = store.create(ConfigMap(metadata=ObjectMeta(name="other", namespace="team")))
        record(settings, "BackOff", "again")
        record(settings, "BackOff", "and again")
        record(settings, "Failed", "again")
        record(settings, "BackOff", "again", type="Warning")
        record(settings, "BackOff", "again", field_path="spec.containers{app}")
        record(other, "BackOff", "again")

        assert [event.count for event in store.list(Event)] == [1] * 6

    def test_more_can_be_said_of_a_report_until_it_comes_again(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        record.annotate(settings, "Pulling", "it", {"bytes": "0"})
        assert store.list(Event) == []
        record(settings, "Pulling", "it")
        record.annotate(settings, "Pulling", "it", {"bytes": "1"})
        record.annotate(settings, "Pulling", "it", {"bytes": "2"})
        assert (the_event(store).metadata.annotations, the_event(store).count) == ({"bytes": "2"}, 1)
        record(settings, "Pulling", "it")
        assert (the_event(store).metadata.annotations, the_event(store).count) == ({}, 2)
        store.delete(Event, the_event(store).metadata.name or "", namespace="team")
        record.annotate(settings, "Pulling", "it", {"bytes": "3"})
        assert store.list(Event) == []

    def test_an_event_that_is_gone_is_written_anew(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        record(settings, "BackOff", "again")
        store.delete(Event, the_event(store).metadata.name or "", namespace="team")

        record(settings, "BackOff", "again")

        assert the_event(store).count == 1

    def test_an_event_that_somebody_else_has_changed_counts_on(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        record(settings, "BackOff", "again")
        name = the_event(store).metadata.name or ""
        store.patch(Event, name, {"metadata": {"labels": {"seen": "yes"}}}, namespace="team")

        record(settings, "BackOff", "again")

        assert the_event(store).count == 2


class TestDropping:
    def test_an_hour_after_the_last_time(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap, clock: VirtualClock
    ) -> None:
        record(settings, "Twice", "x")
        record(settings, "Once", "x")
        clock.advance(3000)
        record(settings, "Twice", "x")
        clock.advance(700)

        assert [event.reason for event in store.list(Event)] == ["Twice"]
        clock.advance(3600)
        assert store.list(Event) == []

    def test_it_is_told_to_watches(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap, clock: VirtualClock
    ) -> None:
        record(settings, "Once", "x")
        watch = store.watch(Event)
        clock.advance(3600)
        record(settings, "Later", "x")

        told = [(event.type.value, event.object.reason) for event in iter(watch.poll, None) if event]

        assert sorted(told) == [("ADDED", "Later"), ("ADDED", "Once"), ("DELETED", "Once")]

    def test_of_one_object_the_newest_stay(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        other = store.create(ConfigMap(metadata=ObjectMeta(name="other", namespace="team")))
        record(other, "Kept", "x")
        for number in range(PER_OBJECT + 5):
            record(settings, "Many", str(number))

        messages = {event.message for event in store.list(Event, fields="reason=Many")}
        assert messages == {str(number) for number in range(5, PER_OBJECT + 5)}
        assert len(store.list(Event, fields="reason=Kept")) == 1

    def test_what_happens_again_counts_as_new(
        self, store: MemoryStore, record: EventRecorder, settings: ConfigMap
    ) -> None:
        record(settings, "Often", "x")
        for number in range(PER_OBJECT - 1):
            record(settings, "Many", str(number))
        record(settings, "Often", "x")
        record(settings, "Many", "one more")

        assert [event.count for event in store.list(Event, fields="reason=Often")] == [2]
        assert len(store.list(Event)) == PER_OBJECT

    def test_what_is_gone_is_forgotten(self, store: MemoryStore, record: EventRecorder, settings: ConfigMap) -> None:
        record(settings, "Once", "x")

        store.delete(Event, the_event(store).metadata.name or "", namespace="team")

        assert len(store._retention) == 0
        assert store._retention._about == {}


def test_each_event_is_logged_with_what_it_is_about(
    record: EventRecorder, settings: ConfigMap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "podkit")

    record(settings, "Once", "x")
    record(settings, "Once", "x")
    record(settings, "Bad", "y", type="Warning")

    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("INFO", "ConfigMap team/settings: Once: x"),
        ("WARNING", "ConfigMap team/settings: Bad: y"),
    ]
    first = vars(caplog.records[0])
    assert (first["name"], first["kind"], first["object"]) == ("podkit.events", "ConfigMap", "settings")
    assert (first["namespace"], first["reason"], first["pod"]) == ("team", "Once", None)
