"""What a word about a state means to people: all is well, it is on its way, it waits, it is bad, it is over."""

from __future__ import annotations

from podkit.display.markup import Markup, tag

_WELL = {"Running", "Ready", "Active", "Bound", "Available", "True"}
_OVER = {"Completed", "Complete", "Succeeded", "Normal", "Suspended"}
_BAD = (
    "Error", "Err", "BackOff", "Fail", "OOM", "Evict", "Invalid", "Lost", "Exceeded", "ExitCode", "Signal", "Unexpected",
    "Unknown", "CannotRun", "DeadlineExceeded", "Warning", "Killed",
)  # fmt: skip


def tone_of(word: str) -> str:
    """The tone of a state: ``ok``, ``wait``, ``bad`` or ``done``."""
    if word in _WELL:
        return "ok"
    if word in _OVER:
        return "done"
    return "bad" if any(part in word for part in _BAD) else "wait"


def pill(text: str, tone: str | None = None, *, title: str | None = None) -> Markup:
    """A word with a coloured ground.

    Args:
        text: the word.
        tone: its tone. Default: what the word means.
        title: what is shown under the pointer.
    """
    return tag("span", text, class_=f"pk-pill pk-{tone or tone_of(text)}", title=title or None)


def condition_pill(condition: object, *, good_when: str = "True") -> Markup:
    """A condition: its type in a tone for its status, with reason and message under the pointer."""
    kind, status = getattr(condition, "type", ""), getattr(condition, "status", "")
    why = ": ".join(part for part in (getattr(condition, "reason", None), getattr(condition, "message", None)) if part)
    tone = "ok" if status == good_when else "wait"
    if kind in _BAD_CONDITIONS:
        tone = "bad" if status == "True" else "done"
    mark = {"True": "✓", "False": "✗"}.get(status, "?")
    return pill(f"{mark} {kind}", tone, title=f"{kind}={status}" + (f" — {why}" if why else ""))


_BAD_CONDITIONS = {
    "Failed", "FailureTarget", "ReplicaFailure", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable",
    "DisruptionTarget",
}  # fmt: skip
"""Conditions that it is good not to have."""
