"""Each notebook runs from top to bottom, in a process of its own, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import Environment
from tests.unit.display.page import Page

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

RUN = """
import json, sys
cells = [cell for cell in json.load(open(sys.argv[1]))["cells"] if cell["cell_type"] == "code"]
namespace = {}
for number, cell in enumerate(cells, 1):
    exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)
"""


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(notebook: Path, podman_environment: Environment) -> None:
    done = subprocess.run([sys.executable, "-c", RUN, str(notebook)], capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr
    assert podman_environment.podman("pod", "ps", "--quiet") == ""


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_its_cells_gave(notebook: Path) -> None:
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert any(cell["outputs"] for cell in cells)
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_is_whole(notebook: Path) -> None:
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    pictures = ["".join(output.get("data", {}).get("text/html", [])) for cell in cells for output in cell["outputs"]]
    assert any(pictures)
    for picture in filter(None, pictures):
        assert "script" not in Page(picture).names
