"""The progress of a wait: in a terminal by rich, in a notebook as HTML; nowhere where nobody looks."""

from __future__ import annotations

import sys
from typing import Any

from podkit.cluster.progress import ObjectProgress, Progress
from podkit.display.bars import Share, strip
from podkit.display.markup import Markup, joined, tag
from podkit.display.style import style
from podkit.errors import PodkitError
from podkit.runtime.base import PullProgress
from podkit.showing import Screen

SHOWN = 12
"""How many objects are shown one by one."""


def open_screen() -> Screen | None:
    """A screen for the progress of a wait; None where nobody looks.

    Raises:
        PodkitError: the output is a terminal, and rich is not installed.
    """
    if in_notebook():
        return NotebookScreen()
    return _terminal() if sys.stderr.isatty() else None


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _terminal() -> Screen | None:
    try:
        from rich.console import Console
        from rich.errors import LiveError
    except ImportError:
        raise PodkitError(
            "progress in a terminal is shown by rich, which is not installed: "
            "pip install 'podkit[rich]', or leave out progress=True"
        ) from None
    try:
        return TerminalScreen(Console(stderr=True))
    except LiveError:  # another wait is being shown there
        return None


class NotebookScreen:
    """Shows progress below a cell, in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, state: Progress) -> None:
        """Show it as it is now."""
        from IPython.display import display

        bundle = {"text/html": progress_html(state), "text/plain": str(state)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def close(self) -> None:
        """What is there stays."""


class TerminalScreen:
    """Shows progress in a terminal, in place.

    Args:
        console: rich's.

    Raises:
        LiveError: something else is being shown there.
    """

    def __init__(self, console: Any) -> None:
        from rich.live import Live

        self._live = Live(console=console, auto_refresh=False)
        self._live.start()

    def show(self, state: Progress) -> None:
        """Show it as it is now."""
        self._live.update(progress_rich(state), refresh=True)

    def close(self) -> None:
        """What is there stays."""
        self._live.stop()


def progress_html(state: Progress) -> str:
    """Progress as a piece of HTML."""
    lines = [_html_line(one) for one in state.objects[:SHOWN]]
    title = tag(
        "div", f"{'waited' if state.over else 'waiting'} for {state.goal}, {state.seconds:.1f} s", class_="pk-title"
    )
    return str(tag("div", style(), title, *lines, _rest(state), class_="podkit"))


def _html_line(one: ObjectProgress) -> Markup:
    share = Share(one.done, "", "ok" if one.over else "run")
    return joined([tag("div", tag("b", one.name), f" {words(one)}"), strip([share], one.total)])


def _rest(state: Progress) -> Markup | None:
    more = len(state.objects) - SHOWN
    return tag("div", f"and {more} more", class_="pk-dim") if more > 0 else None


def words(one: ObjectProgress) -> str:
    """How far an object is, beside its name."""
    pulling = (
        f"pulling {', '.join(_pull(image, one.pulled.get(image)) for image in one.pulling)}" if one.pulling else ""
    )
    return " · ".join(part for part in (f"{one.done}/{one.total}", one.text, pulling) if part)


def _pull(image: str, progress: PullProgress | None) -> str:
    if progress is None:
        return image
    unit, word = (1e9, "GB") if progress.total >= 1e9 else (1e6, "MB")
    return f"{image} ({progress.current / unit:.1f} of {progress.total / unit:.1f} {word})"


def progress_rich(state: Progress) -> Any:
    """Progress as something that rich can print."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(width=20)
    table.add_column(ratio=1)
    for one in state.objects[:SHOWN]:
        mark = Text("✓ " if one.over else "· ", style="green" if one.over else "blue")
        bar = ProgressBar(total=max(one.total, 1), completed=min(one.done, one.total), width=20)
        table.add_row(mark + Text(one.name, style="bold"), bar, Text(words(one)))
    more = len(state.objects) - SHOWN
    tail = f"and {more} more; " if more > 0 else ""
    word = "waited" if state.over else "waiting"
    table.add_row(
        Text(f"  {tail}{word} for {state.goal}", style="dim"), Text(f"{state.seconds:.1f} s", style="dim"), Text("")
    )
    return table
