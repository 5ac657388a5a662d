"""On which nodes the Pods of a DaemonSet belong, and how a Pod is tied to its node.

A Pod is made for one node, and an affinity by the name of that node says so; the scheduler then binds it as any other. So it waits
there until the node has room for it. It tolerates what nodes have that are new, ailing or cordoned: it serves the node itself.

Source of the rules: ``pkg/controller/daemon/daemon_controller.go`` (NodeShouldRunDaemonPod, NewPod),
``util/daemonset_util.go`` (AddOrUpdateDaemonPodTolerations, ReplaceDaemonSetPodNodeNameNodeAffinity, GetTargetNodeName).
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from podkit.controllers.pod_template import pod_of_template
from podkit.controllers.revisions import HASH
from podkit.model.copying import clone
from podkit.model.daemonset import TEMPLATE_GENERATION, DaemonSet
from podkit.model.node import Node
from podkit.model.node_selection import NAME, is_wanted, named_nodes
from podkit.model.pod import Pod, PodSpec
from podkit.model.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    TaintEffect,
    Toleration,
)
from podkit.model.toleration import tolerates

_TOLERATED: tuple[tuple[str, TaintEffect], ...] = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
GENERATION = "pod-template-generation"
"""The label with the number of the template of which a Pod was made."""
_OF_HOST_NETWORK: tuple[str, TaintEffect] = ("network-unavailable", "NoSchedule")


@frozen
class Fit:
    """Whether a node and a DaemonSet go together.

    Attributes:
        runs: the node is to have a Pod.
        stays: a Pod that is there already may stay.
    """

    runs: bool
    stays: bool


UNFIT = Fit(runs=False, stays=False)


def daemon_spec(owner: DaemonSet) -> PodSpec:
    """What the Pods of a DaemonSet are like, with all that they tolerate, and not yet tied to a node."""
    spec = clone(owner.spec.template.spec)
    wanted = [*_TOLERATED, *([_OF_HOST_NETWORK] if spec.host_network else [])]
    for name, effect in wanted:
        _tolerate(spec, Toleration(key=f"node.kubernetes.io/{name}", operator="Exists", effect=effect))
    return spec


def fit(spec: PodSpec, node: Node) -> Fit:
    """Whether a node is to have a Pod, and whether one that is there may stay.

    Args:
        spec: what the Pods are like; see `daemon_spec`.
        node: the node.
    """
    name = node.metadata.name or ""
    if spec.node_name and spec.node_name != name:
        return UNFIT
    if not is_wanted(spec, name, node.metadata.labels):
        return UNFIT
    repelling = [
        taint.effect
        for taint in node.spec.taints
        if taint.effect != "PreferNoSchedule" and not tolerates(spec.tolerations, taint)
    ]
    return Fit(runs=not repelling, stays="NoExecute" not in repelling)


def node_of(pod: Pod) -> str:
    """The node that a Pod is on, or was made for; empty when it cannot be told."""
    if pod.spec.node_name:
        return pod.spec.node_name
    names = named_nodes(pod.spec) or ()
    return next(iter(names)) if len(names) == 1 else ""


def new_pod(owner: DaemonSet, spec: PodSpec, revision: str, node: str) -> Pod:
    """A Pod for a node, to be created.

    Args:
        owner: the DaemonSet.
        spec: what its Pods are like; see `daemon_spec`.
        revision: the hash of the present revision.
        node: the name of the node.
    """
    pod = pod_of_template(owner, owner.spec.template)
    pod.spec = clone(spec)
    pod.spec.affinity = pod.spec.affinity or Affinity()
    pod.spec.affinity.node_affinity = pod.spec.affinity.node_affinity or NodeAffinity()
    only = NodeSelectorTerm(match_fields=[NodeSelectorRequirement(key=NAME, operator="In", values=[node])])
    pod.spec.affinity.node_affinity.required_during_scheduling_ignored_during_execution = NodeSelector([only])
    pod.metadata.labels[HASH] = revision
    if number := owner.metadata.annotations.get(TEMPLATE_GENERATION):
        pod.metadata.labels[GENERATION] = number
    return pod


def _tolerate(spec: PodSpec, toleration: Toleration) -> None:
    others: Sequence[Toleration] = [one for one in spec.tolerations if not _is_alike(one, toleration)]
    spec.tolerations = [*others, toleration]


def _is_alike(one: Toleration, other: Toleration) -> bool:
    return (one.key, one.effect, one.operator or "Equal", one.value or "") == (
        other.key,
        other.effect,
        other.operator,
        other.value or "",
    )
