"""Both type checkers accept the right uses of the model and refuse the wrong ones."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import podkit
from podkit.runtime import simulated
from tests.unit.documents.test_examples import examples

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
needs_pyright = pytest.mark.skipif(
    importlib.util.find_spec("pyright") is None or shutil.which("node") is None,
    reason="pyright needs itself and node",
)


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


@needs_pyright
def test_pyright_accepts_right_uses_and_refuses_wrong_ones() -> None:
    _run("pyright", "-p", "tests/typing", "--pythonpath", sys.executable)


BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONE_PROGRAM = {"editing", "model", "tutorial", "validation"}
"""Pages on which a block goes on where the one before it has ended."""
FRAGMENTS = {"nodes", "podman"}
"""Pages whose blocks are no programs."""


@needs_pyright
def test_pyright_accepts_the_examples_of_documents_and_docstrings(tmp_path: Path) -> None:
    for page in (CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")):
        blocks = BLOCK.findall(page.read_text())
        if page.stem in FRAGMENTS or "_build" in page.parts:
            continue
        for number, block in enumerate(["\n".join(blocks)] if page.stem in ONE_PROGRAM else blocks):
            (tmp_path / f"{page.parent.name}_{page.stem}_{number}.py").write_text(block)
    (tmp_path / "docstrings.py").write_text(docstrings())
    settings = {"extraPaths": [str(CHECKOUT)], "pythonVersion": "3.11", "reportUnusedExpression": "none"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    _run("pyright", "-p", str(tmp_path), "--pythonpath", sys.executable)


def docstrings() -> str:
    """The examples of docstrings as a program: a function for each, with what examples may speak of."""
    names = [name for name in podkit.__all__ if not name.startswith("__")]
    parts = [
        "import math\nimport warnings",
        f"from podkit import {', '.join(names)}",
        f"from podkit.runtime.simulated import {', '.join(set(simulated.__all__) - set(names))}",
    ]
    for number, (name, code) in enumerate(examples()):
        if not name.startswith(("podkit.testing", "podkit.metrics")) and name not in (
            "Kubelet",
            "Cluster.port_forward",
        ):
            given = "cluster: Cluster, engine: SimulatedRuntime, pod: Pod, deployment: Deployment, job: Job, text: str"
            parts.append(f"def example_{number}({given}) -> None:\n    # {name}\n{textwrap.indent(code, '    ')}")
    return "\n\n".join(parts)
