"""Images: what an engine has, and what it can fetch."""

from __future__ import annotations

import pytest

from podkit.errors import ImageNotFound, ImagePullFailed
from podkit.runtime.base import PullListener, PullProgress
from tests.contract.runtime.engines import BUSYBOX, ECHO, NOBODY, REMOTE, UNREACHABLE, Engine


def test_an_image_tells_what_it_runs(engine: Engine) -> None:
    image = engine.runtime.image(ECHO)
    assert image is not None
    assert (image.entrypoint, image.command) == (("/bin/echo", "ep"), ("image-default",))
    image = engine.runtime.image(NOBODY)
    assert image is not None
    assert (image.user, image.working_dir) == ("65534", "/tmp")
    assert image.env["PATH"]


def test_an_image_is_found_by_its_names_and_its_id(engine: Engine) -> None:
    image = engine.runtime.image(BUSYBOX)
    assert image is not None
    assert image.id.startswith("sha256:")
    assert BUSYBOX in image.tags
    assert image.size > 0
    for reference in (image.id, BUSYBOX.removesuffix(":latest")):
        found = engine.runtime.image(reference)
        assert found is not None
        assert found.id == image.id


def test_an_image_that_is_not_here_is_none(engine: Engine) -> None:
    assert engine.runtime.image("localhost/no-such-image:latest") is None


def test_a_container_can_be_made_from_an_id(engine: Engine) -> None:
    image = engine.runtime.image(BUSYBOX)
    assert image is not None
    assert engine.run("true", image=image.id)[0].image_id == image.id


def test_an_image_can_be_pulled_twice(engine: Engine) -> None:
    first, second = engine.runtime.pull_image(REMOTE), engine.runtime.pull_image(REMOTE)
    assert first.id == second.id
    assert REMOTE in first.tags
    found = engine.runtime.image(REMOTE)
    assert found is not None
    assert found.id == first.id
    assert engine.run("echo", "pulled", image=REMOTE)[1] == b"pulled\n"


@pytest.mark.parametrize("reference", [REMOTE, REMOTE.rpartition("/")[2]])
def test_a_pull_of_which_is_told_is_like_another_one(engine: Engine, reference: str) -> None:
    told: list[PullProgress] = []
    image = engine.runtime.pull_image(reference, None, told.append)
    assert image == engine.runtime.pull_image(reference)
    assert REMOTE in image.tags
    assert all(0 <= one.current <= one.total for one in told)
    told.clear()
    assert engine.runtime.pull_image(reference, None, told.append) == image
    assert told == [], "nothing comes of an image that is there already"


@pytest.mark.parametrize("tell", [None, lambda _: None], ids=["quiet", "told"])
def test_an_image_that_no_registry_has_cannot_be_pulled(engine: Engine, tell: PullListener | None) -> None:
    with pytest.raises(ImageNotFound):
        engine.runtime.pull_image("docker.io/library/no-such-image:latest", None, tell)


@pytest.mark.parametrize("tell", [None, lambda _: None], ids=["quiet", "told"])
def test_an_image_of_a_registry_that_does_not_answer_cannot_be_pulled(
    engine: Engine, tell: PullListener | None
) -> None:
    with pytest.raises(ImagePullFailed):
        engine.runtime.pull_image(UNREACHABLE, None, tell)
