"""Volumes, which outlive what uses them, and images as volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podkit.errors import ImageNotFound, RuntimeFailed
from podkit.runtime.base import CLAIM_UID, ImageMount, Mount, VolumeStatus
from tests.contract.runtime.engines import BUSYBOX, NOBODY, Engine

Make = Callable[..., VolumeStatus]


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
