"""How the Pods of a node are given access to Services."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from directories import ObjectDirectory

from podkit.errors import RuntimeFailed
from podkit.kubelet.network.access import ADDRESS, ServiceAccess
from podkit.model import ContainerPort, Pod
from podkit.runtime.base import Forward, RuntimeInfo
from tests.unit.kubelet.test_service_names import service, web

INFO = RuntimeInfo("fake", "1", 1, 1)
REMOTE = RuntimeInfo("fake", "1", 1, 1, sandboxes_enterable=False, addresses_translated=False)


class Engine:
    """An engine whose sandboxes can be entered."""

    def __init__(self) -> None:
        self.bound: dict[str, tuple[socket.socket, socket.socket]] = {}
        self.forwards: dict[str, list[tuple[Forward, ...]]] = {}
        self.problem: Exception | None = None

    def bind(self, sandbox_id: str, host: str, port: int) -> tuple[socket.socket, socket.socket]:
        if self.problem is not None:
            raise self.problem
        streams = socket.socket()
        streams.bind(("127.0.0.1", 0))
        streams.listen()
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind(streams.getsockname())
        self.bound[sandbox_id] = (datagrams, streams)
        return self.bound[sandbox_id]

    def forward(self, sandbox_id: str, forwards: tuple[Forward, ...]) -> None:
        self.forwards.setdefault(sandbox_id, []).append(forwards)


class Bench:
    def __init__(self, *objects: Any, info: RuntimeInfo = INFO) -> None:
        self.engine = Engine()
        self.events: list[tuple[str, str]] = []
        self.objects = list(objects)
        self.access = ServiceAccess(self.engine, info, ObjectDirectory(self.objects), lambda: "", self._report)  # type: ignore[arg-type]

    def _report(self, involved: Any, reason: str, message: str, **_: Any) -> None:
        self.events.append((reason, message))

    def open(self, sandbox_id: str) -> bool:
        return all(one.fileno() >= 0 for one in self.engine.bound[sandbox_id])


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Any:
    made: list[Bench] = []

    def bench(*objects: Any, **fields: Any) -> Bench:
        made.append(Bench(*objects, **fields))
        request.addfinalizer(made[-1].access.close)
        return made[-1]

    return bench


def client(**spec: Any) -> Pod:
    pod = web("client", "10.89.0.7", **spec)
    pod.metadata.uid = "u-1"
    return pod


def test_a_pod_keeps_its_sockets_as_long_as_its_sandbox(make: Any) -> None:
    bench = make()
    assert bench.access.name_server(client()) == ADDRESS
    bench.access.connect(client(), "s-1")
    first = bench.engine.bound["s-1"]
    bench.access.connect(client(), "s-1")
    assert bench.engine.bound["s-1"] is first
    assert bench.open("s-1")
    bench.access.connect(client(), "s-2")
    assert not bench.open("s-1")
    assert bench.open("s-2")
    bench.access.disconnect("u-1")
    bench.access.disconnect("u-1")
    assert not bench.open("s-2")


def test_addresses_are_translated_from_the_beginning_and_when_they_change(make: Any) -> None:
    bench = make(service(cluster_ip="10.96.1.1"))
    bench.access.connect(client(), "s-1")
    assert bench.engine.forwards["s-1"] == [(Forward("TCP", "10.96.1.1", 8080),)]
    bench.access.translate_anew()
    assert len(bench.engine.forwards["s-1"]) == 1
    bench.access._directory = ObjectDirectory([service(cluster_ip="10.96.1.1"), web("one", "10.89.0.2")])
    bench.access.translate_anew()
    assert bench.engine.forwards["s-1"][1:] == [(Forward("TCP", "10.96.1.1", 8080, (("10.89.0.2", 8080),)),)]


def test_a_client_that_is_to_be_kept_gets_to_one_pod_as_long_as_that_is_there(make: Any) -> None:
    keeping = service(cluster_ip="10.96.1.1", session_affinity="ClientIP")
    bench = make(keeping, web("one", "10.89.0.2"), web("two", "10.89.0.3"))
    bench.access.connect(client(), "s-1")

    def target() -> tuple[str, int]:
        (forward,) = bench.engine.forwards["s-1"][-1]
        (found,) = forward.targets
        return found

    first = target()
    others = [web(f"pod-{number}", f"10.89.0.{number}") for number in range(2, 40)]
    bench.access._directory = ObjectDirectory([keeping, *others])
    bench.access.translate_anew()
    assert target() == first
    bench.access._directory = ObjectDirectory([keeping, *(pod for pod in others if pod.status.pod_ip != first[0])])
    bench.access.translate_anew()
    assert target() != first


def test_without_services_nothing_is_translated(make: Any) -> None:
    bench = make(web("one", "10.89.0.2"))
    bench.access.connect(client(), "s-1")
    bench.access.translate_anew()
    assert not bench.engine.forwards
    assert not bench.access.changes_matter()


@pytest.mark.parametrize(
    "spec",
    [
        {"dns_policy": "Default"},
        {"dns_policy": "None"},
        {"host_network": True},
        {"host_network": True, "dns_policy": "ClusterFirstWithHostNet"},
        {"ports": [ContainerPort(53, protocol="UDP")]},
    ],
)
def test_who_does_not_want_names_or_cannot_have_them_has_none(make: Any, spec: dict[str, Any]) -> None:
    bench = make()
    assert bench.access.name_server(client(**spec)) is None
    bench.access.connect(client(**spec), "s-1")
    assert not bench.engine.bound


def test_where_networks_cannot_be_entered_only_those_are_told_who_have_services(make: Any) -> None:
    without, having = make(info=REMOTE), make(service(), info=REMOTE)
    for bench in (without, having):
        assert bench.access.name_server(client()) is None
        bench.access.connect(client(), "s-1")
        assert not bench.engine.bound
    assert not without.events
    assert [reason for reason, _ in having.events] == ["MissingClusterDNS"]


def test_a_sandbox_that_cannot_be_entered_is_told_of(make: Any) -> None:
    bench = make(service(cluster_ip="10.96.1.1"))
    bench.engine.problem = RuntimeFailed("no nsenter", operation="x")
    bench.access.connect(client(), "s-1")
    bench.access.translate_anew()
    ((reason, message),) = bench.events
    assert reason == "ServicesUnreachable"
    assert "no nsenter" in message
    assert not bench.engine.forwards


def test_nothing_is_connected_once_it_is_closed(make: Any) -> None:
    bench = make()
    bench.access.connect(client(), "s-1")
    bench.access.close()
    assert not bench.open("s-1")
    bench.access.connect(client(), "s-2")
    assert "s-2" not in bench.engine.bound
