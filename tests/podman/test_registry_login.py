"""Pulling from a registry that wants to know who asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from podkit import Cluster, Container, LocalObjectReference, Pod, Secret, ServiceAccount
from tests.environment import Environment
from tests.environment.registry import Registry

USER, PASSWORD = "alice", "open sesame"
LOGIN = f"{USER}:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW"
"""The hash was made with libxcrypt: ``crypt("open sesame", "$2y$05$abcdefghijklmnopqrstuu")``."""


@pytest.fixture(scope="module")
def image(podman_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image that is in such a registry only."""
    with Registry(tmp_path_factory.mktemp("registry"), logins=[LOGIN]) as registry:
        podman_environment.use_registry(registry.address)
        name = f"{registry.address}/private/busybox:1"
        push = ("push", "--quiet", "--tls-verify=false", f"--creds={USER}:{PASSWORD}")
        podman_environment.podman(*push, "localhost/busybox:latest", f"docker://{name}")
        yield name


@pytest.fixture
def cluster(podman_environment: Environment, image: str) -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster
    podman_environment.podman("rmi", "--ignore", image)


def login(registry: str, password: str) -> Secret:
    """A secret as ``kubectl create secret docker-registry`` makes it."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    content = json.dumps({"auths": {registry: {"auth": auth}}})
    return Secret.new("login", {".dockerconfigjson": content}, type="kubernetes.io/dockerconfigjson")


def hello(image: str, **fields: object) -> Pod:
    return Pod.new(
        "hello",
        containers=[Container("main", image=image, command=["echo", "hello"])],
        restart_policy="Never",
        **fields,
    )


def said(pod: Pod) -> str:
    state = pod.status.container_statuses[0].state if pod.status.container_statuses else None
    return f"{state.waiting.reason}: {state.waiting.message}" if state and state.waiting else ""


def test_a_pull_secret_lets_in(cluster: Cluster, image: str) -> None:
    cluster.create(login(image.partition("/")[0], PASSWORD))
    done = cluster.run(hello(image, image_pull_secrets=[LocalObjectReference("login")]), timeout=60)
    assert cluster.logs(done) == "hello\n"


def test_the_secrets_of_the_service_account_count_too(cluster: Cluster, image: str) -> None:
    cluster.create(login(image.partition("/")[0], PASSWORD))
    cluster.create(ServiceAccount.new("robot", image_pull_secrets=["login"]))
    done = cluster.run(hello(image, service_account_name="robot", automount_service_account_token=False), timeout=60)
    assert cluster.logs(done) == "hello\n"


def test_without_a_login_the_pull_fails_until_there_is_one(cluster: Cluster, image: str) -> None:
    pod = cluster.create(hello(image, image_pull_secrets=[LocalObjectReference("login")]))
    cluster.wait(pod, lambda pod: "ImagePullBackOff" in said(pod), timeout=60)
    cluster.create(login(image.partition("/")[0], PASSWORD))
    assert cluster.logs(cluster.wait(pod, "phase=Succeeded", timeout=60)) == "hello\n"


def test_a_wrong_password_is_told(cluster: Cluster, image: str) -> None:
    cluster.create(login(image.partition("/")[0], "guess"))
    pod = cluster.create(hello(image, image_pull_secrets=[LocalObjectReference("login")]))
    pod = cluster.wait(pod, lambda pod: "ErrImagePull" in said(pod), timeout=60)
    assert "unauthorized" in said(pod) or "authentication required" in said(pod)
    assert PASSWORD not in said(pod)
