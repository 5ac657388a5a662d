"""Addresses, names and ports of Pods."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest

from podkit import ContainerPort, HostAlias, HostPathVolumeSource, HTTPGetAction, Pod, PodDNSConfig, Probe, Volume
from podkit.model import PodDNSConfigOption
from tests.conformance.build import SLEEP, WEB_SERVER, lasting, once, shell
from tests.conformance.place import PATIENCE, Place, eventually

SERVES = Probe(http_get=HTTPGetAction(8080), period_seconds=1, timeout_seconds=30)


def web_server(name: str, *ports: ContainerPort, **fields) -> Pod:
    """A Pod that tells its host name at port 8080."""
    return lasting(name, shell(WEB_SERVER, ports=list(ports), readiness_probe=SERVES), **fields)


@pytest.mark.behaviour("network/etc-hosts-fqdn")
def test_network_etc_hosts_fqdn(place: Place) -> None:
    pod = place.run(once("named", shell("hostname; cat /etc/hosts"), hostname="host-1", subdomain="sub-1"))
    name, *lines = place.cluster.logs(pod).splitlines()
    assert name == "host-1"
    assert [pod.status.pod_ip, f"host-1.sub-1.{place.namespace}.svc.cluster.local", "host-1"] in [
        line.split() for line in lines
    ]


def test_network_whole_name(place: Place) -> None:
    """With ``setHostnameAsFQDN`` the hostname is the whole name; a Pod with one that is too long waits, and says why."""
    fields = {"subdomain": "sub", "set_hostname_as_fqdn": True}
    name = f"short.sub.{place.namespace}.svc.cluster.local"
    if len(name) <= 64:
        assert place.output(once("short", shell("hostname; hostname -f"), **fields)) == f"{name}\n{name}\n"
    pod = place.create(once("long", shell("hostname"), hostname="h" * 60, **fields))
    place.wait(pod, lambda _: "is too long (64 characters" in place.events(pod).get("FailedCreatePodSandBox", ""))
    assert place.pod("long").status.phase == "Pending"


@pytest.mark.behaviour("network/dns-config")
def test_network_dns_config(place: Place) -> None:
    config = PodDNSConfig(["1.1.1.1"], ["resolv.conf.local"], [PodDNSConfigOption("ndots", "2")])
    found = place.output(
        once("asking", shell("cat /etc/resolv.conf"), dns_policy="None", dns_config=config)
    ).splitlines()
    assert sorted(found) == ["nameserver 1.1.1.1", "options ndots:2", "search resolv.conf.local"]


@pytest.mark.behaviour("node/host-aliases")
def test_node_host_aliases(place: Place) -> None:
    containers = [shell("cat /etc/hosts", name) for name in ("a", "b")]
    pod = place.run(once("aliased", *containers, host_aliases=[HostAlias("123.45.67.89", ["foo", "bar"])]))
    for name in ("a", "b"):
        lines = place.cluster.logs(pod, container=name).splitlines()
        assert "123.45.67.89\tfoo\tbar" in lines
        assert f"{pod.status.pod_ip}\taliased" in lines
        assert "127.0.0.1\tlocalhost" in lines


@pytest.mark.behaviour("node/managed-etc-hosts")
def test_node_managed_etc_hosts(place: Place, tmp_path: Path) -> None:
    mine = tmp_path / "hosts"
    mine.write_text("192.0.2.1 mine\n")
    volume = Volume("mine", host_path=HostPathVolumeSource(str(mine)))
    containers = [shell("cat /etc/hosts", "plain"), shell("cat /etc/hosts", "own", mounts={"mine": "/etc/hosts"})]
    pod = place.run(once("managed", *containers, volumes=[volume]))
    assert place.cluster.logs(pod, container="plain").startswith("# Kubernetes-managed hosts file.\n")
    assert place.cluster.logs(pod, container="own") == "192.0.2.1 mine\n"
    of_host = place.output(once("host", shell("cat /etc/hosts"), host_network=True))
    assert Path("/etc/hosts").read_text() in of_host
    assert not of_host.startswith("# Kubernetes-managed hosts file.\n")


@pytest.mark.behaviour("network/pod-to-pod-http")
def test_network_pod_to_pod_http(place: Place) -> None:
    servers = [place.create(web_server(name)) for name in ("one", "two")]
    servers = [place.wait(server, "Ready") for server in servers]
    asked = " ".join(f"http://{server.status.pod_ip}:8080/" for server in servers)
    assert place.output(once("client", shell(f"for url in {asked}; do wget -q -O - $url; done"))) == "one\ntwo\n"


def test_network_localhost_is_shared(place: Place) -> None:
    """The containers of a Pod meet at localhost."""
    client = shell("until wget -q -O - http://localhost:8080/; do sleep 0.1; done; exec sleep 3600", "client")
    pod = place.start(lasting("pair", shell(WEB_SERVER), client))
    assert next(iter(place.cluster.stream_logs(pod, container="client"))) == "pair\n"


@pytest.mark.needs("pods_reachable")
@pytest.mark.behaviour("network/node-to-pod-udp")
def test_network_node_to_pod_udp(place: Place) -> None:
    """The Pod's own end of a datagram's way is seen in its receive counter: its image has no program that takes UDP."""
    pod = place.start(lasting("sink"))
    counts = ["sh", "-c", "awk '/^Udp:/ {print $3}' /proc/net/snmp | tail -n 1"]
    before = int(place.said(pod, *counts))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"hello", (pod.status.pod_ip, 8081))
    eventually(lambda: int(place.said(pod, *counts)) > before, "the datagram arrives")


@pytest.mark.behaviour("network/hostport-no-conflict")
def test_network_hostport_no_conflict(place: Place) -> None:
    port = free_port()
    addresses = {"one": ("127.0.0.1", "TCP"), "two": ("127.0.0.2", "TCP"), "three": ("127.0.0.2", "UDP")}
    servers = [
        web_server(name, ContainerPort(8080, host_port=port, host_ip=address, protocol=protocol))
        for name, (address, protocol) in addresses.items()
    ]
    for server in [place.create(server) for server in servers]:
        place.wait(server, "Ready")
    assert fetch(f"http://127.0.0.1:{port}/") == "one\n"
    assert fetch(f"http://127.0.0.2:{port}/") == "two\n"


@pytest.mark.behaviour("scheduling/hostport-conflict")
def test_scheduling_hostport_conflict(place: Place) -> None:
    port = free_port()
    first = place.start(web_server("first", ContainerPort(8080, host_port=port)))
    second = place.create(web_server("second", ContainerPort(8080, host_port=port, host_ip="127.0.0.1")))
    second = place.wait(second, "PodScheduled=False")
    (condition,) = second.status.conditions
    assert condition.reason == "Unschedulable"
    assert "free ports" in condition.message
    assert second.status.phase == "Pending"
    assert place.pod("first").status.container_statuses == first.status.container_statuses
    place.cluster.delete(first, timeout=PATIENCE)
    place.wait(second, "Ready")
    eventually(lambda: fetch(f"http://127.0.0.1:{port}/") == "second\n", "the port leads to the second Pod")


def test_network_host_network(place: Place) -> None:
    """With the network of the machine a Pod has its addresses and its interfaces."""
    pod = place.start(lasting("host", shell(SLEEP), host_network=True))
    assert pod.status.pod_ip == pod.status.host_ip
    assert place.said(pod, "ls", "/sys/class/net").split() == sorted(name for _, name in socket.if_nameindex())


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def fetch(url: str) -> str:
    """What a server on this machine answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()
