"""What a kubelet knows of one Pod in the engine, and whether that still holds.

What was seen is kept, as a kubelet keeps it in its PLEG cache: most syncs are due because a probe is, and asking the engine each
time would cost more than the probe. What the kubelet does itself, it knows the outcome of. That a container has ended is news of
that container alone; so only of that is asked, which takes a tenth of the time of looking at everything. After all else that
happens, everything is looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Set

from podkit.errors import ContainerNotFound
from podkit.kubelet.observation import ObservedPod, signature
from podkit.kubelet.services import NodeServices
from podkit.runtime.base import POD_UID, ContainerState, EventType, RuntimeEvent


class PodView:
    """Sees one Pod in the engine.

    `take_in` and `look_anew` may be called from any thread: they only leave a note. All else is for the one who syncs the Pod.

    Args:
        uid: the Pod's uid.
        services: what the node works with.
        new: whether the engine is known to hold nothing of it yet, so that the first look can be spared.
    """

    def __init__(self, uid: str, services: NodeServices, *, new: bool) -> None:
        self._node = services
        self._labels = {**services.labels, POD_UID: uid}
        self._seen: ObservedPod | None = ObservedPod() if new else None
        self._stale = False
        self._changing = False
        self._doubtful = False
        self._ended: deque[str] = deque()
        self._leaving: set[str] = set()

    def look_anew(self) -> None:
        """Let the whole Pod be looked at next time."""
        self._stale = True

    def take_in(self, event: RuntimeEvent) -> bool:
        """Note what the engine tells of a container or sandbox of the Pod; whether that is news."""
        if event.type is EventType.REMOVED and event.id in self._leaving:
            return False
        if event.type is EventType.EXITED:
            self._ended.append(event.id)
        else:
            self._stale = True
        return True

    def sees(self, things: Set[tuple[str, str]]) -> bool:
        """Whether these are the sandboxes and containers that are known; also if there is something yet to be looked at."""
        if self._seen is None or self._stale or self._changing or self._doubtful or self._ended:
            return True
        return signature(self._seen.sandboxes, self._seen.containers) == things

    def now(self) -> ObservedPod:
        """The Pod as it is, asking the engine for no more than what may have changed."""
        if self._seen is None or self._stale:
            return self.look()
        if self._ended:
            return self._look_at_ended(self._seen)
        return self.look() if self._doubtful or self._changing else self._seen

    def look(self) -> ObservedPod:
        """The whole Pod, as the engine tells it."""
        # in this order: what happens from now on is news again
        self._stale, self._changing, self._doubtful, self._seen = False, False, False, None
        self._ended.clear()
        self._leaving.clear()
        sandboxes = self._node.runtime.sandboxes(self._labels)
        self._seen = ObservedPod.of(sandboxes, self._node.runtime.containers(self._labels) if sandboxes else [])
        return self._seen

    def _look_at_ended(self, seen: ObservedPod) -> ObservedPod:
        while self._ended:
            known = next((one for one in seen.containers if one.id == self._ended[0]), None)
            if known is None:
                return self.look()
            if known.state is not ContainerState.EXITED:
                try:
                    seen = seen.with_container(self._node.runtime.container(known.id))
                except ContainerNotFound:
                    return self.look()
            self._ended.popleft()
            self._seen = seen
        return seen

    def begin_change(self) -> None:
        """The kubelet is about to change something in the engine: until `end_change`, what was seen does not count."""
        self._changing = True

    def end_change(self, observed: ObservedPod, *, certain: bool) -> None:
        """The kubelet has changed something.

        Args:
            observed: what the engine holds now.
            certain: whether that is all that has come of it; if not, there may be more to see when next it is looked at.
        """
        self._seen, self._changing = observed, False
        self._doubtful = self._doubtful or not certain

    def leaves(self, container_id: str) -> None:
        """The kubelet is about to remove this container: that it goes will be no news."""
        self._leaving.add(container_id)
