"""Which picture an object has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podkit.cluster.cluster import Cluster
from podkit.cluster.columns import tables
from podkit.cluster.description import Description
from podkit.cluster.object_list import ObjectList
from podkit.cluster.rollout import Rollout
from podkit.display.card import card
from podkit.display.clusters import cluster_picture
from podkit.display.markup import Markup, tag
from podkit.display.rollouts import rollout_picture
from podkit.display.style import style
from podkit.display.tables import listing
from podkit.errors import PodkitError
from podkit.model.kinds import KINDS


def html(obj: Any) -> str | None:
    """The picture of an object as a piece of HTML, which brings its style along.

    Args:
        obj: an object of any kind, or what a verb of a cluster has returned, or a cluster.

    Returns:
        The HTML; None for what has no picture.
    """
    try:
        found = _picture(obj)
    except PodkitError:  # it cannot be looked at any more: the cluster is closed, the object deleted
        return None
    return None if found is None else str(tag("div", style(), found, class_="podkit"))


def _picture(obj: Any) -> Markup | None:
    if type(obj) in KINDS:
        return card(obj)
    return next((paint(obj) for cls, paint in _PAINTERS if isinstance(obj, cls)), None)


def _list(objects: ObjectList[Any]) -> Markup | None:
    if objects.now is None or not all(type(obj) in KINDS for obj in objects):
        return None
    return listing(tables(objects, objects.now))


def _description(text: Description) -> Markup | None:
    return card(text.obj, text.events, text.now, text.related) if hasattr(text, "obj") else None


_PAINTERS: list[tuple[type, Callable[[Any], Markup | None]]] = [
    (ObjectList, _list),
    (Description, _description),
    (Rollout, rollout_picture),
    (Cluster, cluster_picture),
]
