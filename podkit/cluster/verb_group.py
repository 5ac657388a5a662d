"""What the groups of verbs of `podkit.Cluster` have in common: the parts of a cluster that they work with.

Each group is a class of its own, for objects, for Pods, for nodes and so on, and `podkit.Cluster` is all of them together. They
share one set of parts, which is made once.
"""

from __future__ import annotations

from typing import Any, TypeVar

from podkit.cluster.containers import ContainerFinder
from podkit.cluster.left_open import CallsUnderWay, LeftOpen
from podkit.cluster.live_table import LiveTable
from podkit.cluster.logs import LogReader
from podkit.cluster.object_watch import ObjectWatch
from podkit.cluster.pauses import Steps
from podkit.cluster.progress import Tell
from podkit.cluster.usage import UsageReader
from podkit.cluster.waiter import Waiter
from podkit.cluster.wiring import Machinery
from podkit.runtime.base import Closeable

T = TypeVar("T")


class VerbGroup:
    """Some verbs of a cluster.

    Args:
        parts: the cluster's control loops, and what they share.
        progress: whether to show how far waits are, or who is told.
    """

    def __init__(self, parts: Machinery, progress: bool | Tell) -> None:
        self._parts = parts
        self._store = parts.store
        self._driver = parts.driver
        self._clock = parts.clock
        self._finder = ContainerFinder(parts.runtimes)
        self._logs = LogReader(self._finder, self._clock)
        self._usage = UsageReader(self._finder, self._driver, self._clock)
        self._waiter = Waiter(self._store, self._driver, self._clock, self._logs, progress)
        self._watches: LeftOpen[ObjectWatch[Any]] = LeftOpen()
        self._streams: LeftOpen[Closeable] = LeftOpen()
        self._tables: LeftOpen[LiveTable] = LeftOpen()
        self._calls = CallsUnderWay()

    def _complete(self, steps: Steps[T]) -> T:
        """Go the steps of a verb that waits to their end; see `podkit.cluster.pauses.waits`."""
        return self._driver.complete(steps)
