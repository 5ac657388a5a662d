"""Registry logins from image pull secrets."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any

from podkit.model import Secret
from podkit.runtime.base import Credentials


def find(secrets: Iterable[Secret], image: str) -> Credentials | None:
    """The login for an image's registry: of the entries that fit, the one with the longest name.

    Secrets of the types ``kubernetes.io/dockerconfigjson`` and ``kubernetes.io/dockercfg`` are read; what cannot be read is
    passed over, as a kubelet does.
    """
    best: tuple[int, Credentials] | None = None
    for secret in secrets:
        for registry, entry in _entries(secret).items():
            place = (
                registry.removeprefix("https://").removeprefix("http://").split("/v1")[0].split("/v2")[0].rstrip("/")
            )
            credentials = _login(entry)
            if credentials is None or not _fits(place, image):
                continue
            if best is None or len(place) > best[0]:
                best = (len(place), credentials)
    return best[1] if best is not None else None


def _entries(secret: Secret) -> dict[str, Any]:
    try:
        entries = json.loads(secret.data.get(".dockercfg", b"{}"))
        if ".dockerconfigjson" in secret.data:
            entries = json.loads(secret.data[".dockerconfigjson"])["auths"]
    except (ValueError, KeyError, TypeError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _login(entry: Any) -> Credentials | None:
    if not isinstance(entry, dict):
        return None
    if entry.get("username") and entry.get("password"):
        return Credentials(str(entry["username"]), str(entry["password"]))
    try:
        username, _, password = base64.b64decode(entry.get("auth", ""), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, TypeError):
        return None
    return Credentials(username, password) if username else None


def _fits(place: str, image: str) -> bool:
    first = image.split("/")[0]
    full = image if "/" in image and ("." in first or ":" in first or first == "localhost") else f"docker.io/{image}"
    aliases = {"index.docker.io": "docker.io", "registry-1.docker.io": "docker.io"}
    place = aliases.get(place, place)
    return full == place or full.startswith((place + "/", place + ":"))
