"""Images: names, and what can be pulled."""

from __future__ import annotations

import pytest

from podkit.errors import ImageNotFound, ImagePullFailed
from podkit.loop.clock import VirtualClock
from podkit.runtime.base import Credentials, PullProgress
from podkit.runtime.simulated import Images, SimulatedImage, SimulatedRuntime
from podkit.runtime.simulated.images import full_name
from tests.unit.runtime.simulated.bench import Bench

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("shop/web", "docker.io/shop/web:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/web", "localhost:5000/web:latest"),
        ("registry.example/shop/web:2", "registry.example/shop/web:2"),
        (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
    ],
)
def test_a_reference_means_what_it_means_to_kubernetes(reference: str, name: str) -> None:
    assert full_name(reference) == name


def test_a_remote_image_is_here_once_it_was_pulled() -> None:
    bench = Bench(images=Images(["busybox"], remote=["shop/web:1"]))
    assert bench.runtime.image("shop/web:1") is None
    pulled = bench.runtime.pull_image("docker.io/shop/web:1")
    assert bench.runtime.image("shop/web:1") == pulled
    assert pulled.tags == ("docker.io/shop/web:1",)
    bench.runtime.images.remove("shop/web:1")
    bench.runtime.images.remove("never here")
    assert bench.runtime.image("shop/web:1") is None


def test_an_image_that_comes_is_told_to_whoever_listens() -> None:
    bench = Bench(images=Images(["busybox"], remote=[SimulatedImage("shop/web:1", size=70)]))
    told: list[PullProgress] = []
    bench.runtime.pull_image("shop/web:1", None, told.append)
    bench.runtime.pull_image("shop/web:1", None, told.append)
    assert told == [PullProgress(35, 70), PullProgress(70, 70)]


def test_a_local_image_need_not_be_in_a_registry() -> None:
    bench = Bench(images=Images(["busybox"], remote=[]))
    with pytest.raises(ImageNotFound, match="remote="):
        bench.runtime.pull_image("busybox")
    bench.runtime.images.publish("busybox")
    assert bench.runtime.pull_image("busybox").id == SimulatedImage("busybox").id


def test_a_pull_can_be_made_to_fail_some_times() -> None:
    bench = Bench(images=Images(["busybox"], remote=["web"]))
    bench.runtime.images.fail_pull("web", ImagePullFailed("the line is cut"), times=2)
    for _ in range(2):
        with pytest.raises(ImagePullFailed, match="line is cut"):
            bench.runtime.pull_image("web")
    assert bench.runtime.pull_image("web").tags == ("docker.io/library/web:latest",)


def test_a_registry_can_want_credentials() -> None:
    right = Credentials("me", "secret")
    bench = Bench(images=Images(["busybox"], remote=[SimulatedImage("web", credentials=right)]))
    for wrong in (None, Credentials("me", "guess")):
        with pytest.raises(ImagePullFailed, match="credentials"):
            bench.runtime.pull_image("web", wrong)
    bench.runtime.pull_image("web", right)


def test_an_image_brings_files_and_an_environment() -> None:
    image = SimulatedImage("app", command=("cat", "/app/config"), files={"/app/config": b"x=1\n"}, env={"A": "1"})
    bench = Bench(images=Images(["busybox", image]))
    assert bench.run(image="app") == (0, "x=1\n")
    assert bench.run("sh", "-c", "echo $A", image="app") == (0, "1\n")


@pytest.mark.parametrize("name", ["nginx", "busybox:1.36", "registry.example/shop/web:2", f"web@{DIGEST}"])
def test_by_default_a_registry_has_every_image(name: str) -> None:
    engine = SimulatedRuntime(VirtualClock())
    engine.pull_image(name)
    assert engine.image(name) is not None


@pytest.mark.parametrize("name", ["localhost/nowhere:1", "registry.invalid/web", "registry.invalid:5000/web"])
def test_no_registry_has_images_of_localhost_or_of_a_domain_that_cannot_exist(name: str) -> None:
    engine = SimulatedRuntime(VirtualClock())
    assert engine.image("localhost/busybox") is not None
    with pytest.raises(ImageNotFound):
        engine.pull_image(name)


def test_an_image_runs_until_it_is_ended_and_one_of_a_system_runs_a_shell() -> None:
    engine = SimulatedRuntime(VirtualClock())
    assert engine.pull_image("nginx").command == ("sleep", "infinity")
    assert engine.pull_image("alpine:3").command == ("sh",)
