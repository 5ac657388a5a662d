"""Ends and removes everything that a node has in the engine, with all files of its Pods and all storage of claims.

For a kubelet that has been stopped and is not to leave anything behind. Nothing here waits for what is stuck: containers are
asked to end, all at once, for as long as they are given; then they are removed, whatever they do. One thing that cannot be
removed does not keep the others.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial

from podkit.errors import PodkitError
from podkit.kubelet.services import NodeServices
from podkit.kubelet.stopper import stop_signal
from podkit.loop.clock import VirtualClock
from podkit.loop.side_by_side import side_by_side
from podkit.runtime.base import ContainerState

ROUNDS = 3
"""How often to look for sandboxes: a worker that was in the middle of a step may come late with another one, and what could not
be removed at first, because it was just ending, can be later."""
AT_ONCE = 4
POLL = 0.02


def remove_everything(node: NodeServices, grace: float) -> None:
    """End and remove everything.

    Args:
        node: the node; its kubelet has been stopped.
        grace: seconds that containers have to end by themselves.

    Raises:
        PodkitError: something cannot be removed; all else has been.
    """
    if grace > 0:
        _ask_to_end(node, grace)
    problems = [*_remove_sandboxes(node), *_remove_files(node), *node.claims.remove_all()]
    if problems:
        raise problems[0]


def _ask_to_end(node: NodeServices, grace: float) -> None:
    """Send all containers their stop signal, and wait. Whom it does not reach is killed anyhow."""
    containers = node.runtime.containers(node.labels)
    alive = {one.id for one in containers if one.state is ContainerState.RUNNING}
    for container in containers:
        if container.id in alive:
            with contextlib.suppress(PodkitError):
                node.runtime.signal_container(container.id, stop_signal(container))
    deadline = time.monotonic() + grace
    while alive and time.monotonic() < deadline and not isinstance(node.clock, VirtualClock):
        time.sleep(POLL)
        now = node.runtime.containers(node.labels)
        alive &= {one.id for one in now if one.state is ContainerState.RUNNING}


def _remove_sandboxes(node: NodeServices) -> list[PodkitError]:
    """Remove all sandboxes; return why some could not be."""
    problems: list[PodkitError] = []
    for _ in range(ROUNDS):
        found = [sandbox.id for sandbox in node.runtime.sandboxes(node.labels)]
        problems = _remove(node, found)
        if not found:
            break
    return problems


def _remove(node: NodeServices, ids: list[str]) -> list[PodkitError]:
    """Remove sandboxes, a few at a time; return why some could not be."""

    def remove(sandbox_id: str) -> PodkitError | None:
        try:
            node.runtime.remove_sandbox(sandbox_id)
        except PodkitError as problem:
            return problem
        return None

    found = side_by_side([partial(remove, sandbox_id) for sandbox_id in ids], at_most=AT_ONCE)
    return [problem for problem in found if problem is not None]


def _remove_files(node: NodeServices) -> Iterator[PodkitError]:
    """Remove the volumes and files of all Pods; tell why some could not be."""
    for uid in node.files.uids():
        try:
            node.volumes.tear_down(uid)
            node.files.remove(uid)
        except PodkitError as problem:
            yield problem
