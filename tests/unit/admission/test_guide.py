"""The guide to validation says what really happens: its examples print what is printed below them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[3] / "docs" / "validation.md"
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)


def test_the_examples_of_the_guide() -> None:
    names: dict[str, Any] = {}
    examples = list(EXAMPLE.finditer(GUIDE.read_text(encoding="utf-8")))
    assert examples

    for example in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(example["code"], names)

        assert printed.getvalue().strip() == (example["printed"] or "").strip()
