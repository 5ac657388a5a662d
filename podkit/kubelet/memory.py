"""What the kubelet remembers of one Pod between two syncs.

Nothing here is the truth: what runs is the container engine's to say, what shall run is the store's. All of it can be lost,
as it is when the process is killed; then a signal is sent again, a message is read again, and how long a back-off is gets read
from how often there was a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from podkit.kubelet.backoff import CrashLoopBackoff
from podkit.kubelet.observation import ObservedPod, container_name
from podkit.kubelet.probes import ProbeState
from podkit.model import ResourceRequirements
from podkit.runtime.base import ContainerConfig, ContainerState, ContainerStatus


@frozen
class Stop:
    """A container that was told to end.

    Attributes:
        deadline: before it is signalled, when its grace period is used up; after that, when it is killed.
        hook: whether it has a preStop hook, which comes before the signal.
        signalled: whether it has been sent its stop signal.
        killed: whether it has been killed.
    """

    deadline: datetime
    hook: bool = False
    signalled: bool = False
    killed: bool = False


@frozen
class PostStart:
    """A postStart hook of a container.

    Attributes:
        due: whether it is still to be begun, once the container is seen to run.
        running: whether it is due or under way.
        error: why it failed; empty if it has not.
    """

    due: bool = False
    running: bool = True
    error: str = ""


@frozen
class MadeAhead:
    """A container that was made while its sandbox was being started.

    Attributes:
        status: what it is.
        config: what it was made of: it is started if that is what it would be made of now.
    """

    status: ContainerStatus
    config: ContainerConfig


@frozen
class Failure:
    """Something that could not be done, and is tried again.

    Attributes:
        reason: as in ``state.waiting.reason``.
        message: what went wrong.
        retry_at: when to try again; None: when something changes.
    """

    reason: str
    message: str
    retry_at: datetime | None = None

    def blocks(self, now: datetime) -> bool:
        """Whether it is too early to try again."""
        return self.retry_at is None or now < self.retry_at


@frozen
class Pending:
    """Why a resize has to wait: ``Deferred`` until there is room, or ``Infeasible``, since there never will be."""

    reason: str
    message: str


@frozen
class Eviction:
    """That a Pod has to make room on its node.

    Attributes:
        message: why, as its status tells it.
        deadline: when the grace period of its containers is used up.
        disruption: whether the node is the reason, which a condition of the Pod tells, and not what the Pod itself has done.
        annotations: those of the event that tells it.
    """

    message: str
    deadline: datetime
    disruption: bool = False
    annotations: Mapping[str, str] = field(factory=dict)


@define
class Resizing:
    """How far a resize is.

    Attributes:
        generation: the Pod's generation for which resources were allocated last.
        announced: whether it has been told that a resize has begun, so that its end is to be told too.
        pending: why what the spec asks for is not allocated; None if it is.
        look_at: when to see again whether there is room.
        error: why what is allocated could not be brought into force; empty if nothing has failed.
        retry_at: when to try that again; None: when something changes.
    """

    generation: int | None = None
    announced: bool = False
    pending: Pending | None = None
    look_at: datetime | None = None
    error: str = ""
    retry_at: datetime | None = None


@define
class PodMemory:
    """What is remembered of one Pod.

    What hooks and probes come to is told by other threads: each sets one entry, and sets it once.

    Attributes:
        begun: when it was seen for the first time; None before the first sync.
        backoff: the restarts of its containers.
        stops: by container id, the containers that were told to end.
        hooks_done: the ids of containers whose preStop hook has come to an end.
        post_starts: by container id, the postStart hooks.
        probes: by container name and kind of probe, how far the probing is.
        probe_kills: the ids of containers that were ended because of a probe.
        replaced: the ids of containers that were ended because their definition has changed.
        failures: by container name, why the container could not be started.
        sandbox_failure: why volumes or sandbox could not be set up.
        made_ahead: the container that was made before it was due, if it has not been started since.
        addresses: those of its last sandbox, which the engine forgets when the sandbox has been stopped.
        termination_messages: by container id, what a container that has ended left as its message.
        refresh_at: when to try again to bring the volumes up to date.
        allocation: by container name, the resources that are set aside; empty before the first sync. See `podkit.kubelet.resize`.
        in_force: by the id of a container or sandbox, the resources that it has, if they have been changed since it was made.
        resizing: how far a change of resources is.
        restarting: why all containers are being removed, to be started over; empty when they are not.
        removed: whether it has been told that they have been.
        eviction: set when the Pod is to be evicted.
        announced: by container name, the ended container for whose back-off there has been an event; without a name, the reason
            for the Pod's own end.
    """

    begun: datetime | None = None
    backoff: CrashLoopBackoff = field(factory=CrashLoopBackoff)
    stops: dict[str, Stop] = field(factory=dict)
    hooks_done: set[str] = field(factory=set)
    post_starts: dict[str, PostStart] = field(factory=dict)
    probes: dict[tuple[str, str], ProbeState] = field(factory=dict)
    probe_kills: set[str] = field(factory=set)
    replaced: set[str] = field(factory=set)
    failures: dict[str, Failure] = field(factory=dict)
    sandbox_failure: Failure | None = None
    made_ahead: MadeAhead | None = None
    addresses: tuple[str, ...] = ()
    refresh_at: datetime | None = None
    termination_messages: dict[str, str] = field(factory=dict)
    allocation: dict[str, ResourceRequirements] = field(factory=dict)
    in_force: dict[str, ResourceRequirements] = field(factory=dict)
    resizing: Resizing = field(factory=Resizing)
    restarting: str = ""
    removed: bool = False
    eviction: Eviction | None = None
    announced: dict[str, str] = field(factory=dict)

    def keep_only(self, observed: ObservedPod) -> None:
        """Forget what is about containers that the engine does not have any more, and failures that are overcome.

        Without this, the memory of a Pod that restarts for ever would grow for ever.
        """
        present = {container.id for container in observed.containers} | {sandbox.id for sandbox in observed.sandboxes}
        by_id: list[dict[str, Any]] = [self.stops, self.post_starts, self.termination_messages, self.in_force]
        for entries in by_id:
            for gone in [container_id for container_id in list(entries) if container_id not in present]:
                entries.pop(gone, None)
        for ids in (self.hooks_done, self.probe_kills, self.replaced):
            ids.intersection_update(present)
        for container in observed.containers:
            if container.state is ContainerState.RUNNING:
                self.failures.pop(container_name(container), None)

    def forget_failures(self, now: datetime) -> None:
        """Let everything be tried again that waits for its time, or for a change."""
        self.sandbox_failure = None
        self.resizing.retry_at = None
        for name, failure in list(self.failures.items()):
            if failure.blocks(now):
                self.failures.pop(name, None)

    def post_start_is_due(self, container_id: str) -> bool:
        """Whether a container's postStart hook is to be begun."""
        hook = self.post_starts.get(container_id)
        return hook is not None and hook.due

    def post_start_runs(self, container_id: str) -> bool:
        """Whether a container's postStart hook is still under way; until it is through, the container has not started."""
        hook = self.post_starts.get(container_id)
        return hook is not None and hook.running

    def post_start_error(self, container_id: str) -> str:
        """Why a container's postStart hook has failed; empty if it has not."""
        hook = self.post_starts.get(container_id)
        return hook.error if hook is not None else ""
