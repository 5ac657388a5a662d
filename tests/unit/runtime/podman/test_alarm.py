"""A lack of memory that is asked for when the control group has gone already."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from podkit.runtime.podman import cgroup, observe
from podkit.runtime.podman.alarm import Alarm, alarm_for
from podkit.runtime.podman.client import Client
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.start import Starter
from tests.unit.runtime.podman.fake_service import FakeService
from tests.unit.runtime.podman.test_meanwhile import INSPECTED


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    """Of a control group like those of version 1."""
    group = tmp_path / "group"
    group.mkdir()
    (group / "cgroup.event_control").touch()
    (group / "memory.oom_control").write_text("under_oom 0\noom_kill 0\n")
    return group / "memory.oom_control"


def ring(counter: Path) -> None:
    """What the kernel does with what it was told."""
    bell, _ = (counter.parent / "cgroup.event_control").read_text().split()
    os.eventfd_write(int(bell), 1)


@pytest.mark.parametrize(("times", "lacking"), [(0, False), (1, False), (2, True), (3, True)])
def test_one_ring_is_for_the_removal(counter: Path, times: int, lacking: bool) -> None:
    alarm = Alarm(counter)
    for _ in range(times):
        ring(counter)
    assert alarm.has_rung_twice(0.0) is lacking
    alarm.close()


def test_what_rings_one_after_the_other_counts_together(counter: Path) -> None:
    alarm = Alarm(counter)
    ring(counter)
    assert not alarm.has_rung_twice(0.0)
    ring(counter)
    assert alarm.has_rung_twice(0.0)
    alarm.close()


def test_where_the_kernel_does_not_tell_there_is_no_alarm(counter: Path) -> None:
    shutil.rmtree(counter.parent)
    descriptors = len(os.listdir("/proc/self/fd"))
    assert alarm_for(counter) is None
    assert len(os.listdir("/proc/self/fd")) == descriptors


@pytest.mark.parametrize(("times", "lacking"), [(1, False), (2, True)])
def test_a_container_whose_group_is_gone_was_heard_of(
    counter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, lacking: bool
) -> None:
    monkeypatch.setattr(cgroup, "oom_counter", lambda _pid: counter)
    monkeypatch.setattr(observe, "_ALARM_SECONDS", 0.0)
    ended = {**INSPECTED, "State": {"Status": "exited", "ExitCode": 137, "StartedAt": "2026-01-01T00:00:00Z"}}
    with FakeService(tmp_path / "s", lambda *_: (200, json.dumps(ended).encode())) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = True
        observer.expect("x", os.getpid())
        for _ in range(times):
            ring(counter)
        shutil.rmtree(counter.parent)
        observer.note_end("x")
        assert [observer.container("x").oom_killed for _ in range(2)] == [lacking, lacking]
        observer.close()
        client.close()


def test_the_count_of_the_group_is_believed_while_it_is_there(
    counter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group above it may have rung."""
    monkeypatch.setattr(cgroup, "oom_counter", lambda _pid: counter)
    ended = {**INSPECTED, "State": {"Status": "exited", "ExitCode": 137, "StartedAt": "2026-01-01T00:00:00Z"}}
    with FakeService(tmp_path / "s", lambda *_: (200, json.dumps(ended).encode())) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = True
        observer.expect("x", os.getpid())
        for _ in range(2):
            ring(counter)
        assert not observer.container("x").oom_killed
        observer.close()
        client.close()


@pytest.mark.parametrize("refused", [False, True])
def test_what_may_lack_memory_is_made_before_it_is_started(tmp_path: Path, refused: bool) -> None:
    """What stands in the way is for the start to say."""

    def respond(_method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if path.endswith("/init") and refused:
            return 500, b'{"message": "no such command"}'
        return 200, json.dumps({**INSPECTED, "State": {"Status": "initialized", "Pid": 0}}).encode()

    with FakeService(tmp_path / "s", respond) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = True
        starter = Starter(client, observer)
        starter.note_limit("x")
        for _ in range(2):
            starter.start("x")
        client.close()
    asked = [path.rpartition("/")[2] for _, path in service.requests if "/containers/x/" in path]
    assert asked == ["init", *([] if refused else ["json"]), "start", "start"]
