"""What the kubelet remembers of one Pod between two syncs.

Nothing here is the truth: what runs is the container engine's to say, what shall run is the store's. All of it can be lost,
as it is when the process is killed; then a back-off starts over, a signal is sent again, a message is read again.
"""

from __future__ import annotations

from datetime import datetime

from attrs import define, field, frozen

from podkit.kubelet.backoff import CrashLoopBackoff


@frozen
class Stop:
    """A container that was told to end.

    Attributes:
        deadline: when it is killed if it has not ended.
        killed: whether it has been.
    """

    deadline: datetime
    killed: bool = False


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


@define
class PodMemory:
    """What is remembered of one Pod.

    Attributes:
        backoff: the restarts of its containers.
        stops: by container id, the containers that were told to end.
        failures: by container name, why the container could not be started.
        sandbox_failure: why volumes or sandbox could not be set up.
        termination_messages: by container id, what a container that has ended left as its message.
        announced: by container name, the reason for waiting that an event has told already.
    """

    backoff: CrashLoopBackoff = field(factory=CrashLoopBackoff)
    stops: dict[str, Stop] = field(factory=dict)
    failures: dict[str, Failure] = field(factory=dict)
    sandbox_failure: Failure | None = None
    termination_messages: dict[str, str] = field(factory=dict)
    announced: dict[str, str] = field(factory=dict)
