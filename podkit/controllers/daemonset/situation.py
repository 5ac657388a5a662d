"""What there is when it is decided on a DaemonSet, and what comes of it.

Source of the rules: ``pkg/controller/daemon/daemon_controller.go``, ``update.go`` (updatedDesiredNodeCounts).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from attrs import Factory, define, frozen

from podkit.controllers.daemonset.placement import UNFIT, Fit
from podkit.controllers.daemonset.pods import is_available
from podkit.model.daemonset import DaemonSet
from podkit.model.int_or_string import resolve
from podkit.model.pod import Pod


@frozen
class Situation:
    """What there is.

    Attributes:
        owner: the DaemonSet.
        revision: the hash of its present revision.
        fits: whether it goes together with the nodes that there are, by their names.
        pods: its Pods, by the node that they are on or were made for.
        backoff: for how many seconds a failed Pod of a node is still left alone.
        now: the time of day.
    """

    owner: DaemonSet
    revision: str
    fits: Mapping[str, Fit]
    pods: Mapping[str, Sequence[Pod]]
    backoff: Callable[[str], float]
    now: datetime

    def fit(self, node: str) -> Fit:
        """Whether a node is to have a Pod; one that is not there is not."""
        return self.fits.get(node, UNFIT)

    def is_available(self, pod: Pod) -> bool:
        """Whether a Pod has been ready for long enough."""
        return is_available(pod, self.owner.spec.min_ready_seconds, self.now)

    @cached_property
    def desired(self) -> int:
        """How many nodes are to have a Pod."""
        return sum(one.runs for one in self.fits.values())

    @cached_property
    def limits(self) -> tuple[int, int]:
        """How many nodes may have two Pods, and how many none that is available; both are rounded up, and not both 0."""
        strategy = self.owner.spec.update_strategy
        rolling = strategy.rolling_update if strategy is not None else None
        if rolling is None:
            return 0, 1
        surge = resolve(rolling.max_surge or 0, self.desired, round_up=True)
        most = rolling.max_unavailable if rolling.max_unavailable is not None else 1
        unavailable = resolve(most, self.desired, round_up=True)
        return surge, 1 if surge == 0 and unavailable == 0 else unavailable

    @property
    def is_rolling(self) -> bool:
        """Whether old Pods are replaced by and by."""
        strategy = self.owner.spec.update_strategy
        return strategy is None or strategy.type != "OnDelete"

    @property
    def surges(self) -> bool:
        """Whether a node may have an old and a new Pod meanwhile."""
        return self.is_rolling and self.limits[0] > 0


@define
class Plan:
    """What is to be done.

    Attributes:
        create: the nodes to make a Pod for.
        delete: the Pods to delete.
        again: after how many seconds to look again; None: when something changes.
    """

    create: list[str] = Factory(list)
    delete: list[Pod] = Factory(list)
    again: float | None = None

    def look_again(self, seconds: float) -> None:
        """Look again after so many seconds, or earlier."""
        self.again = seconds if self.again is None else min(self.again, seconds)
