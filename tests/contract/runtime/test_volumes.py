"""Volumes, which outlive what uses them, and images as volumes."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podkit.errors import ImageNotFound, RuntimeFailed
from podkit.runtime.base import CLAIM_UID, ImageMount, Mount, SecurityConfig, VolumeStatus
from tests.contract.runtime.engines import BUSYBOX, NOBODY, Engine

Make = Callable[..., VolumeStatus]
GROUP = os.getegid() or 1234
"""A group to which files may be given by whoever runs the tests, also without an engine that has users of its own."""


@pytest.fixture
def make(engine: Engine) -> Iterator[Make]:
    """Makes a volume that goes with the test."""
    made = []

    def make(**labels: str) -> VolumeStatus:
        made.append(engine.runtime.create_volume(engine.name("volume"), {**engine.labels, **labels}))
        return made[-1]

    yield make
    for volume in made:
        engine.runtime.remove_volume(volume.name)


def test_a_volume_keeps_its_content_from_one_container_to_the_next(engine: Engine, make: Make) -> None:
    volume = make()
    mount = Mount(volume.path, "/data")
    engine.run("sh", "-c", "echo kept >/data/file", mounts=[mount])
    assert engine.run("cat", "/data/file", mounts=[mount])[1] == b"kept\n"
    assert (Path(volume.path) / "file").read_text() == "kept\n"


def test_volumes_are_found_by_all_of_the_given_labels(engine: Engine, make: Make) -> None:
    one, other = make(**{CLAIM_UID: "one"}), make(**{CLAIM_UID: "other"})
    assert {volume.name for volume in engine.runtime.volumes(engine.labels)} == {one.name, other.name}
    assert engine.runtime.volumes({**engine.labels, CLAIM_UID: "one"}) == [one]
    assert one.labels == {**engine.labels, CLAIM_UID: "one"}


def test_making_a_volume_again_leaves_it_as_it_is(engine: Engine, make: Make) -> None:
    volume = make()
    (Path(volume.path) / "file").write_text("kept")
    assert engine.runtime.create_volume(volume.name, volume.labels) == volume
    assert (Path(volume.path) / "file").exists()


def test_a_name_that_somebody_else_has_is_refused(engine: Engine, make: Make) -> None:
    with pytest.raises(RuntimeFailed, match="made for something else"):
        engine.runtime.create_volume(make().name, {"of": "somebody else"})


def test_a_volume_that_is_removed_is_gone_with_its_content(engine: Engine, make: Make) -> None:
    volume = make()
    (Path(volume.path) / "file").write_text("gone")
    for _ in range(2):
        engine.runtime.remove_volume(volume.name)
    assert engine.runtime.volumes(engine.labels) == []
    assert not Path(volume.path).exists()


def test_the_files_of_an_image_can_be_read_and_not_written(engine: Engine) -> None:
    mounts = [ImageMount(NOBODY, "/image")]
    assert b"root" in engine.run("cat", "/image/etc/passwd", image_mounts=mounts)[1]
    assert engine.run("sh", "-c", "echo x >/image/etc/passwd", image_mounts=mounts)[0].exit_code != 0


def test_an_image_that_the_engine_does_not_have_cannot_be_mounted(engine: Engine) -> None:
    with pytest.raises(ImageNotFound):
        engine.create("true", image_mounts=[ImageMount("localhost/no-such-image:1", "/image")])
    assert engine.runtime.image(BUSYBOX) is not None


def archive(*entries: tuple[str, bytes, int, bytes]) -> bytes:
    """A tar archive of entries with name, type, mode and content, or target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind, mode, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.gid = kind, mode, GROUP
            if kind == tarfile.SYMTYPE:
                entry.linkname = content.decode()
            entry.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def names(content: bytes | None) -> list[str]:
    assert content is not None
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return sorted(tar.getnames())


def test_files_of_a_volume_are_written_and_read_without_a_container(engine: Engine, make: Make) -> None:
    volume = make()
    write = engine.runtime.write_volume
    write(volume.name, archive((".", tarfile.DIRTYPE, 0o2770, b""), ("one", tarfile.DIRTYPE, 0o755, b"")))
    write(volume.name, archive(("one/file", tarfile.REGTYPE, 0o640, b"first"), ("now", tarfile.SYMTYPE, 0o777, b"one")))
    assert engine.runtime.volume_mode(volume.name) == 0o2770
    member = SecurityConfig(user=4321, group=GROUP)
    read = engine.run("cat", "/data/now/file", mounts=[Mount(volume.path, "/data")], security=member)
    assert read[1] == b"first"
    assert (Path(volume.path) / "one" / "file").stat().st_mode & 0o777 == 0o640
    write(volume.name, archive(("two", tarfile.DIRTYPE, 0o755, b""), ("two/file", tarfile.REGTYPE, 0o600, b"second")))
    write(volume.name, archive(("now", tarfile.SYMTYPE, 0o777, b"two")))
    assert names(engine.runtime.read_volume(volume.name, "now")) == ["two", "two/file"]
    assert names(engine.runtime.read_volume(volume.name, "now/file")) == ["file"]
    assert engine.runtime.read_volume(volume.name, "one/none") is None


def test_what_follows_the_end_of_an_archive_does_no_harm(engine: Engine, make: Make) -> None:
    volume = make()
    engine.runtime.write_volume(volume.name, archive(("file", tarfile.REGTYPE, 0o640, b"first")) + bytes(4 << 20))
    assert names(engine.runtime.read_volume(volume.name, "file")) == ["file"]


def test_a_volume_that_is_not_there_has_no_files(engine: Engine) -> None:
    runtime, name = engine.runtime, engine.name("volume")
    uses: list[Callable[[], object]] = [
        lambda: runtime.write_volume(name, archive()),
        lambda: runtime.read_volume(name, "x"),
        lambda: runtime.volume_mode(name),
    ]
    for use in uses:
        with pytest.raises(RuntimeFailed, match="there is no such volume"):
            use()
    assert name not in {volume.name for volume in runtime.volumes({})}
