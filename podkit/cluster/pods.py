"""Which Pods an object stands for: a Pod for itself, a controller's object for those that it owns, directly or not."""

from __future__ import annotations

from collections.abc import Iterable

from podkit.admission.mirror_pods import uid_on_node
from podkit.cluster.target import Reference
from podkit.errors import NotFound, PodkitError
from podkit.model.event import Event
from podkit.model.job import Job
from podkit.model.meta import KubernetesObject
from podkit.model.owners import controller_of
from podkit.model.pod import Pod
from podkit.model.replicaset import ReplicaSet
from podkit.store.base import Store, event_time

_BETWEEN: dict[str, type[ReplicaSet] | type[Job]] = {"Deployment": ReplicaSet, "CronJob": Job}
"""The kinds whose Pods are owned by objects that they own."""

OWNERS = frozenset({"ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})
"""The kinds that own Pods."""


def controller_uid(obj: KubernetesObject) -> str | None:
    """The uid of the object that controls this one; None when nothing does."""
    owner = controller_of(obj)
    return owner.uid if owner is not None else None


def pods_of(store: Store, obj: KubernetesObject) -> list[Pod]:
    """The Pods of a stored object, the oldest first; a Pod's is itself."""
    if isinstance(obj, Pod):
        return [obj]
    if obj.kind not in OWNERS:
        return []
    namespace = obj.metadata.namespace
    uids = {obj.metadata.uid}
    if (between := _BETWEEN.get(obj.kind)) is not None:
        uids = {one.metadata.uid for one in store.list(between, namespace=namespace) if controller_uid(one) in uids}
    found = [pod for pod in store.list(Pod, namespace=namespace) if controller_uid(pod) in uids]
    return sorted(
        found, key=lambda pod: (str(pod.metadata.creation_timestamp), int(pod.metadata.resource_version or 0))
    )


def writers_of(store: Store, obj: KubernetesObject) -> list[Pod]:
    """The Pods whose logs are those of an object.

    Raises:
        PodkitError: objects of its kind have none.
    """
    if not isinstance(obj, Pod) and obj.kind not in OWNERS:
        raise PodkitError(
            f"{obj.kind} {obj.metadata.name} has no log: only Pods write, and {', '.join(sorted(OWNERS))} have Pods"
        )
    return pods_of(store, obj)


def events_of(store: Store, about: Reference) -> list[Event]:
    """The events about an object, the latest last."""
    fields = f"involvedObject.kind={about.kind.name},involvedObject.name={about.name}"
    if about.uid:
        fields += f",involvedObject.uid={_uid_in_events(store, about)}"
    return by_time(store.list(Event, namespace=about.namespace or "default", fields=fields))


def _uid_in_events(store: Store, about: Reference) -> str | None:
    """The uid that the events about an object name; about a static Pod its kubelet reports, which knows no mirror Pod."""
    if about.kind.cls is not Pod:
        return about.uid
    try:
        pod = store.get(Pod, about.name, namespace=about.namespace or "default")
    except NotFound:
        return about.uid
    return uid_on_node(pod) if pod.metadata.uid == about.uid else about.uid


def by_time(events: Iterable[Event]) -> list[Event]:
    """Events in the order in which they happened last."""
    return sorted(events, key=lambda event: (event_time(event), int(event.metadata.resource_version or 0)))


def is_controlled(store: Store, pod: Pod, owner: KubernetesObject) -> bool:
    """Whether an object controls a Pod, directly or by an object between them."""
    controller = controller_of(pod)
    if controller is None:
        return False
    if controller.uid == owner.metadata.uid:
        return True
    between = _BETWEEN.get(owner.kind)
    if between is None:
        return False
    try:
        parent = store.get(between, controller.name, namespace=pod.metadata.namespace or "default")
    except NotFound:
        return False
    return parent.metadata.uid == controller.uid and controller_uid(parent) == owner.metadata.uid
