"""Containers: their life from creation to removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit.errors import ContainerNotFound, ImageNotFound, RuntimeFailed, StartFailed
from podkit.runtime.base import CONTAINER_NAME, ContainerState, Mount, ProcessUser, Resources, SecurityConfig
from tests.contract.runtime.engines import BUSYBOX, ECHO, MEMORY_HOG, NOBODY, Engine

GONE = "0" * 64
WAITS_FOR_TERM = "trap 'echo bye; exit 7' TERM; echo ready; sleep 60 & wait"


def test_a_container_that_is_made_does_not_run(engine: Engine) -> None:
    config = engine.container_config("sleep", "60")
    container_id = engine.runtime.create_container(engine.sandbox_id, config)
    try:
        status = engine.runtime.container(container_id)
        assert (status.id, status.name, status.sandbox_id) == (container_id, config.name, engine.sandbox_id)
        assert (status.state, status.labels, status.image) == (ContainerState.CREATED, config.labels, BUSYBOX)
        assert (status.started_at, status.finished_at, status.exit_code) == (None, None, None)
        image = engine.runtime.image(BUSYBOX)
        assert image is not None
        assert status.image_id == image.id
    finally:
        engine.runtime.remove_container(container_id)


def test_a_container_runs_until_its_process_ends(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "trap 'exit 3' TERM; sleep 0.1; echo ready; sleep 60 & wait")
    engine.written(container_id, b"ready")
    running = engine.runtime.container(container_id)
    assert (running.state, running.finished_at, running.exit_code) == (ContainerState.RUNNING, None, None)
    engine.runtime.signal_container(container_id, "SIGTERM")
    ended = engine.ended(container_id)
    assert (ended.exit_code, ended.oom_killed, ended.error) == (3, False, "")
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert ended.created_at <= ended.started_at < ended.finished_at


@pytest.mark.parametrize(("command", "exit_code"), [(("true",), 0), (("false",), 1), (("sh", "-c", "exit 300"), 44)])
def test_an_exit_code_is_a_byte(engine: Engine, command: tuple[str, ...], exit_code: int) -> None:
    assert engine.run(*command)[0].exit_code == exit_code


def test_times_are_in_order_however_short_a_container_runs(engine: Engine) -> None:
    status, _ = engine.run("true")
    assert status.started_at is not None
    assert status.finished_at is not None
    assert status.created_at <= status.started_at <= status.finished_at


def test_a_command_replaces_all_that_the_image_runs_and_arguments_only_its_arguments(engine: Engine) -> None:
    assert engine.run(image=ECHO)[1] == b"ep image-default\n"
    assert engine.run(image=ECHO, args=["mine"])[1] == b"ep mine\n"
    assert engine.run("echo", "own", image=ECHO)[1] == b"own\n"
    assert engine.run("echo", image=ECHO, args=["both"])[1] == b"both\n"


def test_a_container_has_the_environment_of_its_image_and_its_own(engine: Engine) -> None:
    script = 'echo "$GREETING,$EMPTY,${PATH:+path}"'
    _, output = engine.run("sh", "-c", script, env={"GREETING": "hello  world", "EMPTY": ""})
    assert output == b"hello  world,,path\n"


def test_a_working_directory_is_made_if_it_is_missing(engine: Engine) -> None:
    assert engine.run("pwd", working_dir="/some/where")[1] == b"/some/where\n"
    assert engine.run("pwd", image=NOBODY)[1] == b"/tmp\n"


def test_a_container_runs_as_the_user_of_its_image_or_its_own(engine: Engine) -> None:
    assert engine.run("id", "-u")[1] == b"0\n"
    assert engine.run(image=NOBODY)[1] == b"65534\n"
    security = SecurityConfig(user=1000, group=2000)
    assert engine.run("sh", "-c", "id -u; id -g", security=security)[1] == b"1000\n2000\n"
    assert engine.run("id", "-u", image=NOBODY, security=SecurityConfig(user=0))[1] == b"0\n"
    assert engine.run("sh", "-c", "id -u; id -g", security=SecurityConfig(username="nobody"))[1] == b"65534\n65534\n"


def test_it_is_told_whom_a_container_has_started_as(engine: Engine) -> None:
    container_id = engine.create(
        "sleep", "60", security=SecurityConfig(user=1000, group=2000, supplemental_groups=[3000])
    )
    assert engine.runtime.container(container_id).user is None
    engine.runtime.start_container(container_id)
    assert engine.runtime.container(container_id).user == ProcessUser(1000, 2000, (2000, 3000))
    of_image = engine.start(image=NOBODY)
    assert engine.runtime.container(of_image).user == ProcessUser(65534, 65534, (65534,))


def test_a_user_whom_the_image_does_not_know_cannot_run_anything(engine: Engine) -> None:
    with pytest.raises(StartFailed, match="nosuch"):
        engine.start("true", security=SecurityConfig(username="nosuch"))


def test_a_command_that_does_not_exist_cannot_be_started(engine: Engine) -> None:
    container_id = engine.create("/no/such/command")
    with pytest.raises(StartFailed):
        engine.runtime.start_container(container_id)
    status = engine.runtime.container(container_id)
    assert (status.state, status.exit_code, status.started_at) == (ContainerState.EXITED, 128, None)
    assert status.error
    assert status.finished_at is not None


def test_a_file_is_a_command_only_if_it_is_executable(engine: Engine, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('#!/bin/sh\necho "$0 $1"\n')
    mounts = [Mount(source=str(script), destination="/script")]
    script.chmod(0o644)
    with pytest.raises(StartFailed):
        engine.start("/script", mounts=mounts)
    script.chmod(0o755)
    assert engine.run("/script", "argument", mounts=mounts)[1] == b"/script argument\n"


def test_a_container_needs_an_image_that_is_here(engine: Engine) -> None:
    with pytest.raises(ImageNotFound):
        engine.create("true", image="localhost/no-such-image:latest")


def test_a_container_needs_a_name_of_its_own(engine: Engine) -> None:
    engine.create("true", name=(name := engine.name("container")))
    with pytest.raises(RuntimeFailed):
        engine.create("true", name=name)


def test_what_is_mounted_must_exist(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(RuntimeFailed):
        engine.create("true", mounts=[Mount(source=str(tmp_path / "missing"), destination="/data")])


def test_starting_a_container_that_runs_changes_nothing(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    before = engine.runtime.container(container_id)
    engine.runtime.start_container(container_id)
    assert engine.runtime.container(container_id) == before


def test_starting_a_container_that_is_gone_is_an_error(engine: Engine) -> None:
    with pytest.raises(ContainerNotFound):
        engine.runtime.start_container(GONE)


def test_the_first_process_does_not_notice_a_signal_that_it_does_not_handle(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    engine.runtime.signal_container(container_id, "SIGTERM")
    assert engine.runtime.exec(container_id, ["true"]).exit_code == 0
    assert engine.runtime.container(container_id).state is ContainerState.RUNNING
    engine.runtime.signal_container(container_id, "SIGKILL")
    assert engine.ended(container_id).exit_code == 137


def test_a_process_can_handle_a_signal(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", WAITS_FOR_TERM)
    engine.written(container_id, b"ready")
    engine.runtime.signal_container(container_id, "TERM")
    assert engine.ended(container_id).exit_code == 7
    assert engine.output(container_id) == b"ready\nbye\n"


def test_a_shell_handles_a_signal_when_what_it_waits_for_has_ended(engine: Engine) -> None:
    for seconds in (0.3, 3, 20):
        container_id = engine.start("sh", "-c", f"trap 'echo bye' TERM; echo ready; sleep {seconds}; echo awake")
        engine.written(container_id, b"ready")
        engine.runtime.signal_container(container_id, "SIGTERM")
        assert engine.ended(container_id).exit_code == 0
        if engine.output(container_id) != b"ready\nawake\n":  # or the machine is so busy that the signal came too late
            break
    assert engine.output(container_id) == b"ready\nbye\nawake\n"


def test_nobody_inside_can_kill_the_first_process(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    engine.runtime.exec(container_id, ["sh", "-c", "kill -9 1"])
    assert engine.runtime.exec(container_id, ["true"]).exit_code == 0


def test_a_signal_to_what_has_ended_or_is_gone_is_no_error(engine: Engine) -> None:
    container_id = engine.start("true")
    engine.ended(container_id)
    engine.runtime.signal_container(container_id, "SIGTERM")
    engine.runtime.signal_container(GONE, "SIGTERM")


def test_a_standard_input_that_nobody_writes_to_stays_open(engine: Engine) -> None:
    waiting, ended = engine.start("cat", stdin=True), engine.start("cat")
    engine.ended(ended)
    assert engine.runtime.container(waiting).state is ContainerState.RUNNING


def test_there_is_no_signal_of_any_name(engine: Engine) -> None:
    with pytest.raises(RuntimeFailed):
        engine.runtime.signal_container(engine.start("sleep", "60"), "SIGNONSENSE")


def test_a_container_can_be_removed_in_any_state_and_twice(engine: Engine) -> None:
    ended = engine.start("true")
    engine.ended(ended)
    for container_id in (engine.create("true"), engine.start("sleep", "60"), ended):
        engine.runtime.remove_container(container_id)
        with pytest.raises(ContainerNotFound):
            engine.runtime.container(container_id)
        engine.runtime.remove_container(container_id)


def test_containers_are_found_by_all_of_the_given_labels(engine: Engine) -> None:
    config = engine.container_config("true")
    found = engine.runtime.create_container(engine.sandbox_id, config)
    try:
        engine.create("true")
        assert [status.id for status in engine.runtime.containers(config.labels)] == [found]
        assert not engine.runtime.containers(config.labels | {"app": "web"})
        assert {config.name} < {status.name for status in engine.runtime.containers(engine.labels)}
        assert not engine.runtime.containers(engine.labels | {CONTAINER_NAME: "nothing"})
    finally:
        engine.runtime.remove_container(found)


def test_a_list_says_of_a_container_what_its_status_says(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "exit 3")
    status = engine.ended(container_id)
    listed = {found.id: found for found in engine.runtime.containers(engine.labels)}
    assert listed[container_id] == status


def test_each_container_has_a_root_of_its_own(engine: Engine) -> None:
    assert engine.run("sh", "-c", "echo x > /tmp/mark && cat /tmp/mark")[1] == b"x\n"
    assert engine.run("cat", "/tmp/mark")[0].exit_code == 1


@pytest.mark.needs("limits_enforced")
def test_a_container_that_takes_too_much_memory_is_killed(engine: Engine) -> None:
    status, _ = engine.run(*MEMORY_HOG, resources=Resources(memory_limit=16 << 20))
    assert (status.exit_code, status.oom_killed) == (137, True)


@pytest.mark.needs("limits_enforced")
def test_limits_can_be_changed_while_a_container_runs(engine: Engine) -> None:
    container_id = engine.start("sleep", "60", resources=Resources(memory_limit=64 << 20))
    engine.runtime.update_resources(container_id, Resources(memory_limit=128 << 20))
    assert engine.runtime.container(container_id).state is ContainerState.RUNNING


@pytest.mark.needs("stats_available")
def test_what_a_running_container_uses_is_told(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    stats = engine.runtime.stats(container_id)
    assert stats.memory_bytes > 0
    assert stats.cpu_seconds >= 0
    engine.runtime.signal_container(container_id, "SIGKILL")
    engine.ended(container_id)
    assert engine.runtime.stats(container_id).memory_bytes == 0
    with pytest.raises(ContainerNotFound):
        engine.runtime.stats(GONE)


def test_what_a_container_has_written_is_measured(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "echo ready; exec sleep 60")
    before = engine.runtime.storage_used(container_id)
    line = "x" * 99
    engine.runtime.exec(container_id, ["sh", "-c", f"for i in $(seq 200); do echo {line}; done >/data"])
    after = engine.runtime.storage_used(container_id)
    assert 20_000 <= after - before < 100_000


def test_the_log_of_a_container_counts_as_written(engine: Engine) -> None:
    quiet, _ = engine.run("true")
    loud, _ = engine.run("sh", "-c", f"for i in $(seq 200); do echo {'x' * 99}; done")
    assert engine.runtime.storage_used(loud.id) - engine.runtime.storage_used(quiet.id) >= 20_000


def test_what_is_not_there_cannot_be_measured(engine: Engine) -> None:
    with pytest.raises(ContainerNotFound):
        engine.runtime.storage_used(GONE)


def test_the_machine_says_what_it_has_left_or_that_it_does_not_know(engine: Engine) -> None:
    stats, info = engine.runtime.machine_stats(), engine.runtime.info()
    assert stats.memory_available is None or 0 < stats.memory_available <= info.memory
    for available, capacity in (
        (stats.processes_available, stats.processes),
        (stats.storage_available, stats.storage),
    ):
        assert (available is None) == (capacity is None)
        assert available is None or capacity is None or 0 < available <= capacity
