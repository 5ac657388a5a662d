"""Pods on a network that somebody has made, with addresses of both families."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podkit import Cluster, EnvVar, EnvVarSource, ObjectFieldSelector, PodmanRuntime
from tests.conformance.build import WEB_SERVER, lasting, once, shell
from tests.conformance.place import Place, eventually
from tests.environment import Environment

NETWORK = "podkit-test-dual"


@pytest.fixture
def place(podman_environment: Environment) -> Iterator[Place]:
    subnets = ("--ipv6", "--subnet", "10.97.0.0/24", "--subnet", "fd00:97::/64")
    podman_environment.podman("network", "create", *subnets, NETWORK)
    runtime = PodmanRuntime(network=NETWORK)
    with Cluster(runtime) as cluster:
        yield Place(cluster, "default")
    runtime.close()
    podman_environment.podman("network", "rm", NETWORK)


def test_a_pod_has_an_address_of_each_family(place: Place) -> None:
    source = EnvVarSource(field_ref=ObjectFieldSelector("status.podIPs"))
    web = place.start(lasting("web", shell(f"echo $IPS; {WEB_SERVER}", env=[EnvVar("IPS", value_from=source)])))
    four, six = (one.ip for one in web.status.pod_ips)
    assert web.status.pod_ip == four
    assert four.startswith("10.97.0.")
    assert six.startswith("fd00:97::")
    eventually(lambda: place.cluster.logs(web) == f"{four},{six}\n", "that it tells its addresses")
    hosts = place.said(web, "cat", "/etc/hosts")
    assert f"{four}\tweb\n{six}\tweb\n" in hosts
    client = place.start(lasting("client"))
    for address in (four, f"[{six}]"):  # the other family may still be looking whether somebody else has its address
        eventually(
            lambda url=f"http://{address}:8080": place.cluster.exec(client, ["wget", "-qO-", url]).stdout == "web\n",
            f"an answer from {address}",
        )


def test_a_network_that_is_not_there_is_not_made(podman_environment: Environment) -> None:
    runtime = PodmanRuntime(network="podkit-test-gone")
    with Cluster(runtime) as cluster:
        place = Place(cluster, "default")
        pod = place.create(once("lost", shell("true")))
        eventually(lambda: "FailedCreatePodSandBox" in place.events(pod), "that it cannot be")
        message = place.events(pod)["FailedCreatePodSandBox"]
    runtime.close()
    assert "podkit-test-gone" in message
    assert "podkit-test-gone" not in podman_environment.podman("network", "ls")
