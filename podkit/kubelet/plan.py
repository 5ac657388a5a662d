"""What a sync of a Pod comes to: what to do, in which order, and what to tell. Plain data, made by `podkit.kubelet.sync`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import define, field, frozen

from podkit.kubelet.resize import ResizeContainer, ResizeSandbox
from podkit.kubelet.restart_all import Trigger
from podkit.runtime.base import ContainerStatus


@frozen
class RunSandbox:
    """Set up the volumes and make a sandbox."""

    attempt: int


@frozen
class StartContainer:
    """Make and start a container."""

    name: str
    attempt: int


@frozen
class RunPostStart:
    """Run the postStart hook of a container that has been started."""

    container: ContainerStatus


@frozen
class StopContainer:
    """Begin to end a container: its preStop hook comes first.

    Attributes:
        container: the container.
        deadline: when its grace period is used up.
        message: why, as an event tells it.
        probe_failed: whether a probe is the reason; then it is started again unless its policy is ``Never``.
        replaced: whether a changed definition is the reason; then it is started again in any case.
    """

    container: ContainerStatus
    deadline: datetime
    message: str
    probe_failed: bool = False
    replaced: bool = False


@frozen
class SignalContainer:
    """Send a container its stop signal, and note when it is to be killed."""

    container: ContainerStatus
    kill_at: datetime


@frozen
class KillContainer:
    """End a container whose time is up."""

    container: ContainerStatus


@frozen
class RemoveContainer:
    """Remove a container that nobody needs any more."""

    container_id: str


@frozen
class StopSandbox:
    """Give back the network of a sandbox in which nothing runs any more."""

    sandbox_id: str


Action = (
    RunSandbox
    | StartContainer
    | RunPostStart
    | StopContainer
    | SignalContainer
    | KillContainer
    | RemoveContainer
    | ResizeContainer
    | ResizeSandbox
    | StopSandbox
)


@frozen
class Ending:
    """Why a Pod as a whole comes to a bad end; becomes ``status.reason`` and ``status.message``.

    Attributes:
        reason: one word.
        message: a sentence.
        type: that of the event that tells it.
        annotations: those of that event.
    """

    reason: str
    message: str
    type: str = "Normal"
    annotations: Mapping[str, str] = field(factory=dict)


@frozen
class Waiting:
    """Why a container waits."""

    reason: str
    message: str


@define
class Plan:
    """What `decide` says.

    Attributes:
        actions: what to do now, in this order.
        waiting: by container name, why a container waits.
        look_again: when to decide anew if nothing happens before.
        ending: set when the Pod is to fail as a whole.
        gone: whether nothing of a Pod that is being deleted runs any more.
        restart_all: set when all containers are to be removed and started over.
        discard: whether nothing of a Pod that has ended is kept, neither containers nor volumes.
    """

    actions: list[Action] = field(factory=list)
    waiting: dict[str, Waiting] = field(factory=dict)
    look_again: datetime | None = None
    ending: Ending | None = None
    gone: bool = False
    restart_all: Trigger | None = None
    discard: bool = False

    def look_again_at(self, moment: datetime) -> None:
        """Decide anew at this moment at the latest."""
        self.look_again = moment if self.look_again is None else min(self.look_again, moment)

    def look_again_at_if(self, moment: datetime | None) -> None:
        """The same, if there is such a moment."""
        if moment is not None:
            self.look_again_at(moment)
