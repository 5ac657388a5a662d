"""Both type checkers accept the right uses of the model and refuse the wrong ones."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=HERE.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_accepts_right_uses_and_refuses_wrong_ones() -> None:
    _run(
        "mypy",
        "--strict",
        "tests/typing/accepted.py",
        "tests/typing/aio_uses.py",
        "tests/typing/cluster_uses.py",
        "tests/typing/refused.py",
    )


@pytest.mark.skipif(
    importlib.util.find_spec("pyright") is None or shutil.which("node") is None,
    reason="pyright needs itself and node",
)
def test_pyright_accepts_right_uses_and_refuses_wrong_ones() -> None:
    _run("pyright", "-p", "tests/typing", "--pythonpath", sys.executable)
