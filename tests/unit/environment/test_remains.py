"""What belongs to a run is recognised by its directory, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment.remains import end_processes, processes_of

SLEEP = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(started: list[subprocess.Popen[bytes]], *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([*SLEEP, *arguments], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    started.append(process)
    return process


def test_a_process_belongs_by_its_command_line_or_its_environment(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    by_command = start(started, f"{tmp_path}/socket")
    by_environment = start(started, PLACE=f"{tmp_path}/etc")
    start(started, "podman", "conmon", f"{tmp_path}-of-somebody-else/socket")
    assert set(processes_of(tmp_path)) == {by_command.pid, by_environment.pid}


def test_ending_kills_these_and_no_others(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    ours, other = start(started, f"{tmp_path}/socket"), start(started, "conmon")
    assert end_processes(tmp_path) == [ours.pid]
    assert ours.wait() != 0
    assert other.poll() is None


def test_we_and_our_parents_do_not_belong() -> None:
    assert os.getpid() not in processes_of(Path(sys.prefix))
