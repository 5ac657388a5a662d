"""Commands that are run in a container, and connections to it."""

from __future__ import annotations

import http.client

import pytest

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.base import ContainerState
from tests.contract.runtime.engines import NOBODY, WEB_SERVER, Engine

GONE = "0" * 64
ALL_BYTES = bytes(range(256)) * 1000
PATIENCE = (0.5, 4.0, 30.0)
"""Timeouts for commands that are to get to say something before: on a busy machine the first is not always enough."""


@pytest.fixture
def sleeper(engine: Engine) -> str:
    """A container that does nothing."""
    return engine.start("sleep", "60", env={"GREETING": "hello"}, working_dir="/work")


def test_a_command_tells_its_output_and_exit_code(engine: Engine, sleeper: str) -> None:
    result = engine.runtime.exec(sleeper, ["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
    assert engine.runtime.container(sleeper).state is ContainerState.RUNNING


def test_a_command_has_the_environment_directory_and_user_of_its_container(engine: Engine, sleeper: str) -> None:
    assert engine.runtime.exec(sleeper, ["sh", "-c", "echo $GREETING; pwd"]).stdout == b"hello\n/work\n"
    other = engine.start("sleep", "60", image=NOBODY)
    assert engine.runtime.exec(other, ["id", "-u"]).stdout == b"65534\n"


def test_no_shell_is_involved(engine: Engine, sleeper: str) -> None:
    assert engine.runtime.exec(sleeper, ["echo", "$GREETING; *", "a  b"]).stdout == b"$GREETING; * a  b\n"


def test_a_command_reads_what_it_is_given_byte_for_byte(engine: Engine, sleeper: str) -> None:
    result = engine.runtime.exec(sleeper, ["cat"], stdin=ALL_BYTES)
    assert (result.exit_code, result.stdout) == (0, ALL_BYTES)


def test_a_command_that_is_given_nothing_reads_nothing(engine: Engine, sleeper: str) -> None:
    result = engine.runtime.exec(sleeper, ["cat"])
    assert (result.exit_code, result.stdout) == (0, b"")


def test_a_command_that_does_not_exist_has_failed(engine: Engine, sleeper: str) -> None:
    result = engine.runtime.exec(sleeper, ["/no/such/command"])
    assert result.exit_code == 127
    assert result.stderr


def test_what_cannot_be_executed_is_no_command(engine: Engine, sleeper: str) -> None:
    result = engine.runtime.exec(sleeper, ["/etc/passwd"])
    assert result.exit_code in (126, 127)
    assert result.stderr


def test_a_command_is_ended_at_its_timeout(engine: Engine, sleeper: str) -> None:
    for timeout in PATIENCE:
        result = engine.runtime.exec(sleeper, ["sh", "-c", "echo begun; sleep 60"], timeout=timeout)
        if result.stdout:
            break
    assert (result.exit_code, result.stdout) == (None, b"begun\n")
    assert engine.runtime.exec(sleeper, ["true"], timeout=30).exit_code == 0


def test_the_timeout_also_ends_what_a_command_has_started(engine: Engine, sleeper: str) -> None:
    for timeout in PATIENCE:
        waits = "(touch /tmp/begun; until [ -e /tmp/go ]; do sleep 0.05; done; touch /tmp/survivor) & wait"
        engine.runtime.exec(sleeper, ["sh", "-c", waits], timeout=timeout)
        if engine.runtime.exec(sleeper, ["test", "-e", "/tmp/begun"]).exit_code == 0:
            break
    assert engine.runtime.exec(sleeper, ["sh", "-c", "touch /tmp/go; sleep 1; test ! -e /tmp/survivor"]).exit_code == 0


def test_a_command_may_say_a_lot_on_both_streams(engine: Engine, sleeper: str) -> None:
    script = "cat >/tmp/all; cat /tmp/all; cat /tmp/all >&2"
    result = engine.runtime.exec(sleeper, ["sh", "-c", script], stdin=ALL_BYTES)
    assert (result.stdout, result.stderr) == (ALL_BYTES, ALL_BYTES)


def test_a_command_need_not_read_what_it_is_given(engine: Engine, sleeper: str) -> None:
    assert engine.runtime.exec(sleeper, ["true"], stdin=ALL_BYTES).exit_code == 0


def test_a_command_that_a_signal_ends_says_so(engine: Engine, sleeper: str) -> None:
    assert engine.runtime.exec(sleeper, ["sh", "-c", "kill -9 $$"]).exit_code == 137


def test_a_command_finds_what_the_one_before_has_written(engine: Engine, sleeper: str) -> None:
    assert engine.runtime.exec(sleeper, ["sh", "-c", "echo kept > /tmp/note"]).exit_code == 0
    assert engine.runtime.exec(sleeper, ["cat", "/tmp/note"]).stdout == b"kept\n"


def test_nothing_is_no_command(engine: Engine, sleeper: str) -> None:
    with pytest.raises(RuntimeFailed):
        engine.runtime.exec(sleeper, [])


def test_a_command_needs_a_container_that_runs(engine: Engine) -> None:
    ended = engine.start("true")
    engine.ended(ended)
    for container_id in (engine.create("true"), ended, GONE):
        with pytest.raises(ContainerNotFound):
            engine.runtime.exec(container_id, ["true"])


def test_one_can_connect_to_what_listens_in_a_sandbox(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox()
    engine.start(*WEB_SERVER, sandbox_id=sandbox_id)
    assert engine.eventually(lambda: _ask(engine, sandbox_id)) == b"ok\n"


def test_one_can_connect_to_what_listens_on_the_network_of_the_machine(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox(host_network=True)
    engine.start(*WEB_SERVER, sandbox_id=sandbox_id)
    assert engine.eventually(lambda: _ask(engine, sandbox_id)) == b"ok\n"


def test_where_nobody_listens_nobody_answers(engine: Engine) -> None:
    with pytest.raises(OSError, match="refused"):
        engine.runtime.connect(engine.sandbox_id, 8080, timeout=5)
    with pytest.raises(ContainerNotFound):
        engine.runtime.connect(GONE, 8080, timeout=5)


def _ask(engine: Engine, sandbox_id: str) -> bytes:
    connection = http.client.HTTPConnection("pod")
    try:
        connection.sock = engine.runtime.connect(sandbox_id, 8080, timeout=5)
        connection.request("GET", "/index.html")
        return connection.getresponse().read()
    except ConnectionRefusedError:  # it does not listen yet
        return b""
    finally:
        connection.close()
