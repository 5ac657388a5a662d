"""Who has made whom, and what runs where, as data: workloads, their ReplicaSets or Jobs, their Pods, the nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from podkit.cluster.columns import job_status, node_status
from podkit.cluster.pod_columns import summarize
from podkit.cluster.pods import controller_uid
from podkit.cluster.replicas import replicas_of
from podkit.model.kinds import kind_of
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.showing import repr_html
from podkit.store.base import Store

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "ReplicationController", "ReplicaSet", "Job")
SHOWN = 12
"""How many Pods of one owner are told one by one."""


@frozen
class Thing:
    """An object in the picture.

    Attributes:
        id: its uid.
        kind: its kind.
        name: its name; of Pods that are not told one by one, how many they are.
        status: in a word, how it is.
    """

    id: str
    kind: str
    name: str
    status: str


@frozen
class Topology:
    """Who has made whom. Printed, it is a tree; a notebook shows it as a picture.

    Attributes:
        columns: from the outermost owners to the nodes.
        links: pairs of ids: what has made what, and on which node a Pod is.

    Example:
        ::

            print(cluster.topology("deployment/web"))
    """

    columns: Sequence[Sequence[Thing]]
    links: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        linked = {end for _, end in self.links}
        nodes = {thing.id for column in self.columns for thing in column if thing.kind == "Node"}
        roots = [thing for column in self.columns for thing in column if thing.id not in linked | nodes]
        return "\n".join(line for root in roots for line in self._tree(root, ""))

    def _tree(self, thing: Thing, indent: str) -> Iterator[str]:
        below = [self._things[end] for begin, end in self.links if begin == thing.id]
        on = "".join(f" on {one.name}" for one in below if one.kind == "Node")
        yield f"{indent}{thing.kind} {thing.name}: {thing.status}{on}"
        for one in below:
            if one.kind != "Node":
                yield from self._tree(one, indent + "  ")

    @property
    def _things(self) -> dict[str, Thing]:
        return {thing.id: thing for column in self.columns for thing in column}

    def _repr_html_(self) -> Any:
        """The picture in a notebook."""
        return repr_html(self)


def topology_of(store: Store, namespace: str | None = None, only: Any = None) -> Topology:
    """Who has made whom.

    Args:
        store: where the objects are.
        namespace: only what is there. Default: everything.
        only: only this object, and what it has made. Default: everything.
    """
    owners = [one for kind in WORKLOADS for one in store.list(kind, namespace=namespace)]
    return arrange(owners, store.list(Pod, namespace=namespace), store.list(Node), only)


def arrange(owners: Sequence[Any], pods: Sequence[Pod], nodes: Sequence[Node], only: Any = None) -> Topology:
    """The picture of objects; see `topology_of`."""
    owners, pods = _made_by(only, owners, pods) if only is not None else (owners, pods)
    busy = {controller_uid(pod) for pod in pods}
    owners = [one for one in owners if one.kind != "ReplicaSet" or one.metadata.uid in busy or one.spec.replicas]
    known = {one.metadata.uid for one in owners}
    outer = [one for one in owners if controller_uid(one) not in known]
    inner = _in_order([one for one in owners if controller_uid(one) in known], outer)
    nested = [one for top in outer for one in (top, *_owned_by(top, inner))]
    shown, more, links = _pods(_in_order(pods, nested), known)
    links += [(controller_uid(one) or "", one.metadata.uid or "") for one in inner]
    names = {node.metadata.name: node.metadata.uid or "" for node in nodes}
    links += [(pod.metadata.uid or "", names[pod.spec.node_name]) for pod in shown if pod.spec.node_name in names]
    used = {end for _, end in links}
    on = [_thing(node) for node in nodes if only is None or node.metadata.uid in used]
    columns = [[_thing(one) for one in outer], [_thing(one) for one in inner], [*map(_thing, shown), *more], on]
    return Topology([column for column in columns if column], links)


def _made_by(only: Any, owners: Sequence[Any], pods: Sequence[Pod]) -> tuple[list[Any], list[Pod]]:
    """An object and what it has made, directly or not."""
    uids = {only.metadata.uid}
    uids |= {one.metadata.uid for one in owners if controller_uid(one) in uids}
    kept = [one for one in owners if one.metadata.uid in uids]
    return kept, [pod for pod in pods if pod.metadata.uid in uids or controller_uid(pod) in uids]


def _owned_by(owner: Any, things: Sequence[Any]) -> list[Any]:
    return [one for one in things if controller_uid(one) == owner.metadata.uid]


def _in_order(things: Sequence[Any], owners: Sequence[Any]) -> list[Any]:
    """Things in the order of their owners, those without one last."""
    place = {owner.metadata.uid: number for number, owner in enumerate(owners)}
    return sorted(things, key=lambda one: place.get(controller_uid(one), len(place)))


def _pods(pods: Sequence[Pod], known: set[str | None]) -> tuple[list[Pod], list[Thing], list[tuple[str, str]]]:
    """The Pods that are told one by one, what stands for the others, and the links from their owners."""
    shown, more, links = [], [], []
    by_owner: dict[str | None, list[Pod]] = {}
    for pod in pods:
        by_owner.setdefault(controller_uid(pod), []).append(pod)
    for owner, members in by_owner.items():
        shown += members[:SHOWN]
        ids = [pod.metadata.uid or "" for pod in members[:SHOWN]]
        if (rest := len(members) - SHOWN) > 0:
            ids.append(f"{owner}/more")
            more.append(Thing(ids[-1], "Pod", f"and {rest} more", ""))
        links += [(owner, one) for one in ids if owner is not None and owner in known]
    return shown, more, links


def _thing(obj: Any) -> Thing:
    meta = obj.metadata
    return Thing(meta.uid or "", kind_of(obj).name, meta.name or "", _status(obj))


def _status(obj: Any) -> str:
    if isinstance(obj, Pod):
        return summarize(obj).status
    if isinstance(obj, Node):
        return node_status(obj)
    if obj.kind == "Job":
        return job_status(obj)
    if obj.kind == "CronJob":
        return obj.spec.schedule or ""
    replicas = replicas_of(obj)
    return f"{replicas.ready}/{replicas.wanted} ready" if replicas is not None else ""
