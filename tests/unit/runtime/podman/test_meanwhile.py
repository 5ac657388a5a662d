"""What Podman answers when something ends, or goes, while it is being asked about it."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.loop import cancellation
from podkit.runtime.base import EventType, ExecResult, RuntimeEvent
from podkit.runtime.podman import PodmanRuntime, files, logs, path_stat
from podkit.runtime.podman.client import PAUSES, Client, Request, get, post
from podkit.runtime.podman.events import Events, Subscription
from podkit.runtime.podman.exec import ApiCommands
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.oci import _no_way_in, _Place
from tests.unit.runtime.podman.fake_service import FakeService, Respond

ENDED = "read /proc/15846/cgroup: no such process"
NO_CONTAINER = "container 3f2a does not exist in database: no such container"
NO_POD = "could not find container 3f2a pod (id 77ab) in state: no such pod"
ROOT_GONE = (
    'error in copier subprocess: changing to intended-new-root directory "/store/overlay/3f2a/merged": '
    "chdir /store/overlay/3f2a/merged: no such file or directory"
)


def refusal(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"cause": "x", "message": message, "response": status}).encode()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "sleep", lambda seconds: None)


class Podman:
    """Answers each request in turn, the last answer for ever, and is asked by a client."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.asked: list[tuple[str, str]] = []

    def answering(self, *answers: tuple[int, bytes]) -> Podman:
        self._left = list(answers)
        return self

    def _respond(self, _method: str, _path: str, _body: bytes) -> tuple[int, bytes]:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]

    def __enter__(self) -> Client:
        self._service = FakeService(self._path, self._respond)
        self.asked = self._service.requests
        self._service.__enter__()
        self._client = Client(self._service)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._service.__exit__(None, None, None)


@pytest.fixture
def podman(tmp_path: Path) -> Podman:
    return Podman(tmp_path / "s")


# Looks


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "containers/x/json", ENDED),
        ("GET", "containers/x/json", "beginning transaction: database is locked"),
        ("GET", "containers/json", NO_CONTAINER),
        ("GET", "containers/json", NO_POD),
        ("GET", "pods/json", NO_CONTAINER),
        ("GET", "pods/json", "no pod with ID 77ab found in database: no such pod"),
        ("GET", "pods/x/json", NO_CONTAINER),
        ("GET", "containers/x/archive", "open /proc/15846/ns/mnt: no such file or directory"),
        ("PUT", "containers/x/archive", ROOT_GONE),
        ("PUT", "containers/x/archive", "error decoding response from copier subprocess: EOF"),
    ],
)
def test_a_look_at_what_changes_meanwhile_is_taken_again(podman: Podman, method: str, path: str, said: str) -> None:
    with podman.answering(refusal(500, said), (200, b'"there"')) as client:
        assert client.send(Request(method, path, "look")).json() == "there"


def test_it_is_not_looked_at_for_ever(podman: Podman) -> None:
    with podman.answering(refusal(500, ENDED)) as client:
        with pytest.raises(RuntimeFailed, match="could not look at container x: Podman says: read /proc/15846/cgroup"):
            client.send(get("containers/x/json", "look at container x"))
        assert len(podman.asked) == 1 + len(PAUSES)


@pytest.mark.parametrize(("path", "said"), [("pods/x/json", "no such pod"), ("containers/x/json", NO_CONTAINER)])
def test_what_is_not_there_is_not_looked_at_again(podman: Podman, path: str, said: str) -> None:
    with podman.answering(refusal(404, said)) as client:
        with pytest.raises(ContainerNotFound):
            client.send(get(path, "look"))
        assert len(podman.asked) == 1


def test_what_is_done_is_not_done_again(podman: Podman) -> None:
    with podman.answering(refusal(500, ENDED)) as client:
        with pytest.raises(RuntimeFailed):
            client.send(post("containers/x/start", "start container x"))
        assert len(podman.asked) == 1


# Commands


INSPECTED = {"Id": "x", "Name": "x", "Created": "2026-01-01T00:00:00Z", "Config": {}, "Image": "", "ImageName": ""}


class Engine:
    """A Podman in which commands are run: how they end, and how their container is afterwards."""

    def __init__(
        self, *, output: bytes = b"", session: tuple[int, bytes] = (200, b"{}"), state: str = "exited"
    ) -> None:
        self.output, self.session = output, session
        self.states = iter([state])
        self.state = state

    def respond(self, _method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if path.endswith("/containers/x/exec"):
            return 201, b'{"Id": "s"}'
        if path.endswith("/exec/s/start"):
            return 200, self.output
        if path.endswith("/exec/s/json"):
            return self.session
        if path.endswith("/exec/s/remove"):
            return refusal(500, "it cannot be removed just now")
        if path.endswith("/containers/x/json"):
            self.state = next(self.states, self.state)
            if self.state == "gone":
                return refusal(404, NO_CONTAINER)
            return 200, json.dumps({**INSPECTED, "State": {"Status": self.state}}).encode()
        raise AssertionError(path)


def said(text: bytes) -> bytes:
    return b"\2\0\0\0" + len(text).to_bytes(4, "big") + text


STOPPED = said(b"Error: runc: exec failed: cannot exec in a stopped container: OCI runtime error\n")
CRUN_STOPPED = said(
    b"Error: crun: read pipe failed: OCI runtime error\nError: read unixpacket @->/proc/self/fd/13/attach\n"
)
NO_VERDICT = (200, b'{"Running": false, "ExitCode": 125}')
FORGOTTEN = refusal(404, "no exec session with ID s found: no such exec session")


def run(tmp_path: Path, respond: Respond) -> ExecResult:
    with FakeService(tmp_path / "s", respond) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = False
        try:
            return ApiCommands(client, observer).run("x", ["date"], stdin=None, timeout=None)
        finally:
            client.close()


@pytest.mark.parametrize("output", [STOPPED, CRUN_STOPPED])
@pytest.mark.parametrize("state", ["exited", "gone"])
def test_a_command_in_a_container_that_ends_just_then_has_not_run(tmp_path: Path, output: bytes, state: str) -> None:
    engine = Engine(output=output, session=NO_VERDICT, state=state)
    with pytest.raises(ContainerNotFound, match="could not run date in container x: the container has ended meanwhile"):
        run(tmp_path, engine.respond)


def test_podman_may_find_out_a_little_later_than_its_runtime(tmp_path: Path) -> None:
    engine = Engine(output=STOPPED, session=NO_VERDICT)
    engine.states = iter(["running", "running", "exited"])
    with pytest.raises(ContainerNotFound):
        run(tmp_path, engine.respond)


def test_a_runtime_that_fails_otherwise_is_no_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podkit.runtime.podman.observe._END_SECONDS", 0.0)
    engine = Engine(output=STOPPED, session=NO_VERDICT, state="running")
    with pytest.raises(
        RuntimeFailed, match=r"could not run date in container x: Podman says: .*OCI runtime error$"
    ) as caught:
        run(tmp_path, engine.respond)
    assert type(caught.value) is RuntimeFailed


def test_a_command_may_end_with_that_exit_code_itself(tmp_path: Path) -> None:
    engine = Engine(output=said(b"oops\n"), session=NO_VERDICT, state="running")
    assert run(tmp_path, engine.respond) == ExecResult(125, b"", b"oops\n")


def test_the_exit_code_of_a_command_goes_with_its_container(tmp_path: Path) -> None:
    with pytest.raises(ContainerNotFound, match="the container has ended meanwhile"):
        run(tmp_path, Engine(session=FORGOTTEN).respond)


def test_an_exit_code_that_is_forgotten_too_soon_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podkit.runtime.podman.observe._END_SECONDS", 0.0)
    with pytest.raises(RuntimeFailed, match="set a longer exit_command_delay"):
        run(tmp_path, Engine(session=FORGOTTEN, state="running").respond)


def test_no_command_begins_in_a_container_that_has_ended_since_it_was_prepared(tmp_path: Path) -> None:
    def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path.endswith("/exec/s/start"):
            return refusal(409, "cannot exec in a container that is not running; container x is stopped")
        return Engine().respond(method, path, body)

    with pytest.raises(ContainerNotFound, match="it does not run"):
        run(tmp_path, respond)


def test_the_way_to_the_runtime_ends_with_the_monitor_of_the_container() -> None:
    monitor = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    place = _Place("crun", ("nsenter",), monitor.pid, ("crun",), {})
    refused = ExecResult(
        1, b"", f"nsenter: cannot open /proc/{monitor.pid}/ns/user: No such file or directory\n".encode()
    )
    assert _no_way_in(place, refused) == ""  # a command may say so, too
    monitor.communicate()
    assert _no_way_in(place, refused).startswith("nsenter: cannot open")
    assert _no_way_in(place, ExecResult(1, b"", b"oops\n")) == ""


# Files


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    return buffer.getvalue()


def test_an_archive_of_which_nothing_has_come_is_asked_for_again(podman: Podman) -> None:
    sink = io.BytesIO()
    with podman.answering((200, b""), (200, b""), (200, archive())) as client:
        files.read(client, "x", "/etc", sink)
    assert sink.getvalue() == archive()


@pytest.mark.parametrize("cut", [b"", archive()[:600]])
def test_an_archive_that_breaks_off_is_none(podman: Podman, cut: bytes) -> None:
    with (
        podman.answering((200, cut)) as client,
        pytest.raises(RuntimeFailed, match="could not copy /etc from container x: the archive broke off"),
    ):
        files.read(client, "x", "/etc", io.BytesIO())


class Stats:
    """A Podman that first does not say what there is at a path."""

    def __init__(self, container: tuple[int, bytes]) -> None:
        self.container = container
        self.heads = 0

    def respond(self, method: str, _path: str, _body: bytes) -> tuple[int, bytes]:
        if method == "GET":
            return self.container
        self.heads += 1
        return (500 if self.heads < 3 else 404), b""


def look(tmp_path: Path, stats: Stats) -> bool | None:
    with FakeService(tmp_path / "s", stats.respond) as service:
        client = Client(service)
        try:
            return path_stat.is_directory(client, "x", "/etc")
        finally:
            client.close()


def test_what_there_is_at_a_path_is_asked_again(tmp_path: Path) -> None:
    stats = Stats((200, b"{}"))
    assert look(tmp_path, stats) is None
    assert stats.heads == 3


def test_there_is_no_path_in_a_container_that_has_gone(tmp_path: Path) -> None:
    with pytest.raises(ContainerNotFound):
        look(tmp_path, Stats(refusal(404, NO_CONTAINER)))


def test_a_log_that_goes_while_it_is_opened_is_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"2026-01-01T00:00:00Z stdout F hello\n")
    there = iter([True, False])
    monkeypatch.setattr(Path, "exists", lambda self: next(there, False))
    path.unlink()
    assert list(logs.from_file(path, since=None, tail=None, over=lambda: True)) == []


# Signals


def signal(tmp_path: Path, state: str) -> None:
    def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path.partition("?")[0].endswith("/kill"):
            return refusal(500, "sending signal to container x: `/usr/bin/crun kill x 9` failed: exit status 1")
        return Engine(state=state).respond(method, path, body) if "/containers/" in path else (200, b"{}")

    with FakeService(tmp_path / "s", respond) as service:
        runtime = PodmanRuntime(service.uri)
        try:
            runtime.signal_container("x", "SIGKILL")
        finally:
            runtime.close()


@pytest.mark.parametrize("state", ["exited", "gone"])
def test_a_signal_to_a_process_that_has_just_ended_is_no_error(tmp_path: Path, state: str) -> None:
    signal(tmp_path, state)


def test_a_signal_that_does_not_reach_what_runs_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podkit.runtime.podman.observe._END_SECONDS", 0.0)
    with pytest.raises(RuntimeFailed, match="could not signal container x: Podman says: sending signal"):
        signal(tmp_path, "running")


# Removal


def test_what_cannot_be_removed_because_somebody_looks_at_it_is_removed_the_second_time(tmp_path: Path) -> None:
    busy = refusal(500, "removing container x root filesystem: replacing mount point: directory not empty")
    answers = iter([busy, (200, b"[]")])

    def respond(method: str, _path: str, _body: bytes) -> tuple[int, bytes]:
        return next(answers) if method == "DELETE" else (200, b"{}")

    with FakeService(tmp_path / "s", respond) as service:
        runtime = PodmanRuntime(service.uri)
        runtime.remove_container("x")
        runtime.close()
    assert [method for method, _ in service.requests].count("DELETE") == 2


# Events


class Exits:
    """Tells of nothing."""

    def watch(self, containers: object) -> None:
        pass


def test_the_end_of_a_container_that_podman_learns_of_late_is_told_again(tmp_path: Path) -> None:
    told: list[RuntimeEvent] = []
    running = {**INSPECTED, "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"}}
    with FakeService(tmp_path / "s", lambda *_: (200, json.dumps(running).encode())) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = False
        events = Events(client, observer)
        events._exits = Exits()  # type: ignore[assignment]
        events._subscriptions = (Subscription({}, told.append, events),)
        died = RuntimeEvent(EventType.EXITED, "x", {})
        events._tell(died)
        events._tell(died)
        assert told == [died]
        events.seen(observer.container("x"))
        events._tell(died)
        assert told == [died, died]
        client.close()
