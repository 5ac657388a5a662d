"""The revisions of an object that rolls: a Deployment's are its ReplicaSets, others' their ControllerRevisions.

Source of the rules: kubectl, ``pkg/polymorphichelpers/history.go``.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.cluster.pods import controller_uid
from podkit.codec import from_dict, to_dict
from podkit.model.copying import clone
from podkit.model.pod import PodTemplateSpec
from podkit.model.replicaset import ReplicaSet
from podkit.model.statefulset import ControllerRevision
from podkit.store.base import Store
from podkit.store.patch import strategic_merge

CHANGE_CAUSE = "kubernetes.io/change-cause"
_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


@frozen
class Revision:
    """A template that an object has had.

    Attributes:
        revision: its number; the higher the later.
        template: the template.
        change_cause: what the annotation ``kubernetes.io/change-cause`` said then; None: nothing.
        name: the ReplicaSet or ControllerRevision that remembers it.

    Example:
        ::

            for revision in cluster.rollout("deploy/web").history():
                print(revision.revision, revision.template.spec.containers[0].image)
    """

    revision: int
    template: PodTemplateSpec
    change_cause: str | None
    name: str


def revisions_of(store: Store, obj: Any) -> list[Revision]:
    """The revisions of a Deployment, DaemonSet or StatefulSet that are remembered, the present one last."""
    cls: Any = ReplicaSet if obj.kind == "Deployment" else ControllerRevision
    read = _of_replica_set if cls is ReplicaSet else _of_controller_revision
    mine = [one for one in store.list(cls, namespace=obj.metadata.namespace) if controller_uid(one) == obj.metadata.uid]
    found = [revision for one in mine if (revision := read(obj, one)) is not None]
    return sorted(found, key=lambda revision: revision.revision)


def _of_replica_set(_: Any, one: ReplicaSet) -> Revision | None:
    text = one.metadata.annotations.get(_REVISION, "")
    if not text.isdecimal():
        return None
    template = clone(one.spec.template)
    template.metadata.labels.pop(_HASH, None)
    return Revision(int(text), template, one.metadata.annotations.get(CHANGE_CAUSE), one.metadata.name or "")


def _of_controller_revision(obj: Any, one: ControllerRevision) -> Revision:
    document = strategic_merge(to_dict(obj), one.data, type(obj))
    template = from_dict(document, type(obj)).spec.template
    return Revision(one.revision, template, one.metadata.annotations.get(CHANGE_CAUSE), one.metadata.name or "")
