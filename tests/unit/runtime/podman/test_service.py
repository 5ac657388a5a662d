"""Finding a service, and running one."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit.errors import RuntimeUnavailable
from podkit.runtime.podman import private, service
from tests.unit.runtime.podman.fake_service import FakeService

PODMAN = """#!{python}
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
Path({seen!r}).write_text(os.environ.get("CONTAINERS_CONF_OVERRIDE", ""))
Path({seen!r} + "-gogc").write_text(os.environ.get("GOGC", ""))
if os.environ.get("BROKEN"):
    sys.exit("Error: no storage for you")
import signal
from tests.unit.runtime.podman.fake_service import FakeService
with FakeService(Path(sys.argv[-1].removeprefix("unix://")), lambda *_: (200, b"OK")):
    signal.sigwait([signal.SIGTERM])
os._exit(0)
"""


@pytest.fixture(autouse=True)
def nothing_is_there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without any Podman. Its runtime directory has a short name: that of a socket is limited to 107 bytes."""
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.delenv("CONTAINER_HOST", raising=False)
        monkeypatch.delenv("CONTAINERS_CONF_OVERRIDE", raising=False)
        monkeypatch.delenv("GOGC", raising=False)
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        monkeypatch.setenv("PATH", f"{directory}/bin")
        monkeypatch.setattr(service, "_SYSTEM_SOCKET", Path(directory, "system.sock"))
        yield Path(directory)


@pytest.fixture
def podman(nothing_is_there: Path) -> Path:
    """A program named podman that serves, and writes down where its configuration was."""
    seen = nothing_is_there / "seen"
    binary = nothing_is_there / "bin" / "podman"
    binary.parent.mkdir()
    root = str(Path(__file__).parents[4])
    binary.write_text(PODMAN.format(python=sys.executable, root=root, seen=str(seen)))
    binary.chmod(0o755)
    return seen


def test_a_given_address_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_HOST", "unix:///other.sock")
    assert service.find("tcp://localhost:8080").uri == "tcp://localhost:8080"
    assert service.find().uri == "unix:///other.sock"


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"'/run/podman\.sock' is no address of a Podman service"):
        service.find("/run/podman.sock")


def test_the_users_socket_is_preferred_to_the_systems(nothing_is_there: Path) -> None:
    (nothing_is_there / "podman").mkdir()
    with FakeService(nothing_is_there / "system.sock", lambda *_: (200, b"OK")) as system:
        assert service.find().uri == system.uri
        with FakeService(nothing_is_there / "podman" / "podman.sock", lambda *_: (200, b"OK")) as user:
            assert service.find().uri == user.uri


def test_without_podman_it_says_what_to_do() -> None:
    with pytest.raises(
        RuntimeUnavailable, match=r"there is no Podman on this machine: install Podman .*podman\.socket"
    ):
        service.find()


def test_a_service_is_started_and_ended_with_all_that_belongs_to_it(podman: Path, nothing_is_there: Path) -> None:
    own = service.find()
    path = Path(own.uri.removeprefix("unix://"))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert service.answers(path)
    own.close()
    assert not path.parent.exists()
    own.close()
    assert not own.revive()


def test_the_service_forgets_exit_codes_sooner_unless_the_user_has_said_otherwise(
    podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = service.find()
    assert "exit_command_delay" in Path(podman.read_text()).read_text()
    own.close()
    monkeypatch.setenv("CONTAINERS_CONF_OVERRIDE", "/my.conf")
    own = service.find()
    assert podman.read_text() == "/my.conf"
    own.close()


def test_the_service_looks_for_garbage_less_often_unless_the_user_has_said_otherwise(
    podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = podman.with_name("seen-gogc")
    own = service.find()
    assert seen.read_text() == "200"
    own.close()
    monkeypatch.setenv("GOGC", "50")
    own = service.find()
    assert seen.read_text() == "50"
    own.close()


def test_a_service_that_has_died_is_started_again(podman: Path) -> None:
    own = service.OwnService()
    assert own._run._process is not None
    own._run._process.kill()
    own._run._process.wait()
    path = Path(own.uri.removeprefix("unix://"))
    assert not service.answers(path)
    assert own.revive()
    assert service.answers(path)
    own.close()


def test_a_service_that_cannot_start_says_why(
    podman: Path, nothing_is_there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    with pytest.raises(RuntimeUnavailable, match="ended with 1: Error: no storage for you; try `podman info`"):
        service.find()
    assert not list(nothing_is_there.glob("podkit-service-*"))


def test_a_directory_too_deep_for_a_socket_is_not_used(
    podman: Path, nothing_is_there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = nothing_is_there / ("d" * 80)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    own = service.OwnService()
    assert service.answers(Path(own.uri.removeprefix("unix://")))
    own.close()
    assert not list(deep.iterdir())


def test_it_ends_with_the_program_that_forgot_to_close_it(podman: Path) -> None:
    own = service.OwnService()
    process = own._run._process
    assert process is not None
    del own
    assert process.returncode is not None


def test_directories_of_killed_processes_are_removed_and_no_others(podman: Path, nothing_is_there: Path) -> None:
    long_ago = time.time() - 3600
    for name in ("podkit-service-dead", "podkit-service-new", "podkit-service-alive", "other"):
        (nothing_is_there / name).mkdir()
        if name != "podkit-service-new":
            os.utime(nothing_is_there / name, (long_ago, long_ago))
    held = private._lock(nothing_is_there / "podkit-service-alive")
    service.find().close()
    left = {path.name for path in nothing_is_there.iterdir() if path.is_dir()} - {"bin"}
    assert left == {"podkit-service-new", "podkit-service-alive", "other"}
    os.close(held)
