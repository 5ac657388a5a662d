"""The store in a file: what is in it is there again, whatever has happened; what cannot be is said."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from podkit.errors import Expired, NodeInUse, NotFound, StoreError
from podkit.loop.clock import VirtualClock
from podkit.model import ConfigMap, Container, Event, Pod, PriorityClass
from podkit.store.base import ChangeType
from podkit.store.changes import HISTORY
from podkit.store.recorder import EventRecorder
from podkit.store.sqlite import SqliteStore
from podkit.store.sqlite.schema import MIGRATIONS, migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def pod(name: str = "web", **labels: str) -> Pod:
    return Pod.new(name, containers=[Container("main", image="busybox", env={"A": "ü"})], labels=labels)


def test_everything_is_there_again(path: Path) -> None:
    first = SqliteStore(path)
    made = first.create(pod())
    made.status.phase = "Running"
    made = first.update_status(made)
    first.create(ConfigMap.new("gone", {}))
    first.delete(ConfigMap, "gone")
    EventRecorder(first, "test", VirtualClock())(made, "Seen", "it was seen")
    objects = {kind: first.list(kind) for kind in (Pod, ConfigMap, Event, PriorityClass)}
    first.close()
    assert [one.name for one in path.parent.iterdir()] == ["store.db"]
    second = SqliteStore(path)
    assert {kind: second.list(kind) for kind in objects} == objects
    changed = second.patch(Pod, "web", {"metadata": {"labels": {"a": "b"}}})
    assert int(changed.metadata.resource_version or 0) > int(objects[Event][0].metadata.resource_version or 0)
    second.close()
    second.close()


def test_a_watch_goes_on_where_it_was(path: Path) -> None:
    first = SqliteStore(path)
    since = first.create(pod("one", app="a")).metadata.resource_version
    first.create(pod("two", app="b"))
    first.patch(Pod, "one", {"metadata": {"labels": {"app": "b"}}})
    first.patch(Pod, "two", {"metadata": {"labels": {"color": "red"}}})
    first.delete(Pod, "two", grace_period=0)
    watches = [first.watch(Pod, since=since, labels=labels) for labels in (None, "app=a", "app=b", "color=red")]
    told = [[(event.type, event.object) for event in iter(watch.poll, None)] for watch in watches]
    first.close()
    second = SqliteStore(path)
    watches = [second.watch(Pod, since=since, labels=labels) for labels in (None, "app=a", "app=b", "color=red")]
    assert [[(event.type, event.object) for event in iter(watch.poll, None)] for watch in watches] == told
    assert [type_ for type_, _ in told[1]] == [ChangeType.DELETED]
    second.close()


def test_old_changes_are_forgotten_and_that_is_said(path: Path) -> None:
    first = SqliteStore(path)
    since = first.create(ConfigMap.new("c", {"n": "0"})).metadata.resource_version
    for number in range(2 * HISTORY + 10):
        first.patch(ConfigMap, "c", {"data": {"n": str(number)}})
    first.close()
    second = SqliteStore(path)
    with pytest.raises(Expired):
        second.watch(ConfigMap, since=since)
    recent = second.watch(ConfigMap, since=str(int(second.get(ConfigMap, "c").metadata.resource_version or 0) - 5))
    assert len(list(iter(recent.poll, None))) == 5
    second.close()
    with sqlite3.connect(path) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM changes WHERE kind = 'ConfigMap'").fetchone()
    assert HISTORY <= kept <= 2 * HISTORY + 1


def test_a_store_that_is_open_is_not_opened_again(path: Path) -> None:
    store = SqliteStore(path)
    with pytest.raises(NodeInUse, match=f"{path} is in use by process {os.getpid()}; close it there"):
        SqliteStore(path)
    script = f"from podkit import SqliteStore; SqliteStore({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert f"NodeInUse: the store {path} is in use by process {os.getpid()}" in done.stderr
    store.close()
    SqliteStore(path).close()


def test_a_full_disk_fails_the_write_and_nothing_else(path: Path) -> None:
    store = SqliteStore(path)
    store.create(ConfigMap.new("small", {}))
    watch = store.watch(ConfigMap, since=store.get(ConfigMap, "small").metadata.resource_version)
    (pages,) = store._file._execute("PRAGMA page_count").fetchone()
    store._file._execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match=r"store\.db: could not write to it: database or disk is full; make room"):
        store.create(ConfigMap.new("large", {"x": "x" * 500_000}, namespace="fresh"))
    with pytest.raises(NotFound):
        store.get(ConfigMap, "large", namespace="fresh")
    with pytest.raises(NotFound):
        store.get("namespace", "fresh")
    assert watch.poll() is None
    store._file._execute("PRAGMA max_page_count = 1000000")
    store.create(ConfigMap.new("large", {"x": "x" * 500_000}))
    assert watch.poll().object.metadata.name == "large"
    store.close()
    again = SqliteStore(path)
    assert [one.metadata.name for one in again.list(ConfigMap)] == ["large", "small"]
    again.close()


def test_what_is_no_store_is_left_alone(path: Path) -> None:
    path.write_text("these are not the bytes of a database, and they are long enough to tell\n" * 100)
    with pytest.raises(StoreError, match="could not open it: file is not a database; name another file"):
        SqliteStore(path)
    assert path.read_text().startswith("these are not")
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="it is a database of another program; name another file"):
        SqliteStore(path)
    assert not path.with_name("store.db-lock").exists()


def test_a_damaged_file_is_told(path: Path) -> None:
    store = SqliteStore(path)
    for number in range(200):
        store.create(ConfigMap.new(f"c{number}", {"x": "y" * 100}))
    store.close()
    content = bytearray(path.read_bytes())
    for position in range(4096, len(content), 512):
        content[position : position + 64] = os.urandom(64)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        SqliteStore(path)


def test_an_object_that_cannot_be_read_is_named(path: Path) -> None:
    store = SqliteStore(path)
    store.create(ConfigMap.new("c", {}))
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE objects SET content = '{\"kind\": \"ConfigMap\"' WHERE kind = 'ConfigMap'")
    connection.close()
    with pytest.raises(StoreError, match=f"the store {path} holds a ConfigMap that cannot be read"):
        SqliteStore(path)


def test_a_newer_schema_is_refused_and_an_older_one_brought_up_to_date(path: Path) -> None:
    SqliteStore(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    newer = [*MIGRATIONS, ["ALTER TABLE counter ADD COLUMN more TEXT", "UPDATE counter SET more = 'yes'"]]
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*newer[:-1], [newer[-1][0], "THIS FAILS"]])
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),), "all or nothing"
    migrate(connection, newer)
    assert connection.execute("SELECT more FROM counter").fetchone() == ("yes",)
    connection.close()
    with pytest.raises(StoreError, match=r"written by a newer podkit \(its schema has version 2, this one knows 1\)"):
        SqliteStore(path)


def test_only_its_owner_may_read_it(path: Path) -> None:
    SqliteStore(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_directory_that_may_not_be_written_to_is_told() -> None:
    with pytest.raises(StoreError, match="see that its directory exists and may be written to"):
        SqliteStore("/proc/store.db")


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="see that its directory exists and may be written to"):
        SqliteStore(tmp_path / "nowhere" / "store.db")


_WRITER = """
import sys
from podkit import ConfigMap, SqliteStore
store = SqliteStore(sys.argv[1])
number = len(store.list(ConfigMap))
while True:
    store.create(ConfigMap.new(f"c{number:06}", {"n": str(number)}, namespace=f"n{number % 7}"))
    print(number, flush=True)
    number += 1
"""


def test_what_was_acknowledged_survives_a_kill_at_any_moment(path: Path) -> None:
    told = -1
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(random.randint(1, 40)):
            told = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split("\n")[:-1]
        told = int(rest[-1]) if rest else told
        store = SqliteStore(path)
        numbers = sorted(int(one.data["n"]) for one in store.list(ConfigMap))
        store.close()
        assert numbers == list(range(len(numbers)))
        assert told < len(numbers) <= told + 2
