"""Programs of tests: scripts of steps, and functions."""

from __future__ import annotations

import http.client
import math

import pytest

from podkit.runtime.base import ContainerState
from podkit.runtime.simulated import (
    Exit,
    Images,
    Invocation,
    Listen,
    OutOfMemory,
    Pause,
    Print,
    Run,
    Script,
    Sleep,
    Write,
)
from tests.unit.runtime.simulated.bench import Bench


def test_a_script_does_its_steps_on_the_clock() -> None:
    bench = Bench(programs={"app": Script(Print("one"), Sleep(5), Print("two", stream="stderr"), Exit(3))})
    container_id = bench.start("app")
    assert bench.output(container_id) == "one\n"
    bench.clock.advance(4.9)
    assert bench.status(container_id).state is ContainerState.RUNNING
    bench.clock.advance(0.1)
    assert bench.status(container_id).exit_code == 3
    streams = [(entry.stream, entry.content) for entry in bench.runtime.logs(container_id)]
    assert streams == [("stdout", b"one\n"), ("stderr", b"two\n")]


def test_a_script_ends_with_0_after_its_last_step() -> None:
    assert Bench(programs={"app": Script(Sleep(1))}).run("app") == (0, "")


def test_a_script_reacts_to_a_signal_instead_of_going_on() -> None:
    reaction = (Print("stopping"), Sleep(2), Exit(9))
    bench = Bench(programs={"app": Script(Sleep(100), Print("never"), on_signal={"TERM": reaction})})
    container_id = bench.start("app")
    bench.clock.advance(10)
    for _ in range(2):  # the second one changes nothing
        bench.runtime.signal_container(container_id, "SIGTERM")
        bench.clock.advance(1)
    status = bench.status(container_id)
    assert (status.exit_code, bench.output(container_id)) == (9, "stopping\n")
    assert status.started_at is not None
    assert status.finished_at is not None
    assert (status.finished_at - status.started_at).total_seconds() == 12


def test_a_script_never_notices_a_signal_that_it_does_not_name() -> None:
    bench = Bench(programs={"app": Script(Sleep(math.inf), on_signal={"SIGINT": (Exit(0),)})})
    container_id = bench.start("app")
    bench.runtime.signal_container(container_id, "SIGTERM")
    assert bench.status(container_id).state is ContainerState.RUNNING
    bench.runtime.signal_container(container_id, "SIGINT")
    assert bench.status(container_id).exit_code == 0


def test_a_script_can_run_forever() -> None:
    bench = Bench(programs={"app": Script.forever()})
    container_id = bench.start("app")
    bench.clock.advance(1e9)
    assert bench.status(container_id).state is ContainerState.RUNNING
    bench.runtime.signal_container(container_id, "SIGTERM")
    assert bench.status(container_id).exit_code == 0


def test_a_script_can_be_killed_for_lack_of_memory() -> None:
    bench = Bench(programs={"app": Script(Sleep(1), OutOfMemory())})
    container_id = bench.start("app")
    bench.clock.advance(1)
    status = bench.status(container_id)
    assert (status.exit_code, status.oom_killed) == (137, True)


def test_a_script_can_write_files() -> None:
    bench = Bench(programs={"app": Script(Write("note", "text"), Sleep(math.inf))})
    container_id = bench.start("app", working_dir="/data")
    assert bench.runtime.exec(container_id, ["cat", "/data/note"]).stdout == b"text"
    assert bench.run("app", working_dir="/x", command=["app"])[0] is None
    failing = Bench(programs={"app": Script(Write("/none/note", "text"))})
    assert failing.run("app") == (1, "app: none/note: No such file or directory\n")


def test_a_script_answers_who_connects_until_it_ends() -> None:
    bench = Bench(programs={"app": Script(Listen.http(80, status=503, body=b"busy"), Sleep(10))})
    bench.start("app")
    connection = http.client.HTTPConnection("pod")
    connection.sock = bench.runtime.connect(bench.sandbox_id, 80, timeout=1)
    connection.request("GET", "/healthz")
    response = connection.getresponse()
    assert (response.status, response.read()) == (503, b"busy")
    connection.close()
    bench.clock.advance(10)
    with pytest.raises(ConnectionRefusedError):
        bench.runtime.connect(bench.sandbox_id, 80)


def test_two_scripts_of_a_sandbox_cannot_listen_on_one_port() -> None:
    bench = Bench(programs={"app": Script(Listen(80), Sleep(10))})
    bench.start("app")
    assert bench.run("app", seconds=0) == (1, "app: port 80: Address already in use\n")


def test_a_program_is_found_by_its_command_or_its_image() -> None:
    programs = {"app": Script(Print("by command")), "shop/web:1": Script(Print("by image"))}
    bench = Bench(programs=programs, images=Images(["busybox", "docker.io/shop/web:1"]))
    assert bench.run("/usr/local/bin/app") == (0, "by command\n")
    assert bench.run("anything", image="shop/web:1") == (0, "by image\n")
    assert bench.run("echo", "known", image="shop/web:1") == (0, "known\n")
    assert bench.run("sh", "-c", "app; anything", image="shop/web:1")[0] == 127


def test_a_function_is_a_program() -> None:
    def countdown(call: Invocation) -> Run:
        for left in range(int(call.argv[1]), 0, -1):
            call.print(f"{left} for {call.env['WHO']}")
            yield Pause(1)
        return 7

    bench = Bench(programs={"countdown": countdown})
    assert bench.run("countdown", "2", env={"WHO": "you"}) == (7, "2 for you\n1 for you\n")


def test_a_function_that_takes_no_time_returns_its_exit_code() -> None:
    assert Bench(programs={"answer": lambda _call: 42}).run("answer") == (42, "")


def test_a_program_with_a_mistake_says_so_to_the_test() -> None:
    def mistaken(_call: Invocation) -> Run:
        yield Pause(1)
        raise KeyError("a mistake")

    bench = Bench(programs={"mistaken": mistaken})
    container_id = bench.start("mistaken")
    with pytest.raises(KeyError, match="a mistake"):
        bench.clock.advance(1)
    assert bench.status(container_id).exit_code == 1


def test_a_child_of_a_shell_meets_no_signals_of_the_shell() -> None:
    bench = Bench(programs={"app": Script(Print("ready"), Sleep(10), on_signal={"TERM": (Print("app"), Exit(0))})})
    container_id = bench.start("sh", "-c", "trap 'echo shell' TERM; app; echo $?")
    bench.runtime.signal_container(container_id, "SIGTERM")
    bench.clock.advance(60)
    assert bench.output(container_id) == "ready\nshell\n0\n"


def test_a_program_that_a_shell_becomes_meets_signals_itself() -> None:
    bench = Bench(programs={"app": Script(Sleep(10), on_signal={"TERM": (Print("app"), Exit(4))})})
    container_id = bench.start("sh", "-c", "trap 'echo shell' TERM; exec app")
    bench.runtime.signal_container(container_id, "SIGTERM")
    assert (bench.status(container_id).exit_code, bench.output(container_id)) == (4, "app\n")
