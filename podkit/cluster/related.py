"""What belongs to an object: its Pods, and what else its description tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from podkit.cluster.pods import controller_uid, pods_of
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.deployment import Deployment
from podkit.model.meta import LabelSelector
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.replicaset import ReplicaSet
from podkit.model.selector import Selector
from podkit.model.service import Service
from podkit.store.base import Store


@frozen
class Related:
    """What belongs to an object.

    Attributes:
        pods: its Pods: those that it has made, that run on it, that it selects, or that use it.
        sets: the ReplicaSets of a Deployment.
    """

    pods: Sequence[Pod] = ()
    sets: Sequence[ReplicaSet] = ()


def related(store: Store, obj: Any) -> Related:
    """What belongs to a stored object."""
    meta = obj.metadata
    if isinstance(obj, Node):
        return Related(store.list(Pod, fields=f"spec.nodeName={meta.name}"))
    if isinstance(obj, Service):
        labels = str(Selector.of(LabelSelector(match_labels=obj.spec.selector)))
        return Related(store.list(Pod, namespace=meta.namespace, labels=labels) if obj.spec.selector else ())
    if isinstance(obj, PersistentVolumeClaim):
        pods = store.list(Pod, namespace=meta.namespace)
        return Related([pod for pod in pods if meta.name in _claims(pod)])
    if isinstance(obj, Deployment):
        sets = store.list(ReplicaSet, namespace=meta.namespace)
        return Related(pods_of(store, obj), [one for one in sets if controller_uid(one) == meta.uid])
    return Related(pods_of(store, obj))


def _claims(pod: Pod) -> set[str]:
    """The names of the claims that a Pod uses."""
    sources = (volume.persistent_volume_claim for volume in pod.spec.volumes)
    return {source.claim_name for source in sources if source is not None}
