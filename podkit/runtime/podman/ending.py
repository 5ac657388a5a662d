"""Ending a process that is ours."""

from __future__ import annotations

import contextlib
import subprocess

_PATIENCE = 3.0
"""Seconds that it has to end by itself."""


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, kill it if it does not, and collect it."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
