"""Hints that something has happened."""

from __future__ import annotations

from podkit.runtime.base import EventType, RuntimeEvent
from tests.contract.runtime.engines import Engine


class Heard:
    """Keeps the events that it hears."""

    def __init__(self) -> None:
        self.events: list[RuntimeEvent] = []

    def __call__(self, event: RuntimeEvent) -> None:
        self.events.append(event)

    def has(self, event_type: EventType, thing_id: str) -> bool:
        """Whether this has happened to that."""
        return any((event.type, event.id) == (event_type, thing_id) for event in self.events)


def test_the_life_of_a_container_is_told(engine: Engine) -> None:
    heard = Heard()
    config = engine.container_config("sh", "-c", "sleep 0.1")
    subscription = engine.runtime.subscribe(config.labels, heard)
    try:
        container_id = engine.runtime.create_container(engine.sandbox_id, config)
        engine.runtime.start_container(container_id)
        engine.eventually(lambda: heard.has(EventType.EXITED, container_id))
        engine.eventually(lambda: heard.has(EventType.STARTED, container_id))
        engine.runtime.remove_container(container_id)
        engine.eventually(lambda: heard.has(EventType.REMOVED, container_id))
    finally:
        subscription.close()
    assert all(config.labels.items() <= event.labels.items() for event in heard.events)


def test_when_an_end_is_told_the_status_says_so(engine: Engine) -> None:
    heard = Heard()
    subscription = engine.runtime.subscribe(engine.labels, heard)
    try:
        container_id = engine.start("sh", "-c", "sleep 0.1; exit 5")
        engine.eventually(lambda: heard.has(EventType.EXITED, container_id))
        assert engine.runtime.container(container_id).exit_code == 5
    finally:
        subscription.close()


def test_the_end_of_a_sandbox_is_told(engine: Engine) -> None:
    heard = Heard()
    subscription = engine.runtime.subscribe(engine.labels, heard)
    try:
        sandbox_id = engine.run_sandbox()
        engine.runtime.stop_sandbox(sandbox_id)
        engine.eventually(lambda: heard.has(EventType.SANDBOX_STOPPED, sandbox_id))
    finally:
        subscription.close()


def test_one_hears_only_of_what_carries_the_labels_and_only_until_one_closes(engine: Engine) -> None:
    one, other, closed = Heard(), Heard(), Heard()
    config = engine.container_config("true")
    ended = engine.runtime.subscribe(engine.labels, closed)
    ended.close()
    ended.close()
    subscriptions = [
        engine.runtime.subscribe(config.labels, one),
        engine.runtime.subscribe(config.labels | {"app": "other"}, other),
    ]
    try:
        container_id = engine.runtime.create_container(engine.sandbox_id, config)
        engine.runtime.start_container(container_id)
        engine.eventually(lambda: one.has(EventType.EXITED, container_id))
        engine.runtime.remove_container(container_id)
    finally:
        for subscription in subscriptions:
            subscription.close()
    assert other.events == []
    assert closed.events == []
