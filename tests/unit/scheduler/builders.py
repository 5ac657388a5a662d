"""Nodes and Pods for tests of the scheduler."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from podkit.model.container import Container, ContainerPort
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.node import Node, NodeSpec, NodeStatus, Taint
from podkit.model.pod import Pod, PodSpec
from podkit.model.resources import ResourceRequirements
from podkit.model.scheduling import Affinity, PodAffinity, PodAffinityTerm, PodAntiAffinity
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.placement import Placement, place
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

_numbers = itertools.count()


def node(
    name: str = "n1",
    *,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "100",
    taints: Sequence[Taint] = (),
    unschedulable: bool | None = None,
    **labels: str,
) -> Node:
    """A node; keywords that are nothing else are its labels."""
    return Node(
        metadata=ObjectMeta(name=name, labels={"kubernetes.io/hostname": name, **labels}),
        spec=NodeSpec(taints=list(taints), unschedulable=unschedulable),
        status=NodeStatus(allocatable={"cpu": cpu, "memory": memory, "pods": pods}),
    )


def pod(
    name: str = "pod",
    *,
    labels: dict[str, str] | None = None,
    requests: dict[str, str] | None = None,
    ports: Sequence[ContainerPort] = (),
    **spec: Any,
) -> Pod:
    """A Pod with one container; further keywords are fields of its spec."""
    container = Container("main", image="i", ports=list(ports), resources=ResourceRequirements(requests=requests or {}))
    meta = ObjectMeta(name=name, namespace="default", uid=f"{name}-{next(_numbers)}", labels=labels or {})
    return Pod(metadata=meta, spec=PodSpec(containers=[container], **spec))


def cluster(*nodes: Node, **on: Sequence[Pod]) -> Snapshot:
    """A cluster; keywords say which Pods are on which node."""
    infos = [NodeInfo(found) for found in nodes]
    for info in infos:
        for there in on.get(info.name, ()):
            info.add(PodInfo.of(there))
    return Snapshot(infos, {"default": {"team": "blue"}, "other": {"team": "red"}})


def placed(new: Pod, there: Snapshot) -> Placement:
    return place(PodInfo.of(new), there)


def term(key: str = "zone", **labels: str) -> PodAffinityTerm:
    return PodAffinityTerm(topology_key=key, label_selector=LabelSelector(match_labels=labels))


def near(*terms: PodAffinityTerm) -> Affinity:
    return Affinity(pod_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=list(terms)))


def away(*terms: PodAffinityTerm) -> Affinity:
    return Affinity(pod_anti_affinity=PodAntiAffinity(required_during_scheduling_ignored_during_execution=list(terms)))
