"""Conversations with containers and with commands in them."""

from __future__ import annotations

import contextlib

import pytest

from podkit.errors import ContainerNotFound
from podkit.runtime.streams import Piece, Streams
from tests.contract.runtime.engines import Engine


def heard(engine: Engine, streams: Streams) -> dict[str, bytes]:
    """All output to its end, by stream."""
    found: dict[str, bytes] = {}

    def over() -> bool:
        try:
            piece = streams.read(0.05)
        except TimeoutError:
            return False
        if piece is not None:
            found[piece.stream] = found.get(piece.stream, b"") + piece.data
        return piece is None

    engine.eventually(over)
    return found


def test_a_command_is_told_its_input_and_tells_its_output(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    streams = engine.runtime.open_exec(container_id, ["sh", "-c", "cat; echo oops >&2; exit 3"], stdin=True)
    assert streams.exit_code() is None
    streams.write(b"one\n")
    streams.write(b"two\n")
    streams.close_stdin()
    assert heard(engine, streams) == {"stdout": b"one\ntwo\n", "stderr": b"oops\n"}
    assert engine.eventually(streams.exit_code) == 3
    streams.close()
    streams.close()


def test_of_a_container_one_hears_what_it_writes_from_then_on(engine: Engine) -> None:
    speaks = "trap 'echo late' HUP; trap 'echo oops >&2; exit 4' TERM; echo early; while true; do sleep 0.1; done"
    container_id = engine.start("sh", "-c", speaks)
    engine.written(container_id, b"early")
    streams = engine.runtime.attach(container_id)
    first: list[Piece | None] = []

    def speaks_up() -> bool:
        """Podman says that one hears it some moments before its monitor lets one."""
        engine.runtime.signal_container(container_id, "SIGHUP")
        with contextlib.suppress(TimeoutError):
            first.append(streams.read(0.2))
        return first != []

    engine.eventually(speaks_up)
    engine.runtime.signal_container(container_id, "SIGTERM")
    rest = heard(engine, streams)
    assert first[0] is not None
    assert set((first[0].data + rest.get("stdout", b"")).splitlines()) == {b"late"}
    assert rest["stderr"] == b"oops\n"
    assert engine.eventually(streams.exit_code) == 4
    streams.close()


def test_leaving_a_container_does_not_end_it(engine: Engine) -> None:
    container_id = engine.start("sleep", "60", stdin=True)
    engine.runtime.attach(container_id, stdin=True).close()
    assert engine.runtime.exec(container_id, ["true"]).exit_code == 0


def test_only_a_running_container_can_be_talked_with(engine: Engine) -> None:
    ended = engine.start("true")
    engine.ended(ended)
    for container_id in (ended, "0" * 64):
        with pytest.raises(ContainerNotFound):
            engine.runtime.attach(container_id)
        with pytest.raises(ContainerNotFound):
            engine.runtime.open_exec(container_id, ["true"])
