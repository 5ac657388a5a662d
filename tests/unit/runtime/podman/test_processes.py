"""The processes of containers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from podkit.runtime.podman import processes

CONMON = ["/usr/bin/conmon", "--api-version", "1", "-c", "40b8", "-u", "session", "-n", "web"]


def process(proc: Path, pid: int, parent: int, *arguments: str) -> None:
    directory = proc / str(pid)
    directory.mkdir()
    (directory / "cmdline").write_bytes(b"\0".join(a.encode() for a in arguments) + b"\0" if arguments else b"")
    (directory / "stat").write_text(f"{pid} (a ) b) S {parent} 1 1 0")


def test_a_process_has_ended_also_while_nobody_has_collected_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert not processes.ended(child.pid)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.ended(child.pid)
    child.wait()
    assert processes.ended(child.pid)


def test_monitors_of_commands_are_told_from_all_else(tmp_path: Path) -> None:
    process(tmp_path, 1, 0, "/sbin/init")
    process(tmp_path, 2, 0)
    process(tmp_path, 10, 1, *CONMON)
    process(tmp_path, 20, 1, *CONMON, "-e", "--exec-attach")
    process(tmp_path, 21, 20, *CONMON, "-e", "--exec-attach")
    process(tmp_path, 30, 1, "grep", "conmon", "--exec-attach", "-c")
    (tmp_path / "40").mkdir()
    (tmp_path / "self").mkdir()
    found = sorted((each.pid, each.parent, each.container_id) for each in processes.exec_monitors(tmp_path))
    assert found == [(20, 1, "40b8"), (21, 20, "40b8")]


def test_killing_what_has_ended_is_no_error() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    processes.kill(child.pid)


def test_the_lowest_oom_score_depends_on_a_capability(tmp_path: Path) -> None:
    (tmp_path / "oom_score_adj").write_text("100\n")
    (tmp_path / "status").write_text("Name:\tx\nCapEff:\t000001ffffffffff\n")
    assert processes.lowest_oom_score(tmp_path) == -1000
    (tmp_path / "status").write_text("Name:\tx\nCapEff:\t000001fffeffffff\n")
    assert processes.lowest_oom_score(tmp_path) == 100
