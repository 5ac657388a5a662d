"""Archives as Podman wants them: with nothing after their end.

Podman unpacks an archive in a process of its own, which ends where the archive does: after two empty blocks. Archives are most
often padded beyond these to a full record. Where the process is quicker than what sends it the padding, its pipe breaks, and
Podman says that it has failed.
"""

from __future__ import annotations

import io
import tarfile

END = bytes(2 * tarfile.BLOCKSIZE)
"""How an archive ends."""


def without_padding(archive: bytes) -> bytes:
    """An archive up to its end. What is none stays as it is: Podman says what is wrong with it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.getmembers()
            return archive[: tar.offset] + END
    except tarfile.TarError:
        return archive
