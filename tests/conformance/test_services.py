"""Services: names, addresses and variables by which Pods find each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podkit import (
    ContainerPort,
    Deployment,
    ExecAction,
    ObjectMeta,
    Pod,
    PodDNSConfig,
    Probe,
    Service,
    ServicePort,
    ServiceSpec,
    TCPSocketAction,
    dumps,
)
from podkit.model import PodDNSConfigOption
from tests.conformance.build import SLEEP, lasting, once, shell
from tests.conformance.place import Place, eventually
from tests.conformance.test_network import web_server

HTTP = ContainerPort(8080, name="http")


def service(name: str, *ports: ServicePort, headless: bool = False, **spec: Any) -> Service:
    """A Service for the Pods with the label ``app`` of its name."""
    spec.setdefault("selector", {"app": name})
    return Service(
        metadata=ObjectMeta(name=name),
        spec=ServiceSpec(ports=list(ports), cluster_ip="None" if headless else None, **spec),
    )


def named_server(name: str, app: str, **fields: Any) -> Pod:
    """A web server that belongs to a Service."""
    return web_server(name, HTTP, labels={"app": app}, **fields)


def asked(place: Place, client: Pod, host: str, port: int = 8080) -> str:
    """What a web server says that a Pod asks by name."""
    return place.said(client, "wget", "-q", "-O", "-", f"http://{host}:{port}/").strip()


def addresses(place: Place, client: Pod, name: str) -> set[str]:
    """The addresses that a name has for a Pod."""
    result = place.cluster.exec(client, ["nslookup", name], timeout=60)
    _, _, answers = result.stdout.partition("\n\n")
    return {line.split()[-1] for line in answers.splitlines() if line.startswith("Address")}


@pytest.mark.behaviour("network/dns-hostname")
def test_network_dns_hostname(place: Place) -> None:
    """Also by the shorter forms, which the search list of the Pod makes whole."""
    servers = [named_server(f"pod-{n}", "sub", hostname=f"host-{n}", subdomain="sub") for n in (1, 2)]
    place.create(service("sub", ServicePort(8080), headless=True), *servers)
    client = place.start(lasting("client"))
    for server in servers:
        place.wait(server, "Ready")
    for number in (1, 2):
        whole = f"host-{number}.sub.{place.namespace}.svc.cluster.local"
        assert addresses(place, client, whole) == {place.pod(f"pod-{number}").status.pod_ip}
        for name in (whole, f"host-{number}.sub", f"host-{number}.sub.{place.namespace}.svc"):
            assert asked(place, client, name) == f"host-{number}"


def test_network_dns_service(place: Place) -> None:
    """A Service is found by each form of its name, in its namespace and from others, as soon as its Pods are ready."""
    servers = [named_server(f"web-{n}", "web") for n in (1, 2)]
    place.create(service("web", ServicePort(8080)), *servers)
    ready = [place.wait(server, "Ready") for server in servers]
    client = place.start(lasting("client"))
    whole = f"web.{place.namespace}.svc.cluster.local"
    assert addresses(place, client, whole) == {pod.status.pod_ip for pod in ready}
    for name in ("web", f"web.{place.namespace}", f"web.{place.namespace}.svc", whole, f"{whole}."):
        assert asked(place, client, name) in ("web-1", "web-2")
    elsewhere = once(
        "elsewhere", shell(f"wget -q -O - http://web.{place.namespace}:8080/; ! wget -q -O - http://web:8080/")
    )
    elsewhere.metadata.namespace = f"{place.namespace}-2"
    assert place.cluster.logs(place.cluster.run(elsewhere, timeout=60)).splitlines()[0] in ("web-1", "web-2")
    place.cluster.delete("Namespace", elsewhere.metadata.namespace, wait=False)


def test_network_service_follows_readiness(place: Place) -> None:
    """A Pod that is not ready does not answer for its Service, unless the Service says that this does not matter."""
    ready = Probe(
        exec=ExecAction(["test", "-e", "/tmp/ready"]), period_seconds=1, timeout_seconds=30, failure_threshold=1
    )
    pod = place.create(lasting("one", shell(SLEEP, readiness_probe=ready), labels={"app": "late"}))
    place.create(service("late", headless=True))
    place.create(service("early", headless=True, selector={"app": "late"}, publish_not_ready_addresses=True))
    pod = place.wait(pod, lambda pod: bool(pod.status.pod_ip))
    client = place.start(lasting("client"))
    domain = f"{place.namespace}.svc.cluster.local"
    assert addresses(place, client, f"late.{domain}") == set()
    assert addresses(place, client, f"early.{domain}") == {pod.status.pod_ip}
    place.wait(pod, "phase=Running")
    place.said(pod, "touch", "/tmp/ready")
    place.wait(pod, "Ready")
    eventually(lambda: addresses(place, client, f"late.{domain}") == {pod.status.pod_ip}, "its name is known")


def test_network_service_address(place: Place) -> None:
    """A Service's address and name lead to the right port of ready Pods; without any, connections are refused at once."""
    web = place.create(
        service("web", ServicePort(80, name="http", target_port="http"), ServicePort(81, name="alt", target_port=8080))
    )
    assert web.spec.cluster_ip
    client = place.start(lasting("client"))
    refused = place.cluster.exec(client, ["wget", "-q", "-O", "-", f"http://{web.spec.cluster_ip}/"], timeout=60)
    assert "refused" in refused.stderr
    server = place.start(named_server("one", "web"))
    eventually(
        lambda: place.cluster.exec(client, ["wget", "-q", "-O", "-", f"http://{web.spec.cluster_ip}/"]).exit_code == 0,
        "the address leads to the Pod",
    )
    assert {asked(place, client, "web", port) for port in (80, 81)} == {"one"}
    assert asked(place, server, "web", 80) == "one"  # a Pod reaches itself by its Service


def test_network_service_keeps_its_clients(place: Place) -> None:
    """With session affinity a Pod gets to the same server each time; it can be switched off and on."""
    servers = [named_server(f"web-{n}", "web") for n in (1, 2)]
    place.create(service("web", ServicePort(80, target_port="http"), session_affinity="ClientIP"), *servers)
    client = place.start(lasting("client"))
    for server in servers:
        place.wait(server, "Ready")

    def answers() -> set[str]:
        script = "for i in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do wget -q -O - http://web/ || true; done"
        return set(place.said(client, "sh", "-c", script).split())

    for affinity, count in (("ClientIP", 1), ("None", 2), ("ClientIP", 1)):
        place.cluster.patch(Service, "web", {"spec": {"sessionAffinity": affinity}}, namespace=place.namespace)
        eventually(lambda count=count: len(answers()) == count, f"{count} of the servers answer with {affinity}")


def test_network_service_external_name(place: Place) -> None:
    """An ExternalName stands for what another name stands for."""
    inside = service(
        "inside", type="ExternalName", external_name=f"web.{place.namespace}.svc.cluster.local", selector={}
    )
    outside = service("outside", type="ExternalName", external_name="localhost", selector={})
    place.create(service("web", ServicePort(8080), headless=True), inside, outside)
    place.start(named_server("one", "web"))
    client = place.start(lasting("client"))
    assert asked(place, client, "inside") == "one"
    assert "127.0.0.1" in addresses(place, client, f"outside.{place.namespace}.svc.cluster.local")


def test_network_pod_record(place: Place) -> None:
    """The address of a Pod has a name of its own."""
    server = place.start(named_server("one", "web"))
    client = place.start(lasting("client"))
    dashed = (server.status.pod_ip or "").replace(".", "-")
    assert asked(place, client, f"{dashed}.{place.namespace}.pod.cluster.local") == "one"


def test_network_cluster_first(place: Place) -> None:
    """A Pod asks the cluster's names first, with what its own settings add."""
    config = PodDNSConfig(["1.1.1.1"], ["example.org"], [PodDNSConfigOption("ndots", "2")])
    lines = place.output(once("asking", shell("cat /etc/resolv.conf"), dns_config=config)).splitlines()
    machine = [
        line.split()[1:] for line in Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("search")
    ]
    domains = [
        f"{place.namespace}.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
        *(machine[-1] if machine else []),
        "example.org",
    ]
    assert [line for line in lines if line.startswith("nameserver")] == ["nameserver 127.0.0.10", "nameserver 1.1.1.1"]
    assert [line.split()[1:] for line in lines if line.startswith("search")] == [list(dict.fromkeys(domains))]
    assert "options ndots:2" in lines


@pytest.mark.behaviour("node/pod-service-env")
def test_node_pod_service_env(place: Place) -> None:
    address = place.create(service("fooservice", ServicePort(8765, target_port=8080))).spec.cluster_ip
    found = place.output(once("client", shell("env"))).splitlines()
    assert {line for line in found if line.startswith("FOOSERVICE_")} == {
        f"FOOSERVICE_SERVICE_HOST={address}",
        "FOOSERVICE_SERVICE_PORT=8765",
        f"FOOSERVICE_PORT=tcp://{address}:8765",
        f"FOOSERVICE_PORT_8765_TCP=tcp://{address}:8765",
        "FOOSERVICE_PORT_8765_TCP_PROTO=tcp",
        "FOOSERVICE_PORT_8765_TCP_PORT=8765",
        f"FOOSERVICE_PORT_8765_TCP_ADDR={address}",
    }
    aloof = place.output(once("aloof", shell("env"), enable_service_links=False))
    assert "FOOSERVICE" not in aloof


DATABASE = """mkdir -p /data/cgi-bin; touch /data/entries
cat >/data/cgi-bin/entries <<'END'
#!/bin/sh
echo
case "$QUERY_STRING" in get) cat /data/entries;; *) echo "$QUERY_STRING" >>/data/entries; echo ok;; esac
END
chmod +x /data/cgi-bin/entries; exec httpd -f -p 6379 -h /data"""
"""Keeps entries: what is asked for is noted, unless it is ``get``."""
FRONT_END = """mkdir -p /www/cgi-bin
cat >/www/cgi-bin/guestbook <<'END'
#!/bin/sh
echo
wget -q -O - "http://redis-master:6379/cgi-bin/entries?$QUERY_STRING"
END
chmod +x /www/cgi-bin/guestbook; exec httpd -f -p 8080 -h /www"""
"""Passes on what it is asked to where entries are kept."""


@pytest.mark.behaviour("cli/guestbook")
def test_cli_guestbook(place: Place) -> None:
    """Two Deployments and their Services in one stream: an entry that is written through the front end is read back."""
    parts = [
        service("redis-master", ServicePort(6379), selector={"app": "redis", "role": "master"}),
        deployment("redis-master", DATABASE, 6379, replicas=1, labels={"app": "redis", "role": "master"}),
        service("frontend", ServicePort(80, target_port=8080), selector={"app": "guestbook"}),
        deployment("frontend", FRONT_END, 8080, replicas=2, labels={"app": "guestbook"}),
    ]
    for part in parts:
        part.metadata.namespace = place.namespace
    place.cluster.apply(dumps(parts))
    client = place.start(lasting("client"))
    for name in ("redis-master", "frontend"):
        place.cluster.wait("Deployment", name, "Available", timeout=90, namespace=place.namespace)
    eventually(lambda: "ok" in visited(place, client, "first"), "an entry is written")
    assert visited(place, client, "get").split() == ["first"]


def visited(place: Place, client: Pod, entry: str) -> str:
    """What the front end says, once it can be reached."""
    url = f"http://frontend/cgi-bin/guestbook?{entry}"
    return place.cluster.exec(client, ["wget", "-q", "-O", "-", url], timeout=60).stdout


def deployment(name: str, script: str, port: int, **fields: Any) -> Deployment:
    """A Deployment of web servers."""
    probe = Probe(tcp_socket=TCPSocketAction(port), period_seconds=1, timeout_seconds=30)
    containers = [shell(script, readiness_probe=probe, ports=[ContainerPort(port)])]
    return Deployment.new(name, containers=containers, termination_grace_period_seconds=1, **fields)
