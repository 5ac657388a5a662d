"""Volumes of Podman: directories that it keeps until somebody removes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from podkit.errors import RuntimeFailed
from podkit.runtime.base import VolumeStatus
from podkit.runtime.podman.client import Client, Request, get, label_filter, post


def create(client: Client, name: str, labels: Mapping[str, str]) -> VolumeStatus:
    """Make a volume, unless it is there already."""
    operation = f"make volume {name}"
    found = client.send(evolve(get(f"volumes/{name}/json", operation), accept=frozenset({404})))
    if found.status == 404:
        body = {"Name": name, "Labels": dict(labels)}
        found = client.send(post("volumes/create", operation, json=body))
    volume = _status(found.json())
    if volume.labels != labels:
        raise RuntimeFailed(
            f"could not {operation}: there is a volume of this name that was made for something else; remove it "
            f"(podman volume rm {name}) if nobody needs it",
            operation=operation,
        )
    return volume


def remove(client: Client, name: str) -> None:
    """Remove a volume with all that is in it."""
    request = Request("DELETE", f"volumes/{name}", f"remove volume {name}", {"force": "true"}, accept=frozenset({404}))
    client.send(request)


def find(client: Client, labels: Mapping[str, str]) -> list[VolumeStatus]:
    """All volumes with these labels. Podman 4 lists those that have any of them."""
    params = {"filters": label_filter(labels)}
    found = [_status(volume) for volume in client.send(get("volumes/json", "list volumes", params)).json() or ()]
    return [volume for volume in found if labels.items() <= volume.labels.items()]


def _status(document: Mapping[str, Any]) -> VolumeStatus:
    return VolumeStatus(str(document["Name"]), document.get("Labels") or {}, str(document["Mountpoint"]))
