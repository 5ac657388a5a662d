"""Pulling on real Podman: bytes are told, logins are used, and short names mean what registries.conf says."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import Cluster, Container, LocalObjectReference, Pod, PodmanRuntime, Progress, PullProgress, Secret
from podkit.errors import ImagePullFailed
from podkit.runtime.base import Credentials, PullListener
from tests.environment import Environment
from tests.podman.slow_registry import SIZE, SlowRegistry

SECONDS = 60
DENIED = "(unauthorized|authentication required)"


@pytest.fixture
def registry(
    podman_environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlowRegistry]:
    """A registry that a Podman service which is started from now on knows."""
    with SlowRegistry("me", "hunter2") as registry:
        known = Path(os.environ["CONTAINERS_REGISTRIES_CONF"]).read_text()
        more = f'\n[[registry]]\nlocation = "{registry.address}"\ninsecure = true\n'
        registries(known + more, tmp_path, monkeypatch)
        yield registry
        podman_environment.podman("rmi", "--force", registry.image, check=False)


def registries(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services that are started from now on have this registries.conf."""
    path = tmp_path / "registries.conf"
    path.write_text(text)
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(path))


def test_a_pull_is_told_while_it_goes_on(registry: SlowRegistry) -> None:
    told: list[PullProgress] = []

    def tell(progress: PullProgress) -> None:
        told.append(progress)
        registry.go_on.set()

    runtime = PodmanRuntime()
    try:
        image = runtime.pull_image(registry.image, Credentials("me", "hunter2"), tell)
        assert registry.image in image.tags
        assert SIZE // 2 <= told[0].current < told[0].total
        assert told[-1].current == told[-1].total > SIZE
        for listener in (None, tell):
            with pytest.raises(ImagePullFailed, match=f"could not pull image {registry.image}: .*{DENIED}"):
                runtime.pull_image(registry.image, Credentials("me", "wrong"), listener)
    finally:
        runtime.close()


def test_a_wait_tells_the_bytes_of_a_pod_that_brings_its_login(registry: SlowRegistry, tmp_path: Path) -> None:
    told: list[PullProgress] = []

    def tell(progress: Progress) -> None:
        for pull in progress.objects[0].pulled.values():
            told.append(pull)
            registry.go_on.set()

    login = {"auths": {registry.address: {"auth": base64.b64encode(b"me:hunter2").decode()}}}
    secret = Secret.new("login", {".dockerconfigjson": json.dumps(login)}, type="kubernetes.io/dockerconfigjson")
    main = Container("main", image=registry.image)
    pod = Pod.new("slow", containers=[main], restart_policy="Never", image_pull_secrets=[LocalObjectReference("login")])
    with Cluster(root_dir=tmp_path / "nodes", progress=tell) as cluster:
        cluster.create(secret)
        cluster.wait(cluster.create(pod), "phase=Failed", timeout=SECONDS)
        reasons = [event.reason for event in cluster.events(pod)]
    assert SIZE // 2 <= told[0].current < told[0].total
    assert reasons.index("Pulling") < reasons.index("Pulled")
    assert reasons.count("Pulling") == 1


@pytest.mark.parametrize("tell", [None, lambda _: None], ids=["quiet", "told"])
@pytest.mark.parametrize(
    "unclear",
    [
        'unqualified-search-registries = ["a.invalid", "b.invalid"]\nshort-name-mode = "enforcing"\n',
        "unqualified-search-registries = []\n",
    ],
    ids=["several", "none"],
)
def test_a_short_name_that_is_not_clear_means_docker_hub(
    podman_environment: Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unclear: str,
    tell: PullListener | None,
) -> None:
    hub = podman_environment.registry
    registries(
        f'{unclear}\n[[registry]]\nprefix = "docker.io"\nlocation = "{hub}"\ninsecure = true\n', tmp_path, monkeypatch
    )
    runtime = PodmanRuntime()
    try:
        assert "docker.io/library/busybox:1.36" in runtime.pull_image("busybox:1.36", None, tell).tags
    finally:
        runtime.close()
