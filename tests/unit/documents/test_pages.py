"""The documentation names everything that there is, and nothing that there is not."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import podkit
import podkit.aio
import podkit.metrics
import podkit.model
import podkit.runtime.simulated
import podkit.testing

CHECKOUT = Path(__file__).parents[3]
DOCS = CHECKOUT / "docs"
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def all_errors() -> set[str]:
    """The names of all classes of errors and warnings."""
    for module in pkgutil.walk_packages(podkit.__path__, "podkit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, rest = set(), [podkit.PodkitError]
    while rest:
        cls = rest.pop()
        rest += cls.__subclasses__()
        if cls.__module__.startswith("podkit.") and not cls.__name__.startswith("_"):
            found.add(cls.__name__)
    return found


def test_troubleshooting_has_every_error() -> None:
    page = (DOCS / "troubleshooting.md").read_text()
    headings = "\n".join(line for line in page.splitlines() if not line.startswith(":"))
    warnings = {"UnknownFieldWarning", "UnservedWarning"}
    assert {name for name in all_errors() if not re.search(rf"\b{name}\b", headings)} == set()
    assert {name for name in warnings if name not in page} == set()


def quoted_messages() -> list[str]:
    """The messages that the page quotes: what is in backticks after the name of an error."""
    page = (DOCS / "troubleshooting.md").read_text()
    return [message for line in page.splitlines() for message in re.findall(r"`: `([^`]+)`", line)]


@pytest.mark.parametrize("message", quoted_messages())
def test_the_messages_that_troubleshooting_quotes_are_said(message: str) -> None:
    code = "".join(path.read_text() for path in (CHECKOUT / "podkit").rglob("*.py"))
    said = re.sub(r'["`]\s*\n\s*f?"', "", code)  # a message goes on in the next line
    for part in filter(None, (part.strip() for part in message.split("…"))):
        assert part in said, part


def reference() -> str:
    return "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))


def test_the_reference_has_every_public_name() -> None:
    listed = set(re.findall(r":: podkit\.([\w.]+)", reference()))
    generated = set(podkit.model.__all__)
    assert {name for name in podkit.__all__ if name not in listed | generated} == {"__version__"}
    for module in (podkit.runtime.simulated, podkit.testing, podkit.metrics, podkit.aio):
        where = module.__name__.removeprefix("podkit.")
        assert {name for name in module.__all__ if f"{where}.{name}" not in listed and name not in listed} == set()


def test_the_reference_names_only_what_there_is() -> None:
    for name in re.findall(r":: (podkit[\w.]*)", reference()):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute) if module else True, name


def pages() -> list[Path]:
    return [
        CHECKOUT / "README.md",
        CHECKOUT / "CHANGELOG.md",
        *(page for page in DOCS.rglob("*.md") if "_build" not in page.parts),
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_link_is_dead(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_how_to_guides_are_all_on_their_front_page() -> None:
    front = (DOCS / "how-to" / "index.md").read_text()
    names = {page.stem for page in (DOCS / "how-to").glob("*.md")} - {"index"}
    assert {name for name in names if f"({name}.md)" not in front} == set()
    assert {name for name in names if f"\n{name}\n" not in front} == set()
