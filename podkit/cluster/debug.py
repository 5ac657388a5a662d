"""Looking at a running Pod with the tools of another image: adding an ephemeral container to it.

An ephemeral container runs beside the Pod's own, in its network, and if it has a target also sees the target's processes. It is
never started again, and stays in the Pod's spec for good.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.cluster.containers import names_of
from podkit.cluster.hopeless import Needs, does_not_start
from podkit.cluster.pauses import Steps
from podkit.cluster.target import Reference
from podkit.cluster.waiter import Waiter
from podkit.codec import to_dict
from podkit.errors import PodkitError
from podkit.model.container import EphemeralContainer
from podkit.model.container_status import ContainerStatus
from podkit.model.pod import Pod
from podkit.model.pod_state import is_terminal

_NEVER_RUNS = frozenset({"CreateContainerConfigError", "CreateContainerError"})


def debug(waiter: Waiter, pod: Reference, container: EphemeralContainer, timeout: float | None) -> Steps[Pod]:
    """Add an ephemeral container to a Pod and wait until it runs, or has run.

    Args:
        waiter: waits.
        pod: which Pod.
        container: the container.
        timeout: seconds to wait for it; None: no limit.

    Raises:
        NotFound: there is no such Pod.
        ValidationError: an API server would refuse the container.
        PodkitError: the Pod has ended, or has a container of that name.
        WaitTimeout: the container does not run in time, or never will.
    """
    namespace = pod.namespace or "default"
    found = waiter.store.get(Pod, pod.name, namespace=namespace)
    if is_terminal(found):
        raise PodkitError(f"{pod} has ended ({found.status.phase}): nothing can be started in it any more")
    if container.name in names_of(found):
        raise PodkitError(f"{pod} has a container {container.name!r} already; choose another name")
    patch = {"metadata": {"uid": pod.uid or found.metadata.uid}, "spec": {"ephemeralContainers": [to_dict(container)]}}
    waiter.store.patch(Pod, pod.name, patch, namespace=namespace, subresource="ephemeralcontainers")
    running: Pod = (yield from waiter.steps([pod], EphemeralGoal(container.name), timeout))[0]
    return running


@frozen
class EphemeralGoal:
    """An ephemeral container runs, or has run; see `podkit.cluster.until.Goal`.

    Attributes:
        name: its name.
    """

    name: str

    def is_met(self, obj: Any) -> bool:
        """Whether it has been started."""
        status = self._status(obj)
        state = status.state if status is not None else None
        if state is None or self._failure(obj) is not None:
            return False
        return state.running is not None or state.terminated is not None

    def excluded_by(self, obj: Any) -> str | None:
        """The Pod has ended, or no further attempt will help: the first one counts, as the container is new."""
        if is_terminal(obj):
            return f"the Pod has ended ({obj.status.phase})"
        return self._failure(obj)

    @property
    def needs_start(self) -> Needs:
        """None of the Pod's own containers."""
        return "none"

    def __str__(self) -> str:
        return f"container {self.name} to run"

    def _failure(self, obj: Any) -> str | None:
        status = self._status(obj)
        if status is None or status.state is None:
            return None
        waiting, terminated = status.state.waiting, status.state.terminated
        if terminated is not None and terminated.reason == "StartError":
            return f"container {self.name}: {terminated.reason}: {terminated.message}"
        if waiting is not None and (waiting.reason in _NEVER_RUNS or does_not_start(status) is not None):
            return f"container {self.name}: {waiting.reason}: {waiting.message}"
        return None

    def _status(self, obj: Any) -> ContainerStatus | None:
        statuses: list[ContainerStatus] = obj.status.ephemeral_container_statuses
        return next((status for status in statuses if status.name == self.name), None)
