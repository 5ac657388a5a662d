"""The guides say what really happens: their examples print what is printed below them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("guide", ["model.md", "editing.md"])
def test_the_examples_of_the_guide(guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    examples = list(EXAMPLE.finditer((DOCS / guide).read_text(encoding="utf-8")))
    assert examples

    for example in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(example["code"], names)

        assert printed.getvalue().strip() == (example["printed"] or "").strip()
