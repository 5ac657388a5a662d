"""Running scripts as users do, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SECONDS = 120


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script; its output is read with ``communicate``."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    process = start(script, *arguments)
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()  # does nothing to one that has ended
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def read_until(process: subprocess.Popen[str], line: str) -> list[str]:
    """Read the output of a script until it has printed this line; fail when it ends before."""
    assert process.stdout is not None
    seen = []
    for text in process.stdout:
        seen.append(text.rstrip("\n"))
        if seen[-1] == line:
            return seen
    assert process.stderr is not None
    raise AssertionError(f"the script ended after {seen} with {process.stderr.read()}")
