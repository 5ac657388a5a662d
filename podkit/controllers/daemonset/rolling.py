"""Which nodes a rolling update moves to the present template next.

Without surge an old Pod is deleted, and a new one takes its place once it is gone; so many nodes may be without an available Pod.
With surge the new Pod comes first, beside the old one, which goes when the new one is available. Old Pods that are not available
are replaced at once: nothing is lost by it.

Source of the rules: ``pkg/controller/daemon/update.go`` (rollingUpdate).
"""

from __future__ import annotations

from podkit.controllers.daemonset.pods import Pair, pair_of
from podkit.controllers.daemonset.situation import Plan, Situation
from podkit.model.pod import Pod


def roll(there: Situation, plan: Plan) -> None:
    """Plan the next step of a rolling update."""
    surge, unavailable = there.limits
    pairs = {node: pair_of(pods, there.revision) for node, pods in there.pods.items()}
    if surge:
        _surge(there, plan, pairs, surge)
    else:
        _replace(there, plan, pairs, unavailable)


def _replace(there: Situation, plan: Plan, pairs: dict[str, Pair | None], most: int) -> None:
    unavailable = 0
    candidates: list[Pod] = []
    for pair in pairs.values():
        if pair is None or (pair.new is None) == (pair.old is None):
            unavailable += 1
        elif pair.old is None:
            assert pair.new is not None, "one of both is there"
            unavailable += not there.is_available(pair.new)
        elif there.is_available(pair.old):
            candidates.append(pair.old)
        else:
            plan.delete.append(pair.old)
            unavailable += 1
    plan.delete += candidates[: max(0, most - unavailable)]


def _surge(there: Situation, plan: Plan, pairs: dict[str, Pair | None], most: int) -> None:
    surging = 0
    candidates: list[str] = []
    for node, pair in pairs.items():
        if pair is None:
            surging += 1
        elif pair.old is None:
            continue
        elif pair.new is None:
            if not there.fit(node).runs:
                continue
            (candidates if there.is_available(pair.old) else plan.create).append(node)
        elif there.is_available(pair.new):
            plan.delete.append(pair.old)
        else:
            surging += 1
    plan.create += candidates[: max(0, most - surging)]
