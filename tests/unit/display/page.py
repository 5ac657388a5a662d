"""Reading pictures back: what a browser would make of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """A picture as a browser reads it: all elements are closed, in order, and what is in them is text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.cells: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data + " "
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def read(picture: Any) -> Page:
    """What a notebook would show of an object."""
    html = picture if isinstance(picture, str) and picture.startswith("<") else picture._repr_html_()
    assert html is not None
    return Page(html)
