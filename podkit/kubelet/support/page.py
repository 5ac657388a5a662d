"""The page ``docs/support.md``, written from the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from podkit.kubelet.support.containers import CONTAINERS
from podkit.kubelet.support.pods import PODS
from podkit.kubelet.support.scheduling import SCHEDULING
from podkit.kubelet.support.security import SECURITY
from podkit.kubelet.support.status import STATUS
from podkit.kubelet.support.verdict import Entry, Fields, Verdict
from podkit.kubelet.support.volumes import VOLUMES

HEAD = """\
<!-- Written by `python -m podkit.kubelet.support > docs/support.md`; a test sees that it is up to date. -->

# What becomes of each field of a Pod

No field of a Pod is ignored in silence. Each is one of these:

- *honoured*: it does what it does in Kubernetes;
- *accepted with a warning*: the Pod runs, and an Event of the type `Warning` says what does not happen here (reason
  `FieldNotHonoured`, or `LimitsNotEnforced`);
- *refused*: the Pod becomes `Failed`, with a reason (`UnsupportedField`, or the one that a kubelet has for it) and a message
  that names the field.

Some depend on what the container engine can. `podkit.support(pod, runtime)` says it for one Pod and one engine, before anything
runs.

A status is not read from a manifest: the kubelet writes it. The last section says what of it.
"""
_SECTIONS: Mapping[str, Mapping[type, Fields]] = {
    "The Pod": PODS,
    "Containers": CONTAINERS,
    "Security": SECURITY,
    "Volumes": VOLUMES,
    "Scheduling": SCHEDULING,
}
_WORDS = {Verdict.WARNED: "accepted with a warning", Verdict.REFUSED: "refused"}


def page() -> str:
    """The whole page, in Markdown."""
    parts = [part for title, classes in _SECTIONS.items() for part in _section(title, classes)]
    return "\n".join([HEAD, *parts, *_status()])


def _section(title: str, classes: Mapping[type, Fields]) -> Iterator[str]:
    yield f"## {title}\n"
    for cls, fields in classes.items():
        yield f"### {cls.__name__}\n"
        plain = [f"`{name}`" for name, entry in fields.items() if not entry.cases and not entry.remark]
        if plain:
            yield f"Honoured: {', '.join(plain)}.\n"
        rows = [row for name, entry in fields.items() for row in _rows(name, entry)]
        if rows:
            yield "\n".join(["| field | when it is | |", "|---|---|---|", *rows]) + "\n"


def _rows(name: str, entry: Entry) -> Iterator[str]:
    if entry.remark:
        yield f"| `{name}` | | {entry.remark} |"
    for case in entry.cases:
        message = f": {case.message}" if isinstance(case.message, str) else f" (`{case.reason}`)"
        yield f"| `{name}` | {case.when} | {_WORDS[case.verdict]}{message} |"


def _status() -> Iterator[str]:
    yield "## The status\n"
    for cls, fields in STATUS.items():
        yield f"### {cls.__name__}\n"
        written = [f"`{name}`" for name, why_not in fields.items() if not why_not]
        if written:
            yield f"Written: {', '.join(written)}.\n"
        missing = [f"`{name}` ({why_not})" for name, why_not in fields.items() if why_not]
        if missing:
            yield f"Not written: {', '.join(missing)}.\n"
