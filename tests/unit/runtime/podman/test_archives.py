"""Archives end where they end."""

from __future__ import annotations

import io
import tarfile

from podkit.runtime.podman.archives import without_padding


def archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_padding_goes_and_all_else_stays() -> None:
    ending_in_zeros = b"x" + bytes(700)

    short = without_padding(archive(ending_in_zeros) + bytes(1 << 20))

    assert len(short) == 512 + 1024 + 1024  # the head of the file, its content, the end
    with tarfile.open(fileobj=io.BytesIO(short)) as tar:
        found = tar.extractfile("file")
        assert found is not None
        assert found.read() == ending_in_zeros


def test_what_is_no_archive_is_left_to_podman() -> None:
    assert without_padding(b"no archive") == b"no archive"
