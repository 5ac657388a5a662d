"""A namespace of a cluster for a test, with the verbs of the cluster, and words for what went wrong in it."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from podkit.cluster.cluster import Cluster
from podkit.cluster.execution import ExecResult
from podkit.cluster.port_forward import PortForward
from podkit.cluster.rollout import Rollout
from podkit.cluster.sources import Source
from podkit.cluster.target import Target
from podkit.cluster.until import Until
from podkit.errors import NotFound, PodkitError
from podkit.model.copying import clone
from podkit.model.event import Event
from podkit.model.meta import KubernetesObject
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod
from podkit.model.selector import Labels

T = TypeVar("T", bound=KubernetesObject)

TIMEOUT = 60.0
"""Seconds after which what is waited for counts as not happening, unless a test says otherwise."""

_ROLLING = ("Deployment", "StatefulSet", "DaemonSet")
_CONDITIONS = {"Pod": "Ready", "ReplicaSet": "Ready", "ReplicationController": "Ready", "Job": "Complete"}


class TestNamespace:
    """A namespace for a test. All that is made through it lies there, and goes with it.

    Args:
        cluster: the cluster.
        name: the name of the namespace.
        keep: whether it stays when it is closed.

    Attributes:
        cluster: the cluster, for all that is not here.
        name: the name of the namespace.

    Example:
        ::

            def test_web(podkit_namespace):
                podkit_namespace.apply("web.yaml", ready=30)
                with podkit_namespace.port_forward("pod/web", 80) as forward:
                    assert requests.get(f"http://127.0.0.1:{forward.local_port}").ok
    """

    __test__ = False  # pytest takes classes of such names for tests

    def __init__(self, cluster: Cluster, name: str, *, keep: bool = False) -> None:
        self.cluster = cluster
        self.name = name
        self._keep = keep

    def create(self, obj: T) -> T:
        """Create an object here; it is not changed, whatever namespace it names."""
        return self.cluster.create(self._placed(obj))

    def apply(self, source: Source, *, ready: float | None = None) -> builtins.list[Any]:
        """Create or update what a source describes; see `podkit.Cluster.apply`.

        Args:
            source: a path, a text, an object, or an iterable of objects. Objects that name a namespace go there.
            ready: seconds within which all of it must be ready, as `ready` says. Default: it is not waited for.
        """
        applied = self.cluster.apply(source, namespace=self.name)
        if ready is None:
            return applied
        return [self.ready(obj, timeout=ready) for obj in applied]

    def ready(self, target: Any, *, timeout: float = TIMEOUT) -> Any:
        """Wait until an object is ready; return it as it is then.

        A Pod is when it has the condition Ready, a Job when it is complete, a Deployment, StatefulSet or DaemonSet when it has
        rolled out, a ReplicaSet when all of its Pods are ready, and anything else at once.
        """
        found = self.get(target)
        if found.kind in _CONDITIONS:
            return self.wait(found, _CONDITIONS[found.kind], timeout=timeout)
        if found.kind in _ROLLING:
            return self.cluster.rollout(found).wait(timeout=timeout)
        return found

    def run(self, obj: T, *, timeout: float = TIMEOUT, check: bool = True) -> T:
        """Create a Pod or Job here and wait until it has finished; see `podkit.Cluster.run`."""
        return self.cluster.run(self._placed(obj), timeout=timeout, check=check)

    def wait(self, target: Any, until: Until[Any], *, timeout: float = TIMEOUT) -> Any:
        """Wait until something is so; see `podkit.Cluster.wait`."""
        return self.cluster.wait(target, until, timeout, namespace=self.name)

    def get(self, target: Any, name: str | None = None) -> Any:
        """An object of this namespace, by ``"kind/name"``, or by kind and name."""
        if name is None:
            return self.cluster.get(target, namespace=self.name)
        return self.cluster.get(target, name, namespace=self.name)

    def list(
        self, kind: type[T] | str, *, labels: Labels | None = None, fields: str | None = None
    ) -> builtins.list[Any]:
        """The objects of a kind that are here."""
        return self.cluster.list(kind, namespace=self.name, labels=labels, fields=fields)

    def update(self, obj: T) -> T:
        """Replace an object; see `podkit.Cluster.update`."""
        return self.cluster.update(obj)

    def patch(self, target: Target, patch: Any, **options: Any) -> Any:
        """Change an object by a patch; see `podkit.Cluster.patch`."""
        return self.cluster.patch(target, patch, namespace=self.name, **options)

    def scale(self, target: Target, replicas: int) -> Any:
        """Change how many Pods an object keeps; see `podkit.Cluster.scale`."""
        return self.cluster.scale(target, replicas, namespace=self.name)

    def rollout(self, target: Target) -> Rollout:
        """The rollout of a Deployment, StatefulSet or DaemonSet; see `podkit.Cluster.rollout`."""
        return self.cluster.rollout(target, namespace=self.name)

    def delete(self, target: Source, *, timeout: float = TIMEOUT, **options: Any) -> None:
        """Delete an object, or what a manifest describes, and wait until it is gone; see `podkit.Cluster.delete`."""
        self.cluster.delete(target, timeout=timeout, namespace=self.name, **options)

    def logs(self, target: Target, **options: Any) -> str:
        """What containers have written; see `podkit.Cluster.logs`."""
        return self.cluster.logs(target, namespace=self.name, **options)

    def exec(self, target: Target, argv: Sequence[str], *, timeout: float = TIMEOUT, **options: Any) -> ExecResult[Any]:
        """Run a command in a container; see `podkit.Cluster.exec`."""
        return self.cluster.exec(target, argv, timeout=timeout, namespace=self.name, **options)

    def copy_to(self, target: Target, src: Any, dst: str, **options: Any) -> None:
        """Copy a file, a tree or bytes into a container; see `podkit.Cluster.copy_to`."""
        self.cluster.copy_to(target, src, dst, namespace=self.name, **options)

    def copy_from(self, target: Target, src: str, dst: str | os.PathLike[str], **options: Any) -> Path:
        """Copy a file or a tree out of a container; see `podkit.Cluster.copy_from`."""
        return self.cluster.copy_from(target, src, dst, namespace=self.name, **options)

    def port_forward(self, target: Target, port: int | str) -> PortForward:
        """Let a port of this machine lead into a Pod; see `podkit.Cluster.port_forward`."""
        return self.cluster.port_forward(target, port, namespace=self.name)

    def events(self) -> builtins.list[Event]:
        """What has been reported about the objects that are here."""
        return self.cluster.events(namespace=self.name)

    def describe(self, target: Target) -> str:
        """All that is known of an object; see `podkit.Cluster.describe`."""
        return self.cluster.describe(target, namespace=self.name)

    def report(self) -> str:
        """What has become of the Pods that are here: states, conditions, events, the ends of logs."""
        lines = []
        for pod in self.list(Pod):
            lines.append(f"Pod {pod.metadata.name}")
            try:
                lines.append(self.cluster.explain(pod))
            except PodkitError as error:
                lines.append(f"  (cannot be looked at: {error})")
        return "\n".join(lines)

    def close(self) -> None:
        """Delete it with all that is in it, at once; nobody waits until that is done. Doing so twice does no harm."""
        if self._keep:
            return
        try:
            self.cluster.delete(Namespace, self.name, wait=False)
        except NotFound:
            return
        self.cluster.delete_collection(Pod, namespace=self.name, grace_period=0, wait=False)

    def __enter__(self) -> Self:
        """It, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _placed(self, obj: T) -> T:
        placed = clone(obj)
        placed.metadata.namespace = self.name
        return placed
