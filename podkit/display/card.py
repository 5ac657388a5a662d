"""Objects as cards: what one asks first at the top, then the details of `podkit.cluster.describe`, then the last events.

A Pod has a card of its own (`podkit.display.pod_card`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from podkit.cluster.columns import job_status, node_status, since
from podkit.cluster.describe import identity_rows, object_rows
from podkit.cluster.pod_columns import summarize
from podkit.cluster.related import Related
from podkit.cluster.rows import Row
from podkit.cluster.until import conditions
from podkit.display.bars import bar
from podkit.display.markup import Markup, joined, tag
from podkit.display.pod_card import pod_body, pod_facts
from podkit.display.tables import definitions, table
from podkit.display.tones import condition_pill, pill
from podkit.model.event import Event
from podkit.model.pod import Pod
from podkit.store.base import event_time

EVENTS = 10
_SAID = {"Name", "Namespace", "CreationTimestamp"}
"""What the head of a card says already."""


def card(
    obj: Any, events: Sequence[Event] | None = None, now: datetime | None = None, related: Related | None = None
) -> Markup:
    """The card of an object.

    Args:
        obj: the object.
        events: what has been reported about it, the latest last. Default: nobody has looked.
        now: the time, for ages. Default: times are shown as they are.
        related: its Pods, and what else it is described with. Default: nobody has looked.
    """
    body = pod_body(obj, now) if isinstance(obj, Pod) else _body(obj, related)
    told = None if events is None else _events(events, now)
    return tag("div", _head(obj, now), tag("div", body, told, class_="pk-body"), class_="pk-card")


def _head(obj: Any, now: datetime | None) -> Markup:
    meta = obj.metadata
    namespace = f"{meta.namespace}/" if meta.namespace and meta.namespace != "default" else ""
    status = status_of(obj)
    created = meta.creation_timestamp
    age = "" if created is None else f"created {created:%H:%M:%S}" if now is None else f"age {since(created, now)}"
    facts = [*(pod_facts(obj) if isinstance(obj, Pod) else ()), age]
    return tag(
        "div",
        tag("span", obj.kind, class_="pk-kind"),
        tag("span", namespace, meta.name or meta.generate_name or "(no name)", class_="pk-name"),
        pill(status) if status else None,
        tag("span", " · ".join(fact for fact in facts if fact), class_="pk-facts"),
        class_="pk-head",
    )


def status_of(obj: Any) -> str:
    """In a word, how an object is; empty where there is none for it."""
    if isinstance(obj, Pod):
        return summarize(obj).status
    if obj.kind == "Job":
        return job_status(obj)
    if obj.kind == "Node":
        return node_status(obj)
    return getattr(getattr(obj, "status", None), "phase", None) or ""


def _body(obj: Any, related: Related | None) -> Markup:
    shown = [
        row
        for row in [*identity_rows(obj.metadata), *object_rows(obj, related)]
        if isinstance(row, Row) and row.name not in _SAID
    ]
    pills = [condition_pill(condition) for condition in conditions(obj)]
    return joined([bar(obj), tag("div", *pills) if pills else None, definitions([row for row in shown if _says(row)])])


def _says(row: Row) -> bool:
    return bool(row.below) or row.value not in ("", "<none>", [])


def _events(events: Sequence[Event], now: datetime | None) -> Markup | None:
    if not events:
        return None
    lines = [
        (
            f"{event_time(one):%H:%M:%S}" if now is None else since(event_time(one), now),
            one.type or "",
            (one.reason or "") + (f" (x{one.count})" if (one.count or 1) > 1 else ""),
            one.message or "",
        )
        for one in events[-EVENTS:]
    ]
    left = f", the last {EVENTS} of {len(events)}" if len(events) > EVENTS else ""
    head = ("When" if now is None else "Age", "Type", "Reason", "Message")
    return joined([tag("div", f"Events{left}", class_="pk-title"), table(head, lines)])
