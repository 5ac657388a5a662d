"""Starting containers, so that it is noticed from the beginning if one lacks memory.

A process that takes too much memory at once is gone, with its control group, before anybody has looked at it. So what has a limit
is first made with all but its process begun (``init``, which is the first half of Podman's ``start``), and its control group is
listened to from then on.
"""

from __future__ import annotations

import contextlib

from attrs import evolve

from podkit.errors import RuntimeFailed, StartFailed
from podkit.runtime.podman.client import Client, post
from podkit.runtime.podman.errors import start_refused
from podkit.runtime.podman.observe import Observer


class Starter:
    """Starts the containers of one runtime.

    Args:
        client: the connection to Podman.
        observer: is told what is about to run.
    """

    def __init__(self, client: Client, observer: Observer) -> None:
        self._client = client
        self._observer = observer
        self._limited: set[str] = set()

    def note_limit(self, container_id: str) -> None:
        """A container has been made that may not take more than so much memory."""
        if self._observer.local:
            self._limited.add(container_id)

    def forget(self, container_id: str) -> None:
        """A container has been removed."""
        self._limited.discard(container_id)

    def start(self, container_id: str) -> None:
        """Start a container.

        Raises:
            StartFailed: its process cannot be started.
            RuntimeFailed: anything else.
        """
        operation = f"start container {container_id[:12]}"
        if container_id in self._limited:
            self._prepare(container_id, operation)
        request = post(f"containers/{container_id}/start", operation)
        try:
            self._client.send(evolve(request, accept=frozenset({304}), error=start_refused))
        except StartFailed as error:
            self._observer.failed_to_start(container_id, error.detail)
            raise

    def _prepare(self, container_id: str, operation: str) -> None:
        """What stands in the way, the start has to say."""
        self._limited.discard(container_id)
        with contextlib.suppress(RuntimeFailed):
            self._client.send(post(f"containers/{container_id}/init", operation))
            self._observer.expect(container_id, int(self._observer.inspect(container_id)["State"].get("Pid") or 0))
