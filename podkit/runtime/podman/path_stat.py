"""What there is at a path of a container, as Podman's API tells it in a header."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from attrs import evolve

from podkit.loop import cancellation
from podkit.runtime.podman.client import PAUSES, Client, Request
from podkit.runtime.podman.errors import refused

_HEADER = "X-Docker-Container-Path-Stat"
_ANY = frozenset(range(400, 600))
"""Refusals of such a request have no words in which they could say why."""
_GO_DIRECTORY, _GO_LINK = 1 << 31, 1 << 27
_LINKS = 40
"""As many links in a row as Linux follows."""


def is_directory(client: Client, container_id: str, path: str) -> bool | None:
    """Whether there is a directory, following links; None: there is nothing."""
    for _ in range(_LINKS):
        found = _stat(client, container_id, path)
        if found is None:
            return None
        mode, target = int(found["mode"]), str(found.get("linkTarget") or "")
        if not mode & _GO_LINK or target in ("", path):
            return bool(mode & _GO_DIRECTORY)
        path = target
    return None


def _stat(client: Client, container_id: str, path: str) -> Any:
    operation = f"look at {path} in container {container_id[:12]}"
    request = Request("HEAD", f"containers/{container_id}/archive", operation, {"path": path})
    for pause in (*PAUSES, None):
        answer = client.send(evolve(request, accept=_ANY))
        header = answer.headers.get(_HEADER)
        if header is not None:
            return json.loads(base64.b64decode(header))
        # or is it the container that is not there?
        client.send(Request("GET", f"containers/{container_id}/json", operation))
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if pause is not None:  # it may just be ending
            cancellation.sleep(pause)
    raise refused(operation, answer.status, "it does not say what is there")
