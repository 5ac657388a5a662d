"""Files of containers, as archives, through Podman's API.

Podman packs in a process of its own, and has said that all is well before that begins. When a container ends meanwhile, and its
files are unmounted, the archive breaks off, mostly before its first byte, and nothing else says so. So it is read to its end mark,
and asked for again where nothing has come.
"""

from __future__ import annotations

from typing import BinaryIO

from podkit.errors import RuntimeFailed
from podkit.loop import cancellation
from podkit.runtime.podman.archives import END, without_padding
from podkit.runtime.podman.client import PAUSES, Client, Request, get


def put(client: Client, container_id: str, path: str, archive: bytes | BinaryIO) -> None:
    """Unpack an archive at a directory of a container.

    Raises:
        ContainerNotFound: there is no such container.
        RuntimeFailed: it cannot be done.
    """
    operation = f"copy to {path} in container {container_id[:12]}"
    data = without_padding(archive) if isinstance(archive, bytes) else archive
    client.send(Request("PUT", f"containers/{container_id}/archive", operation, {"path": path}, data=data))


def read(client: Client, container_id: str, path: str, sink: BinaryIO) -> None:
    """Write a file or directory of a container to a file, as an archive.

    Raises:
        ContainerNotFound: there is no such container.
        RuntimeFailed: it cannot be done, or the archive broke off.
    """
    operation = f"copy {path} from container {container_id[:12]}"
    request = get(f"containers/{container_id}/archive", operation, {"path": path})
    for pause in (*PAUSES, None):
        rest = _read(client, request, sink)
        if rest == END:
            return
        if rest or pause is None:
            break
        cancellation.sleep(pause)
    text = f"could not {operation}: the archive broke off; if the container has ended just now, try again"
    raise RuntimeFailed(text, operation=operation)


def _read(client: Client, request: Request, sink: BinaryIO) -> bytes:
    """Read an archive, and return what it ended with."""
    rest = b""
    with client.stream(request) as pieces:
        for piece in pieces:
            sink.write(piece)
            rest = (rest + piece)[-len(END) :]
    return rest
