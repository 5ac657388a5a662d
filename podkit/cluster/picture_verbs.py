"""The verbs of `podkit.Cluster` that look: what a Pod has come through, who has made whom, a table that stays up to date."""

from __future__ import annotations

from typing import Any, cast

from podkit.cluster.live_table import LiveTable
from podkit.cluster.pods import events_of
from podkit.cluster.target import Target, current, refer, verb
from podkit.cluster.timeline import Timeline, timeline_of
from podkit.cluster.topology import Topology, topology_of
from podkit.cluster.verb_group import VerbGroup
from podkit.errors import PodkitError
from podkit.model.kinds import kind_of
from podkit.model.pod import Pod
from podkit.model.selector import Labels


class PictureVerbs(VerbGroup):
    """What a cluster shows."""

    @verb
    def timeline(self, target: Target, *, namespace: str = "default") -> Timeline:
        """What a Pod has come through: pulls, runs, waits and restarts of its containers, and its events.

        Printed, it is a line for each thing that happened; a notebook shows it as a picture.

        Args:
            target: the Pod, ``"pod/name"``, or kind and name.
            namespace: where, unless the target is an object.

        Raises:
            NotFound: there is none.
            PodkitError: it is no Pod.

        Example:
            ::

                print(cluster.timeline("pod/web"))
        """
        found = refer(target, namespace)
        if found.kind.cls is not Pod:
            raise PodkitError(f"{found} is no Pod; ask for the timeline of one of its Pods")
        pod: Pod = current(self._store, found)
        return timeline_of(pod, events_of(self._store, refer(pod)), self._clock.now())

    def topology(
        self, target: Target | type[Any] | None = None, name: str | None = None, *, namespace: str | None = None
    ) -> Topology:
        """Who has made whom, and what runs where: workloads, their ReplicaSets or Jobs, their Pods, the nodes.

        Printed, it is a tree; a notebook shows it as a picture.

        Args:
            target: an object, ``"kind/name"``, or with ``name`` a kind: only that and what it has made. Default: everything.
            name: see ``target``.
            namespace: only what is there. Default: everything; for a target such as ``"deployment/web"``, ``default``.

        Raises:
            NotFound: there is no such object.

        Example:
            ::

                print(cluster.topology("deployment/web"))
        """
        if target is None:
            return topology_of(self._store, namespace)
        about = f"{kind_of(target).singular}/{name}" if name is not None else target
        only = current(self._store, cast(Target, about), namespace or "default")
        return topology_of(self._store, only.metadata.namespace, only)

    def live(self, kind: Any = Pod, namespace: str | None = None, labels: Labels | None = None) -> LiveTable:
        """A table of the objects of a kind that, where a notebook shows it, follows in place what becomes of them.

        Args:
            kind: the class, or the name in any usual form.
            namespace: only those of this one. Default: all.
            labels: a label selector.

        Returns:
            The table; as the last line of a cell it is shown. It follows until it, or the cluster, is closed.

        Example:
            ::

                cluster.live("pods", labels="app=web")
        """
        return self._tables.add(LiveTable(self._store, kind_of(kind), namespace, labels, self._clock))
