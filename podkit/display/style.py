"""The look of pictures: one style sheet, which each of them brings along, because none knows which page it comes into.

Colours are variables with a set for light and one for dark pages. The system's wish counts (``prefers-color-scheme``) unless the
page says what it is: Jupyter, Visual Studio Code, Colab and Sphinx themes each have their way. Text takes the colour of the page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from podkit.display.markup import Markup

LIGHT = {
    "line": "#d8dee4", "soft": "#f3f5f8", "dim": "#626c77", "text": "#1f2328", "paper": "#ffffff",
    "ok": "#187633", "okbg": "#dcf5e3", "run": "#0a63c7", "runbg": "#dcebfd", "wait": "#8a5a00", "waitbg": "#fcefc9",
    "bad": "#c02028", "badbg": "#fde3e4", "done": "#57606a", "donebg": "#e8ebef",
}  # fmt: skip
DARK = {
    "line": "#3b434c", "soft": "#ffffff0d", "dim": "#9aa4af", "text": "#e6edf3", "paper": "#0d1117",
    "ok": "#56d375", "okbg": "#12381f", "run": "#6cb2ff", "runbg": "#12304f", "wait": "#e9b949", "waitbg": "#41300a",
    "bad": "#ff8b87", "badbg": "#4f181b", "done": "#aab3bd", "donebg": "#2b323a",
}  # fmt: skip
_LIGHT_PAGES = ('[data-jp-theme-light="true"]', ".vscode-light", '[data-theme="light"]', '[theme="light"]')
_DARK_PAGES = ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="dark"]', '[theme="dark"]')


@cache
def style() -> Markup:
    """The style sheet of everything that has the class ``podkit``."""
    light, dark = (",".join(f"{page} .podkit" for page in pages) for pages in (_LIGHT_PAGES, _DARK_PAGES))
    colours = (
        f".podkit{{{variables(LIGHT)}}}@media(prefers-color-scheme:dark){{.podkit{{{variables(DARK)}}}}}"
        f"{light}{{{variables(LIGHT)}}}{dark}{{{variables(DARK)}}}"
    )
    return Markup(f"<style>{colours}{_rules()}</style>")


@cache
def sheet() -> Markup:
    """The same for a drawing that is a file of its own."""
    colours = f".podkit{{{variables(LIGHT)}}}@media(prefers-color-scheme:dark){{.podkit{{{variables(DARK)}}}}}"
    drawn = [rule for rule in _rules().split("}") if " .pk-t" in rule or " .pk-l" in rule or " .pk-s" in rule]
    return Markup(f"<style>{colours}{''.join(f'{rule}}}' for rule in drawn if 'pk-scroll' not in rule)}</style>")


def variables(colours: dict[str, str]) -> str:
    """A set of colours as variables of a style sheet."""
    return ";".join(f"--pk-{name}:{colour}" for name, colour in colours.items())


def _rules() -> str:
    rules = re.sub(r"/\*.*?\*/", "", Path(__file__).with_name("style.css").read_text(), flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", rules).strip()
