"""A rollout as a picture: how far it is, and the revisions that are remembered."""

from __future__ import annotations

from podkit.cluster.replicas import Replicas, replicas_of
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
    replicas = replicas_of(obj)
    assert replicas is not None, "what rolls has Pods"
    shares = rollout_shares(replicas)
    pills = [condition_pill(condition) for condition in obj.status.conditions]
    history = [_line(revision) for revision in reversed(rollout.history())]
    body = joined(
        [
            tag("div", status.message),
            strip(shares, replicas.wanted),
            legend(shares, replicas.wanted),
            tag("div", *pills) if pills else None,
            tag("div", "Revisions", class_="pk-title"),
            table(("Revision", "Image", "Change cause", "Kept by"), history),
        ]
    )
    return tag("div", head, tag("div", body, class_="pk-body"), class_="pk-card")


def rollout_shares(replicas: Replicas) -> list[Share]:
    """New Pods that are available, new ones that are not yet, and old ones."""
    old = max(0, replicas.present - replicas.updated)
    new_available = max(0, min(replicas.updated, replicas.available - old))
    return [
        Share(new_available, "new, available", "ok"),
        Share(replicas.updated - new_available, "new, not available", "wait"),
        Share(old, "old", "done"),
    ]


def _line(revision: Revision) -> list[str]:
    images = ", ".join(container.image or "" for container in revision.template.spec.containers)
    return [str(revision.revision), images, revision.change_cause or "", revision.name]
