"""The static Pods of a node: from files to Pods that are run, and gone again.

A Pod whose file goes, or changes, is ended gracefully. What the file says now is another Pod, with another uid, which begins when
nothing is left of the one before it. Two files that give the same name get one Pod: the first one's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import attrs

from podkit.errors import NotFound, PodkitError
from podkit.kubelet.static.manifests import Manifest, Manifests
from podkit.kubelet.static.mirrors import Mirrors
from podkit.kubelet.stop_decision import grace_period
from podkit.loop.clock import Clock
from podkit.model import Node, ObjectMeta, Pod
from podkit.model.copying import clone
from podkit.model.pod_state import is_terminal
from podkit.store.base import EventSink

_Name = tuple[str | None, str | None]


class StaticPods:
    """The static Pods of a node; also the `podkit.kubelet.outlet.Outlet` of their workers.

    Args:
        manifests: the files.
        mirrors: what the store shows of them.
        clock: what time it is.
        report: where events go.
        wake: lets the Pod with a uid be looked at.
    """

    def __init__(
        self, manifests: Manifests, mirrors: Mirrors, *, clock: Clock, report: EventSink, wake: Callable[[str], None]
    ) -> None:
        self._manifests = manifests
        self._mirrors = mirrors
        self._clock = clock
        self._report = report
        self._wake = wake
        self._lock = threading.Lock()
        self._wanted: dict[_Name, Pod] = {}
        self._running: dict[str, Pod] = {}
        self._problems: dict[Path, str] = {}

    def refresh(self) -> None:
        """Read the files, and let the Pods be looked at that have come, changed or gone.

        As long as the directory cannot be read, what runs goes on.
        """
        now = self._clock.now()
        try:
            wanted = self._by_name(self._manifests.read(now))
        except OSError as error:
            self._note_problems({self._manifests.path: f"cannot be read: {error.strerror}"})
            return
        with self._lock:
            changed = {name for name, pod in wanted.items() if _uid(self._wanted.get(name)) != pod.metadata.uid}
            gone = [pod for name, pod in self._wanted.items() if _uid(wanted.get(name)) != pod.metadata.uid]
            self._wanted = {name: pod if name in changed else self._wanted[name] for name, pod in wanted.items()}
            for pod in gone:
                self._end(_uid(pod) or "", now)
        for pod in [*gone, *(wanted[name] for name in changed)]:
            self._wake(pod.metadata.uid or "")

    def take(self, uid: str) -> Pod | None:
        """The Pod with this uid, to be run or ended now; None when there is none, or it has to wait for the one before it."""
        with self._lock:
            pod = self._running.get(uid) or self._begin(uid)
        if pod is not None:
            self._show(pod)
        return pod

    def knows(self, uid: str) -> bool:
        """Whether there is, or will be, a static Pod with this uid."""
        with self._lock:
            return uid in self._running or any(_uid(pod) == uid for pod in self._wanted.values())

    def pods(self) -> list[Pod]:
        """Those that run."""
        with self._lock:
            return list(self._running.values())

    # What workers tell

    def update_status(self, pod: Pod) -> Pod:
        """Keep the status, and let the store show it. One that is being ended has not come to an end by itself."""
        status = pod.status
        if pod.metadata.deletion_timestamp is not None and is_terminal(pod):
            status = attrs.evolve(status, phase="Running")
        told = attrs.evolve(pod, status=status)
        with self._lock:
            if _uid(pod) not in self._running:
                raise NotFound("Pod", pod.metadata.name or "", pod.metadata.namespace)
            current = attrs.evolve(self._running[_uid(pod) or ""], status=status)
            self._running[_uid(pod) or ""] = current
        self._show(current)
        return told

    def remove(self, pod: Pod) -> None:
        """Forget a Pod, and let the next one of its name begin."""
        self._mirrors.remove(pod)
        with self._lock:
            self._running.pop(_uid(pod) or "", None)
            following = self._wanted.get(_name(pod))
        if following is not None:
            self._wake(following.metadata.uid or "")

    def _show(self, pod: Pod) -> None:
        """Let the store show a Pod, as long as it is wanted. That it does not is no reason not to run it."""
        if pod.metadata.deletion_timestamp is not None:
            return
        try:
            self._mirrors.show(pod)
        except PodkitError as error:
            self._say(pod, "FailedMirrorPod", f"{pod.metadata.name} runs, and the store does not show it: {error}")

    # What files say

    def _by_name(self, found: dict[Path, Manifest]) -> dict[_Name, Pod]:
        """The Pods by their names."""
        wanted: dict[_Name, Pod] = {}
        problems = {}
        for path, manifest in found.items():
            pod = manifest.pod
            if pod is not None and _name(pod) in wanted:
                problems[path] = f"another file gives a Pod of the name {pod.metadata.name!r} too"
            elif pod is not None:
                wanted[_name(pod)] = pod
            elif manifest.problem:
                problems[path] = manifest.problem
        self._note_problems(problems)
        return wanted

    def _note_problems(self, problems: dict[Path, str]) -> None:
        """Say what is wrong with files, each thing once."""
        for path, problem in problems.items():
            if self._problems.get(path) != problem:
                node = Node(metadata=ObjectMeta(name=self._manifests.node_name))
                self._say(node, "FailedStaticPod", f"{path} gives no static Pod: {problem}")
        self._problems = problems

    def _say(self, about: Pod | Node, reason: str, message: str) -> None:
        self._report(about, reason, message, type="Warning")

    # With the lock held

    def _begin(self, uid: str) -> Pod | None:
        """Let a Pod run, unless one of its name still does."""
        pod = next((pod for pod in self._wanted.values() if _uid(pod) == uid), None)
        if pod is None or any(_name(pod) == _name(other) for other in self._running.values()):
            return None
        self._running[uid] = pod
        return pod

    def _end(self, uid: str, now: datetime) -> None:
        """Let a Pod end, as one ends that is deleted."""
        pod = self._running.get(uid)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            return
        grace = grace_period(pod)
        ended = attrs.evolve(pod, metadata=clone(pod.metadata))
        ended.metadata.deletion_timestamp = now + grace
        ended.metadata.deletion_grace_period_seconds = int(grace.total_seconds())
        self._running[uid] = ended


def _uid(pod: Pod | None) -> str | None:
    return pod.metadata.uid if pod is not None else None


def _name(pod: Pod) -> _Name:
    return pod.metadata.namespace, pod.metadata.name
