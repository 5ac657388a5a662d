"""Which picture an object has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podkit.cluster.cluster import Cluster
from podkit.cluster.columns import tables
from podkit.cluster.description import Description
from podkit.cluster.object_list import ObjectList
from podkit.cluster.rollout import Rollout
from podkit.cluster.timeline import Timeline
from podkit.cluster.topology import Topology
from podkit.cluster.usage import UsageList
from podkit.cluster.well_formed import mistakes
from podkit.display.card import card
from podkit.display.clusters import cluster_picture
from podkit.display.drawing import alone
from podkit.display.markup import Markup, tag
from podkit.display.rollouts import rollout_picture
from podkit.display.style import style
from podkit.display.tables import listing
from podkit.display.timelines import timeline_picture
from podkit.display.topologies import topology_picture
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
        return None if mistakes(obj) else card(obj)
    return next((paint(obj) for cls, paint in _PAINTERS if isinstance(obj, cls)), None)


def _list(objects: ObjectList[Any]) -> Markup | None:
    if objects.now is None or not all(type(obj) in KINDS for obj in objects):
        return None
    return listing(tables(objects, objects.now))


def _description(text: Description) -> Markup | None:
    return card(text.obj, text.events, text.now, text.related) if hasattr(text, "obj") else None


def svg(obj: Any) -> str:
    """A timeline or a topology as the text of an SVG file, which brings its colours along, light and dark.

    Raises:
        PodkitError: there is no drawing of this.

    Example:
        ``Path("web.svg").write_text(display.svg(cluster.topology()))``
    """
    paint = next((paint for cls, paint in _DRAWINGS if isinstance(obj, cls)), None)
    if paint is None:
        raise PodkitError(
            f"there is no drawing of a {type(obj).__name__}, only of what timeline() and topology() return"
        )
    return alone(paint(obj))


_DRAWINGS: list[tuple[type, Callable[[Any], Markup]]] = [(Timeline, timeline_picture), (Topology, topology_picture)]
_PAINTERS: list[tuple[type, Callable[[Any], Markup | None]]] = [
    (ObjectList, _list),
    (UsageList, lambda usages: listing([usages.table])),
    (Description, _description),
    (Rollout, rollout_picture),
    (Cluster, cluster_picture),
    *_DRAWINGS,
]
