"""The verbs of `podkit.Cluster` that are about nodes: whether new Pods come, and letting those go that are there."""

from __future__ import annotations

import builtins
import contextlib

from podkit.cluster.drain import DrainOptions, plan_drain
from podkit.cluster.pauses import Steps, waits
from podkit.cluster.target import Reference, refer
from podkit.cluster.until import DeletedGoal
from podkit.cluster.verb_group import VerbGroup
from podkit.errors import NotFound, PodkitError
from podkit.model.daemonset import DaemonSet
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.selector import Labels


class NodeVerbs(VerbGroup):
    """What a cluster does with nodes."""

    def cordon(self, node: Node | type[Node] | str, name: str | None = None) -> Node:
        """Let no new Pods come to a node; those that are there stay. Return the node as it is then.

        Args:
            node: the node, its name, ``"node/name"``, or with ``name`` its kind.
            name: see ``node``.

        Raises:
            NotFound: there is no such node.

        Example:
            ::

                cluster.cordon("node-1")                              # takes no new Pods
                print(cluster.get(Node, "node-1").spec.unschedulable)
        """
        return self._set_unschedulable(_node(node, name), unschedulable=True)

    def uncordon(self, node: Node | type[Node] | str, name: str | None = None) -> Node:
        """Let Pods come to a node again; see `cordon`.

        Example:
            ::

                cluster.uncordon("node-1")
        """
        return self._set_unschedulable(_node(node, name), unschedulable=None)

    @waits
    def drain(
        self,
        node: Node | type[Node] | str,
        name: str | None = None,
        *,
        grace_period: int | None = None,
        timeout: float | None = None,
        ignore_daemonsets: bool = False,
        delete_emptydir_data: bool = False,
        force: bool = False,
        labels: Labels | None = None,
    ) -> Steps[builtins.list[Pod]]:
        """Cordon a node, evict its Pods, and wait until they are gone; return them as they were.

        Pods that have ended are removed. The Pods of DaemonSets and static Pods stay.

        Args:
            node: the node, its name, ``"node/name"``, or with ``name`` its kind.
            name: see ``node``.
            grace_period: seconds that Pods have to end. Default: each its own.
            timeout: seconds to wait at the most. Default: no limit.
            ignore_daemonsets: whether it is all right that the Pods of DaemonSets stay.
            delete_emptydir_data: whether the data in ``emptyDir`` volumes may be lost.
            force: whether Pods may be lost that no controller replaces.
            labels: only the Pods that this label selector selects.

        Raises:
            NotFound: there is no such node.
            PodkitError: some Pods may not be sent away; then none is. The node is cordoned all the same.
            WaitTimeout: some Pods are still there.

        Example:
            ::

                cluster.drain("node-1", ignore_daemonsets=True, force=True, timeout=60)
        """
        there = _node(node, name)
        self.cordon(f"node/{there.name}")
        pods = self._store.list(Pod, labels=labels, fields=f"spec.nodeName={there.name}")
        daemon_sets = {found.metadata.uid or "" for found in self._store.list(DaemonSet)}
        plan = plan_drain(pods, daemon_sets, DrainOptions(ignore_daemonsets, delete_emptydir_data, force))
        if plan.refusals:
            raise PodkitError(plan.complaint(there.name))
        for pod in plan.leaving:
            with contextlib.suppress(NotFound):
                meta = pod.metadata
                self._store.evict(
                    meta.name or "", namespace=meta.namespace or "", grace_period=grace_period, uid=meta.uid
                )
        if plan.leaving:
            yield from self._waiter.steps([refer(pod) for pod in plan.leaving], DeletedGoal(), timeout)
        return builtins.list(plan.leaving)

    def _set_unschedulable(self, node: Reference, *, unschedulable: bool | None) -> Node:
        patched: Node = self._store.patch(Node, node.name, {"spec": {"unschedulable": unschedulable}})
        return patched


def _node(node: Node | type[Node] | str, name: str | None) -> Reference:
    """The node that is meant.

    Raises:
        PodkitError: it is not a node.
    """
    target = f"node/{name}" if name is not None else node
    if isinstance(target, type):
        raise PodkitError("which node? Pass its name as well")
    found = refer(f"node/{target}" if isinstance(target, str) and "/" not in target else target)
    if found.kind.cls is not Node:
        raise PodkitError(f"{found} is no node")
    return found
