"""What names, addresses and variables a Service has."""

from __future__ import annotations

from typing import Any

import pytest
from directories import ObjectDirectory

from podkit.kubelet.files import resolver
from podkit.kubelet.network.forwarding import ways
from podkit.kubelet.network.links import service_links
from podkit.kubelet.network.zone import Answer, Meaning, Unknown, Zone
from podkit.model import (
    Container,
    ContainerPort,
    ObjectMeta,
    Pod,
    PodCondition,
    PodDNSConfig,
    PodDNSConfigOption,
    PodSpec,
    PodStatus,
    Service,
    ServicePort,
    ServiceSpec,
)
from podkit.runtime.base import Forward

DOMAIN = "svc.cluster.local"


def web(name: str, ip: str, *, ready: bool = True, phase: str = "Running", **spec: Any) -> Pod:
    ports = spec.pop("ports", [ContainerPort(8080, name="http")])
    return Pod(
        metadata=ObjectMeta(name=name, namespace="shop", labels={"app": "web"}),
        spec=PodSpec(containers=[Container("main", image="busybox", ports=ports)], **spec),
        status=PodStatus(phase=phase, pod_ip=ip, conditions=[PodCondition("Ready", "True" if ready else "False")]),
    )


def service(name: str = "web", **spec: Any) -> Service:
    given = {"selector": {"app": "web"}, "ports": [ServicePort(8080)], "cluster_ip": "None", **spec}
    return Service(metadata=ObjectMeta(name=name, namespace="shop"), spec=ServiceSpec(**given))


def looked_up(name: str, *objects: Service | Pod, translated: bool = True) -> Answer:
    return Zone(ObjectDirectory(objects), translated=translated).look_up(name)


ONE, TWO = web("one", "10.89.0.2"), web("two", "10.89.0.3", ready=False)


def test_a_service_that_keeps_its_clients_stands_for_its_own_address() -> None:
    keeping = service(cluster_ip="10.96.1.1", session_affinity="ClientIP")
    assert looked_up(f"web.shop.{DOMAIN}", keeping, ONE).addresses == ("10.96.1.1",)
    assert looked_up(f"web.shop.{DOMAIN}", keeping, ONE, translated=False).addresses == ("10.89.0.2",)


def test_a_service_stands_for_its_ready_pods() -> None:
    assert looked_up(f"web.shop.{DOMAIN}", service(), ONE, TWO).addresses == ("10.89.0.2",)


def test_a_service_may_stand_for_pods_that_are_not_ready() -> None:
    found = looked_up(f"web.shop.{DOMAIN}", service(publish_not_ready_addresses=True), ONE, TWO)
    assert found.addresses == ("10.89.0.2", "10.89.0.3")


@pytest.mark.parametrize(
    "other",
    [
        web("gone", "10.89.0.4", phase="Succeeded"),
        web("new", ""),
        Pod(
            metadata=ObjectMeta(name="b", namespace="other", labels={"app": "web"}),
            status=PodStatus(pod_ip="10.89.0.5"),
        ),
    ],
)
def test_pods_that_have_ended_or_not_begun_or_live_elsewhere_do_not_count(other: Pod) -> None:
    found = looked_up(f"web.shop.{DOMAIN}", service(publish_not_ready_addresses=True), ONE, other)
    assert found.addresses == ("10.89.0.2",)


def test_a_service_without_pods_exists_all_the_same() -> None:
    assert looked_up(f"web.shop.{DOMAIN}", service()) == Meaning()


def test_a_service_that_changes_ports_stands_for_its_own_address() -> None:
    changing = service(cluster_ip="10.96.1.1", ports=[ServicePort(80, target_port="http")])
    assert looked_up(f"web.shop.{DOMAIN}", changing, ONE).addresses == ("10.96.1.1",)
    assert looked_up(f"web.shop.{DOMAIN}", changing, ONE, translated=False).addresses == ("10.89.0.2",)


def test_a_service_that_keeps_ports_stands_for_its_pods() -> None:
    keeping = service(cluster_ip="10.96.1.1", ports=[ServicePort(8080, target_port="http")])
    assert looked_up(f"web.shop.{DOMAIN}", keeping, ONE).addresses == ("10.89.0.2",)


def test_a_pod_has_a_name_below_its_subdomain() -> None:
    named = web("web-0", "10.89.0.2", hostname="web-0", subdomain="web")
    assert looked_up(f"web-0.web.shop.{DOMAIN}", service(), named).addresses == ("10.89.0.2",)
    assert isinstance(looked_up(f"web-1.web.shop.{DOMAIN}", service(), named), Unknown)
    assert isinstance(looked_up(f"web-0.api.shop.{DOMAIN}", service("api"), named), Unknown)


def test_a_pod_without_a_hostname_is_called_by_its_address() -> None:
    assert looked_up(f"10-89-0-2.web.shop.{DOMAIN}", service(), ONE).addresses == ("10.89.0.2",)


def test_the_address_of_a_pod_is_in_its_name() -> None:
    assert looked_up("10-89-0-2.shop.pod.cluster.local").addresses == ("10.89.0.2",)
    assert isinstance(looked_up("ten.shop.pod.cluster.local"), Unknown)


def test_an_external_name_is_an_alias() -> None:
    outside = service("out", type="ExternalName", external_name="Example.org.", cluster_ip=None)
    assert looked_up(f"out.shop.{DOMAIN}", outside) == Meaning(alias="example.org")
    inside = service("in", type="ExternalName", external_name=f"web.shop.{DOMAIN}", cluster_ip=None)
    assert looked_up(f"in.shop.{DOMAIN}", inside, service(), ONE).addresses == ("10.89.0.2",)


def test_aliases_in_a_circle_come_to_an_end() -> None:
    circle = service("in", type="ExternalName", external_name=f"in.shop.{DOMAIN}", cluster_ip=None)
    assert looked_up(f"in.shop.{DOMAIN}", circle).alias == f"in.shop.{DOMAIN}"


def test_named_ports_are_found_with_their_hosts() -> None:
    named = service(ports=[ServicePort(80, name="http", target_port="http")])
    found = looked_up(f"_http._tcp.web.shop.{DOMAIN}", named, ONE)
    assert found.hosts == ((8080, f"10-89-0-2.web.shop.{DOMAIN}"),)
    with_address = service(ports=[ServicePort(80, name="http", target_port="http")], cluster_ip="10.96.1.1")
    assert looked_up(f"_http._tcp.web.shop.{DOMAIN}", with_address, ONE).hosts == ((80, f"web.shop.{DOMAIN}"),)
    assert isinstance(looked_up(f"_dns._udp.web.shop.{DOMAIN}", named, ONE), Unknown)


def test_addresses_have_names() -> None:
    named = web("web-0", "10.89.0.2", hostname="web-0", subdomain="web")
    assert looked_up("2.0.89.10.in-addr.arpa", service(), named).names == (f"web-0.web.shop.{DOMAIN}",)
    assert looked_up("2.0.89.10.in-addr.arpa", named).names == ("10-89-0-2.shop.pod.cluster.local",)
    assert looked_up("1.1.96.10.in-addr.arpa", service(cluster_ip="10.96.1.1")).names == (f"web.shop.{DOMAIN}",)


@pytest.mark.parametrize("name", ["example.org", "cluster.local.org", "8.8.8.8.in-addr.arpa", "x.in-addr.arpa"])
def test_other_names_are_not_the_clusters(name: str) -> None:
    assert looked_up(name, service(), ONE) is None


@pytest.mark.parametrize(
    "name", [f"api.shop.{DOMAIN}", f"web.{DOMAIN}", f"nothing.{DOMAIN}", "a.b.c.d.e.cluster.local", "web.cluster.local"]
)
def test_names_that_nothing_has_are_unknown(name: str) -> None:
    assert isinstance(looked_up(name, service(), ONE), Unknown)


def test_addresses_of_services_lead_to_ready_pods_of_the_right_port() -> None:
    ports = [ServicePort(80, target_port="http"), ServicePort(53, protocol="UDP"), ServicePort(9, protocol="SCTP")]
    other = web("other", "10.89.0.9", ports=[])
    changing = service(cluster_ip="10.96.1.1", ports=ports)
    found = ways(ObjectDirectory([changing, service("headless"), ONE, TWO, other]))
    assert tuple(way.forward for way in found) == (
        Forward("UDP", "10.96.1.1", 53, (("10.89.0.2", 53), ("10.89.0.9", 53))),
        Forward("TCP", "10.96.1.1", 80, (("10.89.0.2", 8080),)),
    )


def test_variables_tell_of_services() -> None:
    ports = [ServicePort(8765, name="web-ui"), ServicePort(53, protocol="UDP", name="dns")]
    found = service_links(ONE, [service("my-db", cluster_ip="10.96.1.1", ports=ports), service("headless")])
    assert found == {
        "MY_DB_SERVICE_HOST": "10.96.1.1",
        "MY_DB_SERVICE_PORT": "8765",
        "MY_DB_SERVICE_PORT_WEB_UI": "8765",
        "MY_DB_SERVICE_PORT_DNS": "53",
        "MY_DB_PORT": "tcp://10.96.1.1:8765",
        "MY_DB_PORT_8765_TCP": "tcp://10.96.1.1:8765",
        "MY_DB_PORT_8765_TCP_PROTO": "tcp",
        "MY_DB_PORT_8765_TCP_PORT": "8765",
        "MY_DB_PORT_8765_TCP_ADDR": "10.96.1.1",
        "MY_DB_PORT_53_UDP": "udp://10.96.1.1:53",
        "MY_DB_PORT_53_UDP_PROTO": "udp",
        "MY_DB_PORT_53_UDP_PORT": "53",
        "MY_DB_PORT_53_UDP_ADDR": "10.96.1.1",
    }


def test_a_pod_may_do_without_these_variables() -> None:
    aloof = web("aloof", "10.89.0.2", enable_service_links=False)
    assert service_links(aloof, [service(cluster_ip="10.96.1.1")]) == {}


MACHINE = "nameserver 192.0.2.53\nsearch example.org\noptions timeout:1\n"


def test_a_pod_of_the_cluster_asks_the_cluster_first() -> None:
    found = resolver(ONE, MACHINE, "127.0.0.10")
    assert found.servers == ("127.0.0.10",)
    assert found.searches == (f"shop.{DOMAIN}", DOMAIN, "cluster.local", "example.org")
    assert found.options == ("ndots:5",)


def test_dns_settings_are_added_to_those_of_the_cluster() -> None:
    config = PodDNSConfig(
        ["1.1.1.1", "127.0.0.10"],
        ["svc.cluster.local", "mine"],
        [PodDNSConfigOption("ndots", "2"), PodDNSConfigOption("edns0")],
    )
    found = resolver(web("set", "10.89.0.2", dns_config=config), MACHINE, "127.0.0.10")
    assert found.servers == ("127.0.0.10", "1.1.1.1")
    assert found.searches == (f"shop.{DOMAIN}", DOMAIN, "cluster.local", "example.org", "mine")
    assert found.options == ("ndots:2", "edns0")
