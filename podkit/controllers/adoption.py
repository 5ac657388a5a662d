"""Finding who would adopt whom without asking everybody.

A controller may adopt objects that no controller owns and that its selector matches. Both sides are indexed by labels, in the form
``namespace/key=value``: an object under each of its labels, a controller under one label that its selector requires. A selector
that requires none is found under ``namespace/``, where all objects are too.
"""

from __future__ import annotations

from podkit.controllers.controller_ref import controller_of
from podkit.model.meta import KubernetesObject, LabelSelector


def orphan_keys(obj: KubernetesObject) -> list[str]:
    """What an object is to be found under as one to adopt; nothing when a controller owns it."""
    meta = obj.metadata
    if controller_of(obj) is not None or not meta.labels:
        return []
    return [f"{meta.namespace}/", *(f"{meta.namespace}/{key}={value}" for key, value in meta.labels.items())]


def adopter_key(namespace: str | None, selector: LabelSelector | None) -> str:
    """What the selector of a controller is to be found under, and what it can adopt."""
    required = next(iter(sorted(selector.match_labels.items())), None) if selector is not None else None
    return f"{namespace}/" if required is None else f"{namespace}/{required[0]}={required[1]}"
