"""A rollout as a picture: how far it is, and the revisions that are remembered."""

from __future__ import annotations

from podkit.cluster.revisions import Revision
from podkit.cluster.rollout import Rollout
from podkit.display.bars import Share, legend, strip
from podkit.display.markup import Markup, joined, tag
from podkit.display.tables import table
from podkit.display.tones import condition_pill, pill


def rollout_picture(rollout: Rollout) -> Markup:
    """The message of ``kubectl rollout status``, the old and the new Pods as a bar, and the history."""
    obj, status = rollout.current(), rollout.status()
    word, tone = ("complete", "ok") if status.done else ("failed", "bad") if status.failed else ("rolling", "run")
    if getattr(obj.spec, "paused", False):
        word, tone = "paused", "wait"
    head = tag(
        "div",
        tag("span", f"Rollout of {obj.kind}", class_="pk-kind"),
        tag("span", obj.metadata.name, class_="pk-name"),
        pill(word, tone),
        class_="pk-head",
    )
    found, wanted = rollout_shares(obj)
    pills = [condition_pill(condition) for condition in obj.status.conditions]
    history = [_line(revision) for revision in reversed(rollout.history())]
    body = joined(
        [
            tag("div", status.message),
            strip(found, wanted),
            legend(found, wanted),
            tag("div", *pills) if pills else None,
            tag("div", "Revisions", class_="pk-title"),
            table(("Revision", "Image", "Change cause", "Kept by"), history),
        ]
    )
    return tag("div", head, tag("div", body, class_="pk-body"), class_="pk-card")


def rollout_shares(obj: object) -> tuple[list[Share], int]:
    """New Pods that are available, new ones that are not yet, and old ones."""
    status, spec = getattr(obj, "status", None), getattr(obj, "spec", None)
    if getattr(obj, "kind", "") == "DaemonSet":
        wanted = getattr(status, "desired_number_scheduled", None) or 0
        total = getattr(status, "current_number_scheduled", None) or 0
        updated = getattr(status, "updated_number_scheduled", None) or 0
        available = getattr(status, "number_available", None) or 0
    else:
        replicas = getattr(spec, "replicas", None)
        wanted = 1 if replicas is None else replicas
        total = getattr(status, "replicas", None) or 0
        updated = getattr(status, "updated_replicas", None) or 0
        available = getattr(status, "available_replicas", None) or 0
    old = max(0, total - updated)
    new_available = max(0, min(updated, available - old))
    found = [
        Share(new_available, "new, available", "ok"),
        Share(updated - new_available, "new, not available", "wait"),
        Share(old, "old", "done"),
    ]
    return found, wanted


def _line(revision: Revision) -> list[str]:
    images = ", ".join(container.image or "" for container in revision.template.spec.containers)
    return [str(revision.revision), images, revision.change_cause or "", revision.name]
