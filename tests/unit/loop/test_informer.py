"""The informer: a copy of what a watch tells, its indexes, and beginning anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from podkit.errors import Expired
from podkit.loop.informer import Informer
from podkit.loop.watch import ChangeType, WatchEvent
from podkit.model import ConfigMap, ObjectMeta

Change = tuple[str | None, str | None]


def config(name: str, **labels: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", labels=labels))


class Script:
    """A watch that tells what the test puts into it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.events: list[WatchEvent[ConfigMap] | Exception] = []
        self.closed = False
        self.wake = wake
        self.polled = 0

    def __iter__(self) -> Script:
        return self

    def __next__(self) -> WatchEvent[ConfigMap]:
        raise StopIteration

    def poll(self) -> WatchEvent[ConfigMap] | None:
        self.polled += 1
        if self.closed or not self.events:
            return None
        event = self.events.pop(0)
        if isinstance(event, Exception):
            self.events.insert(0, event)
            raise event
        return event

    def close(self) -> None:
        self.closed = True

    def tell(self, type: str, obj: ConfigMap) -> None:
        self.put(WatchEvent(ChangeType(type), obj))

    def put(self, event: WatchEvent[ConfigMap] | Exception) -> None:
        self.events.append(event)
        self.wake()


class Room:
    """An informer, the watches that it has opened, and what it has told."""

    def __init__(self, *there: list[ConfigMap], indexes: dict[str, Callable[[ConfigMap], Any]] | None = None) -> None:
        self.there = list(there)
        self.watches: list[Script] = []
        self.told: list[Change] = []
        self.informer: Informer[ConfigMap] = Informer(self.open, self.learn, wake=lambda: None, indexes=indexes)

    def open(self, wake: Callable[[], None]) -> Script:
        watch = Script(wake)
        for obj in self.there.pop(0) if self.there else []:
            watch.tell("ADDED", obj)
        self.watches.append(watch)
        return watch

    def learn(self, old: ConfigMap | None, new: ConfigMap | None) -> None:
        self.told.append((old and old.metadata.name, new and new.metadata.name))

    @property
    def known(self) -> list[str | None]:
        return sorted(obj.metadata.name or "" for obj in self.informer.objects())


def test_it_takes_in_what_is_there() -> None:
    room = Room([config("a"), config("b")])

    assert room.informer.pump() is True
    assert room.informer.pump() is False

    assert room.known == ["a", "b"]
    assert room.told == [(None, "a"), (None, "b")]


def test_it_follows_changes() -> None:
    room = Room([config("a")])
    room.informer.pump()
    room.watches[0].tell("MODIFIED", config("a", tier="web"))
    room.watches[0].tell("ADDED", config("b"))
    room.watches[0].tell("DELETED", config("a"))

    room.informer.pump()

    assert room.told[1:] == [("a", "a"), (None, "b"), ("a", None)]
    assert room.informer.get("default", "a") is None
    assert room.known == ["b"]


def test_it_asks_the_watch_only_when_there_is_something_to_be_told() -> None:
    room = Room([config("a")])
    while room.informer.pump():
        pass
    asked = room.watches[0].polled

    assert room.informer.pump() is False
    assert room.watches[0].polled == asked


class TestIndexes:
    @staticmethod
    def room() -> Room:
        return Room([config("a", tier="web")], indexes={"tier": lambda obj: obj.metadata.labels.values()})

    def found(self, room: Room, value: str) -> list[str | None]:
        return [obj.metadata.name for obj in room.informer.by_index("tier", value)]

    def test_they_follow_changes(self) -> None:
        room = self.room()
        room.informer.pump()
        room.watches[0].tell("MODIFIED", config("a", tier="db"))
        room.watches[0].tell("ADDED", config("b", tier="db", second="web"))
        room.informer.pump()

        assert (self.found(room, "web"), self.found(room, "db")) == (["b"], ["a", "b"])

    def test_they_forget_what_is_gone(self) -> None:
        room = self.room()
        room.informer.pump()
        room.watches[0].tell("DELETED", config("a", tier="web"))
        room.informer.pump()

        assert self.found(room, "web") == []
        assert room.informer._indexes == {"tier": {}}

    def test_they_have_the_newest_object(self) -> None:
        room = self.room()
        room.informer.pump()
        newest = config("a", tier="web", more="x")
        room.watches[0].tell("MODIFIED", newest)
        room.informer.pump()

        assert room.informer.by_index("tier", "web") == [newest]


class TestBeginningAnew:
    def test_what_the_new_watch_does_not_tell_has_been_deleted(self) -> None:
        room = Room([config("a"), config("b")], [config("b"), config("c")])
        room.informer.pump()
        room.watches[0].put(Expired("too slow"))

        assert room.informer.pump() is True

        assert room.watches[0].closed
        assert room.known == ["b", "c"]
        assert room.told[2:] == [("b", "b"), (None, "c"), ("a", None)]

    def test_deletion_is_told_even_if_nothing_is_left(self) -> None:
        room = Room([config("a")], [])
        room.informer.pump()
        room.watches[0].put(Expired("too slow"))

        assert room.informer.pump() is True
        assert room.told[1:] == [("a", None)]

    def test_the_new_watch_may_be_too_slow_at_once(self) -> None:
        room = Room([config("a")], [config("b")], [config("c")])
        room.informer.pump()
        room.watches[0].put(Expired("too slow"))
        room.informer._open = self.slow_once(room)

        room.informer.pump()

        assert room.known == ["c"]
        assert [watch.closed for watch in room.watches] == [True, True, False]

    @staticmethod
    def slow_once(room: Room) -> Callable[[Callable[[], None]], Script]:
        def open_slow(wake: Callable[[], None]) -> Script:
            watch = room.open(wake)
            watch.put(Expired("too slow"))
            room.informer._open = room.open
            return watch

        return open_slow

    def test_a_watch_that_is_closed_meanwhile_says_nothing_about_what_is_gone(self) -> None:
        """At the end of a program nothing must look as if it had been deleted."""
        room = Room([config("a")], [config("a")])
        room.informer.pump()
        room.watches[0].put(Expired("too slow"))
        opened = room.open

        def open_and_close(wake: Callable[[], None]) -> Script:
            watch = opened(wake)
            watch.close()
            return watch

        room.informer._open = open_and_close

        room.informer.pump()

        assert room.known == ["a"]
        assert room.told == [(None, "a")]


def test_after_closing_nothing_comes() -> None:
    room = Room([config("a")])
    room.informer.pump()
    room.watches[0].tell("DELETED", config("a"))

    room.informer.close()
    room.informer.close()

    assert room.informer.pump() is False
    assert room.known == ["a"]


def test_an_object_that_is_replaced_is_at_no_moment_missing() -> None:
    """Workers read while another thread pumps; to take an object for gone would be to stop its containers.

    The functions of the indexes are called in the midst of a change, so they see what another thread could see.
    """
    seen: list[tuple[bool, bool]] = []

    def look(obj: ConfigMap) -> list[str]:
        informer = room.informer
        seen.append((informer.get("default", "a") is not None, bool(informer.by_index("tier", "web"))))
        return ["x"]

    room = Room([config("a", tier="web")], indexes={"tier": lambda obj: obj.metadata.labels.values(), "look": look})
    room.informer.pump()
    seen.clear()
    room.watches[0].tell("MODIFIED", config("a", tier="web", more="x"))

    room.informer.pump()

    assert seen
    assert set(seen) == {(True, True)}


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED"])
def test_whether_a_change_is_called_added_or_modified_does_not_matter(kind: str) -> None:
    room = Room([config("a")])
    room.informer.pump()

    room.watches[0].tell(kind, config("a"))
    room.watches[0].tell(kind, config("b"))
    room.informer.pump()

    assert room.told[1:] == [("a", "a"), (None, "b")]
