"""What a Deployment notes on its ReplicaSets: which revision they are, and for how many replicas they were scaled.

Source of the rules: ``pkg/controller/deployment/util/deployment_util.go`` (SetNewReplicaSetAnnotations, SetReplicasAnnotations,
skipCopyAnnotation).
"""

from __future__ import annotations

from podkit.model.deployment import Deployment
from podkit.model.meta import KubernetesObject
from podkit.model.replicaset import ReplicaSet

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"

_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
    }
)
_LONGEST_HISTORY = 2000
"""Characters of the revision history (``maxRevHistoryLengthInChars``)."""


def number_in(obj: KubernetesObject, annotation: str) -> int | None:
    """The number in an annotation; None when there is none."""
    text = obj.metadata.annotations.get(annotation, "")
    return int(text) if text.isascii() and text.isdecimal() else None


def revision_of(obj: KubernetesObject) -> int:
    """The revision of a ReplicaSet or Deployment; 0 when it has none."""
    return number_in(obj, REVISION) or 0


def note_new(deployment: Deployment, new: ReplicaSet, revision: int) -> None:
    """Note on the new ReplicaSet what the Deployment says, and its revision, which never goes back."""
    notes = new.metadata.annotations
    for name, text in deployment.metadata.annotations.items():
        if name not in _NOT_COPIED:
            notes[name] = text
    before = notes.get(REVISION)
    if before and number_in(new, REVISION) is None:
        return  # somebody else's; it is not for us to say what it means
    if (number_in(new, REVISION) or 0) >= revision:
        return
    notes[REVISION] = str(revision)
    if before is not None:
        history = _with_former(notes.get(REVISION_HISTORY, ""), before)
        if history is not None:
            notes[REVISION_HISTORY] = history


def _with_former(history: str, revision: str) -> str | None:
    """The history with one more former revision, the oldest dropped if need be; None when there is no place for it."""
    former = [*filter(None, history.split(",")), revision]
    while former and len(",".join(former)) > _LONGEST_HISTORY:
        del former[0]
    return ",".join(former) or None


def note_scale(one: ReplicaSet, desired: int, limit: int) -> None:
    """Note for how many replicas of the Deployment, and at the most, a ReplicaSet was scaled."""
    one.metadata.annotations[DESIRED_REPLICAS] = str(desired)
    one.metadata.annotations[MAX_REPLICAS] = str(limit)
