"""What the notebooks show, in a real browser: nothing is an error, everything is in its place, and can be read in both themes.

It is looked at with Chromium, where there is one (Debian's package `chromium`); elsewhere the pictures are only read back
(`test_notebooks`).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE = """<!doctype html><meta charset="utf-8">
<style>body { background: %(background)s; color: %(text)s; font-family: sans-serif; width: 960px; margin: 0 }</style>
<body data-jp-theme-light="%(light)s">%(outputs)s<script>%(script)s</script></body>"""
THEMES = {
    "light": {"light": "true", "background": "#ffffff", "text": "#111111"},
    "dark": {"light": "false", "background": "#111111", "text": "#eeeeee"},
}
MEASURE = """
const channels = (colour) => {
  const found = colour.match(/[\\d.]+/g).map(Number);
  return found.length < 4 ? [...found, 1] : found;
};
const linear = (value) => { const part = value / 255; return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(getComputedStyle(at).backgroundColor);
    if (colour[3] > 0.99) return colour;
  }
  return [255, 255, 255, 1];
};
const contrast = (element) => {
  const both = [channels(getComputedStyle(element).color), behind(element)].map(luminance).sort((a, b) => b - a);
  return (both[0] + 0.05) / (both[1] + 0.05);
};
const texts = [...document.querySelectorAll(".podkit *")].filter((element) =>
  !element.closest("svg, style") && element.getClientRects().length
  && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
const report = {
  texts: texts.length,
  pale: texts.filter((element) => contrast(element) < 4.5)
    .map((element) => `${element.textContent.trim().slice(0, 40)}: ${contrast(element).toFixed(1)}`),
  outside: [...document.querySelectorAll(".podkit, .podkit svg")]
    .filter((element) => element.getBoundingClientRect().right > 961).map((element) => element.outerHTML.slice(0, 80)),
  drawings: [...document.querySelectorAll("svg")].map((element) => element.getBoundingClientRect().height),
};
const place = document.createElement("pre");
place.id = "report";
place.textContent = JSON.stringify(report);
document.body.append(place);
"""


def outputs(notebook: Path) -> str:
    """What the cells of a notebook have given, as HTML."""
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    return "\n".join(
        "".join(output.get("data", {}).get("text/html", [])) for cell in cells for output in cell["outputs"]
    )


def looked_at(page: Path, profile: Path) -> tuple[dict[str, Any], list[str]]:
    """What the page's script has measured, and what the browser's console says."""
    line = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1000,4000",
    ]
    line += [f"--user-data-dir={profile}", "--enable-logging=stderr", "--dump-dom", page.as_uri()]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="report">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    return json.loads(unescape(found.group(1))), [said for said in done.stderr.splitlines() if "CONSOLE" in said]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_can_be_read(notebook: Path, theme: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE % {**THEMES[theme], "outputs": outputs(notebook), "script": MEASURE})
    report, console = looked_at(page, tmp_path / "profile")
    assert console == []
    assert report["texts"] > 0
    assert report["pale"] == []
    assert report["outside"] == []
    assert all(height > 0 for height in report["drawings"])
