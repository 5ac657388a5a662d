"""What README, documentation and examples show does work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.programs import CHECKOUT, SECONDS, run

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str) -> list[str]:
    return _BLOCK.findall((CHECKOUT / document).read_text())


NEEDS_ANOTHER_MACHINE = {"docs/podman.md", "docs/nodes.md"}
"""Pages whose blocks name machines that are not there."""
GO_ON = {"docs/editing.md", "docs/model.md", "docs/tutorial.md", "docs/validation.md"}
"""Pages on which a block goes on where the one before it has ended."""
PAGES_WITH_BLOCKS = {
    document
    for document in ("README.md", *(str(page.relative_to(CHECKOUT)) for page in (CHECKOUT / "docs").rglob("*.md")))
    if blocks(document)
} - NEEDS_ANOTHER_MACHINE
EXECUTED = [(page, number) for page in sorted(PAGES_WITH_BLOCKS - GO_ON) for number, _ in enumerate(blocks(page))]


@pytest.mark.parametrize(("document", "number"), EXECUTED)
def test_each_python_block_of_the_documents_runs(document: str, number: int) -> None:
    done = run(blocks(document)[number])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", sorted(GO_ON))
def test_the_python_blocks_of_a_page_run_one_after_the_other(document: str, tmp_path: Path) -> None:
    done = run("\n".join([f"import os\nos.chdir({str(tmp_path)!r})", *blocks(document)]))
    assert done.returncode == 0, done.stderr


CELL = re.compile(r"^```\{code-cell\} (?:ipython3|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(page.name for page in (CHECKOUT / "docs").glob("*.md") if CELL.search(page.read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_the_cells_of_each_page_run_one_after_the_other(page: str) -> None:
    done = run("\n".join(CELL.findall((CHECKOUT / "docs" / page).read_text())))
    assert done.returncode == 0, done.stderr


def test_the_readme_has_a_script_of_ten_lines_that_says_hello() -> None:
    first = blocks("README.md")[0]
    assert len(first.strip().splitlines()) <= 10
    assert run(first).stdout.strip().endswith("Hello, Kubernetes!")


def test_the_quick_start_shows_all_four_things() -> None:
    script = CHECKOUT / "docs" / "examples" / "quickstart.py"
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    for part in (
        "| Hello, Kubernetes!",
        "The writer asks the server",
        "| first\n   | second\n",
        "Back-off restarting",
        "done",
    ):
        assert part in done.stdout
