"""Where a test lives: a namespace of the cluster, with the steps that tests are made of."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from podkit import (
    Cluster,
    ContainerState,
    ContainerStateWaiting,
    ContainerStatus,
    CronJob,
    DaemonSet,
    Deployment,
    ExecFailed,
    Job,
    Namespace,
    NotFound,
    Pod,
    ReplicaSet,
    ReplicationController,
    RuntimeFailed,
    StatefulSet,
)

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds after which something that should happen counts as not happening."""


class Place:
    """A namespace of its own.

    Args:
        cluster: the cluster of all tests.
        namespace: the name of the namespace, which comes into being with its first object.
        patience: seconds after which something that should happen counts as not happening.
    """

    def __init__(self, cluster: Cluster, namespace: str, patience: float = PATIENCE) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self._patience = patience

    def create(self, *objects: T) -> T:
        """Create objects here; return the last one as it is stored."""
        for obj in objects:
            obj.metadata.namespace = self.namespace
            created = self.cluster.create(obj)
        return created

    def start(self, *objects: Any) -> Pod:
        """Create objects, the last of them a Pod, and wait until it is ready."""
        return self.wait(self.create(*objects), "Ready")

    def run(self, *objects: Any) -> Pod:
        """Create objects, the last of them a Pod, and wait until it has come to an end, good or bad."""
        *others, pod = objects
        if others:
            self.create(*others)
        pod.metadata.namespace = self.namespace
        return self.cluster.run(pod, timeout=self._patience, check=False)

    def output(self, *objects: Any) -> str:
        """What a Pod prints that is run to its good end, after the objects before it have been created."""
        *others, pod = objects
        if others:
            self.create(*others)
        pod.metadata.namespace = self.namespace
        return self.cluster.logs(self.cluster.run(pod, timeout=self._patience))

    def pod(self, name: str) -> Pod:
        """A Pod as it is now."""
        return self.cluster.get(Pod, name, namespace=self.namespace)

    def job(self, name: str) -> Job:
        """A Job as it is now."""
        return self.cluster.get(Job, name, namespace=self.namespace)

    def pods(self, labels: str | None = None) -> list[Pod]:
        """The Pods that are here."""
        return self.cluster.list(Pod, namespace=self.namespace, labels=labels)

    def wait(self, obj: T, until: Any) -> T:
        """Wait until an object has come to a state; see `Cluster.wait`."""
        return self.cluster.wait(obj, until, timeout=self._patience)

    def said(self, pod: Pod, *argv: str, container: str | None = None) -> str:
        """What a command prints that is run in a container."""
        return self.cluster.exec(pod, argv, container=container, check=True, timeout=self._patience).stdout

    def content(self, pod: Pod, path: str) -> str:
        """What is in a file of a Pod's first container; nothing if it is not there (yet)."""
        return self.cluster.exec(pod, ["cat", path], timeout=PATIENCE).stdout

    def let_end(self, pod: Pod, path: str) -> None:
        """Make the file for which a container waits before it ends. The command may end with it, before it is seen to succeed."""
        with contextlib.suppress(ExecFailed, RuntimeFailed):
            self.cluster.exec(pod, ["touch", path], timeout=PATIENCE)

    def events(self, obj: Any) -> dict[str, str]:
        """What has been reported about an object: by reason, the last message."""
        return {event.reason: event.message for event in self.cluster.events(obj)}

    def abandon(self) -> None:
        """Delete everything that is here, without waiting for it; controllers delete at the same time."""
        for kind in (CronJob, Job, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController):
            for obj in self.cluster.list(kind, namespace=self.namespace):
                self._forget(obj)
        for pod in self.pods():
            self._forget(pod, grace_period=0)
        with contextlib.suppress(NotFound):
            self.cluster.delete(Namespace, self.namespace, wait=False)

    def _forget(self, obj: Any, grace_period: int | None = None) -> None:
        with contextlib.suppress(NotFound):
            self.cluster.delete(obj, grace_period=grace_period, wait=False)


def main_of(pod: Pod) -> ContainerStatus:
    """The status of a Pod's first container; one that says nothing as long as there is none."""
    nothing = ContainerState(waiting=ContainerStateWaiting())
    return next(iter(pod.status.container_statuses), ContainerStatus("main", False, 0, "", "", state=nothing))


def waits(status: ContainerStatus) -> str | None:
    """Why a container waits; None when it does not."""
    return status.state.waiting.reason if status.state.waiting else None


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that no watch tells of, such as the content of a file in a container.

    Args:
        condition: whether it is so now.
        what: what is waited for, for the message.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not even after {PATIENCE:g} s: {what}"
        time.sleep(0.1)
