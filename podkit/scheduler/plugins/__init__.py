"""What speaks for and against a node: filters and scores, one module a plugin of kube-scheduler, under its name.

A *filter* is asked once a Pod, with the whole cluster before it, and answers with a function that says of a node why the Pod cannot
run there (nothing: it can); or with None, when it has nothing to say about this Pod. A *score* is asked in the same way
and answers with a function that gives each of the possible nodes 0 to 100. So what is needed for all nodes is worked out
once, and a plain Pod passes most plugins at no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

Reasons: TypeAlias = Sequence[str]
"""Why a node is not possible; nothing when it is."""

NodeFilter: TypeAlias = Callable[[NodeInfo], Reasons]
Filter: TypeAlias = Callable[[PodInfo, Snapshot], NodeFilter | None]

NodeScore: TypeAlias = Callable[[Sequence[NodeInfo]], Sequence[float]]
Score: TypeAlias = Callable[[PodInfo, Snapshot], NodeScore | None]


class Final(tuple[str, ...]):
    """Reasons that would not go away if other Pods did, so that preemption is no help (UnschedulableAndUnresolvable)."""


class Unresolvable(Exception):
    """No node can take a Pod, whatever the node is; the message says why. What filters raise when they are asked."""


MAX_SCORE = 100

FITS: Reasons = ()


def normalized(scores: Sequence[float], *, reverse: bool = False) -> list[float]:
    """Stretch scores so that the greatest becomes 100; reversed, so that it becomes 0 and nothing becomes 100."""
    greatest = max(scores, default=0)
    if greatest == 0:
        return [MAX_SCORE if reverse else 0] * len(scores)
    stretched = [MAX_SCORE * score // greatest for score in scores]
    return [MAX_SCORE - score for score in stretched] if reverse else stretched
