"""Files of volumes, through Podman's API, so that they can be had also where Podman runs on another machine.

Podman gives and takes files of containers only, so that each time a container is made that has the volume, is never started, and
goes again. Its image is one with nothing in it, which is loaded when it is first needed and removed at the end.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import stat
import tarfile
from collections.abc import Iterator

from attrs import evolve

from podkit.errors import ImageNotFound, PodkitError, RuntimeFailed
from podkit.runtime.podman.archives import without_padding
from podkit.runtime.podman.client import Client, Request, get, post

IMAGE = "localhost/podkit/nothing:1"
_PLACE = "/volume"
_GO_SPECIAL = {1 << 23: stat.S_ISUID, 1 << 22: stat.S_ISGID, 1 << 20: stat.S_ISVTX}
"""Where Go has what Unix has in the three bits above the permissions."""


class VolumeFiles:
    """Reads and writes files of volumes.

    Args:
        client: the connection to Podman.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loaded = False

    def write(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive in a volume."""
        operation = f"write to volume {name}"
        # for libpod, copyUIDGID=false means that owners are as the archive says
        params = {"path": _PLACE, "copyUIDGID": "false", "pause": "false"}
        # Podman 5 gives a fresh volume to the user of the container as soon as something has been unpacked in it
        steps = (_tar({}), archive) if _is_about_the_volume(archive) else (archive,)
        with self._holder(name, operation) as holder:
            for step in steps:
                data = without_padding(step)
                self._client.send(Request("PUT", f"containers/{holder}/archive", operation, params, data=data))

    def read(self, name: str, path: str) -> bytes | None:
        """A file or directory of a volume as a tar archive; None if there is none."""
        operation = f"read {path} in volume {name}"
        with self._holder(name, operation) as holder:
            request = get(f"containers/{holder}/archive", operation, {"path": f"{_PLACE}/{path}"})
            answer = self._client.send(evolve(request, accept=frozenset({404})))
        return answer.body if answer.status == 200 else None

    def mode(self, name: str) -> int:
        """The permission bits of a volume itself."""
        operation = f"look at volume {name}"
        with self._holder(name, operation) as holder:
            answer = self._client.send(Request("HEAD", f"containers/{holder}/archive", operation, {"path": _PLACE}))
        found = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
        return _unix_mode(int(found["mode"]))

    def close(self) -> None:
        """Remove the image, unless somebody else works with it."""
        if self._loaded and not self._client.closed:
            with contextlib.suppress(PodkitError):
                self._client.send(Request("DELETE", f"images/{IMAGE}", "remove an image without content"))
        self._loaded = False

    @contextlib.contextmanager
    def _holder(self, name: str, operation: str) -> Iterator[str]:
        """A container that has a volume."""
        found = self._client.send(evolve(get(f"volumes/{name}/json", operation), accept=frozenset({404})))
        if found.status == 404:  # or making the container would make it
            raise RuntimeFailed(f"could not {operation}: there is no such volume", operation=operation, status=404)
        container = self._make(name, operation)
        try:
            yield container
        finally:
            request = Request(
                "DELETE", f"containers/{container}", operation, {"force": "true"}, accept=frozenset({404})
            )
            with contextlib.suppress(PodkitError):  # one that stays goes with the volume
                self._client.send(request)

    def _make(self, name: str, operation: str) -> str:
        volumes = [{"Name": name, "Dest": _PLACE, "Options": ["nocopy"]}]
        body = {"image": IMAGE, "command": ["/nothing"], "volumes": volumes, "netns": {"nsmode": "none"}}
        request = post("containers/create", operation, json=body)
        try:
            return str(self._client.send(request).json()["Id"])
        except (ImageNotFound, RuntimeFailed) as error:
            if not isinstance(error, ImageNotFound) and error.status not in (404, 500):
                raise
            self._load(operation)
        return str(self._client.send(request).json()["Id"])

    def _load(self, operation: str) -> None:
        headers = {"Content-Type": "application/x-tar"}
        self._client.send(Request("POST", "images/load", operation, data=_nothing(), headers=headers))
        self._loaded = True


def _is_about_the_volume(archive: bytes) -> bool:
    """Whether an archive says how the volume itself shall be."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return "." in tar.getnames()


def _nothing() -> bytes:
    """An image with nothing in it, as ``docker save`` writes one."""
    layer = _tar({})
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {"os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest]}}
    manifest = [{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    files = {"config.json": json.dumps(config).encode(), "layer.tar": layer}
    return _tar({**files, "manifest.json": json.dumps(manifest).encode()})


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _unix_mode(mode: int) -> int:
    """What Go's ``os.FileMode`` says, in the bits of Unix."""
    return mode & 0o777 | sum(bit for go, bit in _GO_SPECIAL.items() if mode & go)
