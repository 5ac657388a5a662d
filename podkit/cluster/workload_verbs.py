"""The verbs of `podkit.Cluster` that are about objects which keep a number of Pods: how many, and which revision."""

from __future__ import annotations

from typing import Any

from podkit.cluster.rollout import Rollout
from podkit.cluster.target import Target, current, refer, verb
from podkit.cluster.verb_group import VerbGroup
from podkit.errors import PodkitError

SCALABLE = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
"""The kinds that have a number of replicas."""


class WorkloadVerbs(VerbGroup):
    """What a cluster does with objects that keep a number of Pods."""

    @verb
    def scale(self, target: Target, replicas: int, *, namespace: str = "default") -> Any:
        """Set how many replicas an object is to have; return it as it is stored. It does not wait for the Pods.

        Args:
            target: a Deployment, StatefulSet, ReplicaSet or ReplicationController, ``"kind/name"``, or kind and name.
            replicas: how many.
            namespace: where, unless the target is an object.

        Raises:
            NotFound: there is none.
            ValidationError: the number is negative.
            PodkitError: objects of this kind have no number of replicas.

        Example:
            ::

                cluster.scale("deploy/web", 5)
                cluster.rollout("deploy/web").wait(timeout=60)
        """
        there = refer(current(self._store, target, namespace))
        if there.kind.name not in SCALABLE:
            raise PodkitError(f"{there} cannot be scaled: only {', '.join(SCALABLE[:-1])} and {SCALABLE[-1]} can")
        patch = {"spec": {"replicas": replicas}}
        return self._store.patch(there.kind.cls, there.name, patch, namespace=there.namespace or "default")

    @verb
    def rollout(self, target: Target, *, namespace: str = "default") -> Rollout:
        """The rollout of a Deployment, DaemonSet or StatefulSet: ``cluster.rollout(web).wait(timeout=60)``.

        Args:
            target: an object, ``"kind/name"``, or kind and name.
            namespace: where, unless the target is an object.

        Raises:
            NotFound: there is none.
            PodkitError: objects of this kind do not roll.

        Example:
            ::

                rollout = cluster.rollout("deploy/web")
                rollout.restart()
                rollout.wait(timeout=60)
        """
        there = refer(current(self._store, target, namespace))
        return Rollout(self._store, self._waiter, there)
