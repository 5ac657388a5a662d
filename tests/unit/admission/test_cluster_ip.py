"""The addresses that Services are given."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from podkit.admission.plugins.cluster_ip import SERVICE_RANGE
from podkit.errors import ValidationError
from podkit.model import ObjectMeta, Service, ServicePort, ServiceSpec
from podkit.store.memory import MemoryStore


def service(name: str = "web", **spec: Any) -> Service:
    return Service(
        metadata=ObjectMeta(name=name), spec=ServiceSpec(ports=[ServicePort(80)], selector={"a": "b"}, **spec)
    )


def addresses(stored: Service) -> tuple[Any, ...]:
    spec = stored.spec
    return spec.cluster_ip, spec.cluster_ips, spec.ip_families, spec.ip_family_policy


def test_a_service_is_given_an_address_of_its_own() -> None:
    store = MemoryStore()
    found = [store.create(service(f"s-{number}")) for number in range(300)]
    given = {one.spec.cluster_ip for one in found}
    assert len(given) == 300
    assert all(ip_address(address) in SERVICE_RANGE for address in given)
    assert addresses(found[0]) == (found[0].spec.cluster_ip, [found[0].spec.cluster_ip], ["IPv4"], "SingleStack")


def test_it_gets_the_same_one_again() -> None:
    store = MemoryStore()
    first = store.create(service()).spec.cluster_ip
    store.delete(Service, "web")
    assert store.create(service()).spec.cluster_ip == first


def test_a_headless_service_and_an_alias_have_none() -> None:
    store = MemoryStore()
    assert addresses(store.create(service(cluster_ip="None"))) == ("None", ["None"], ["IPv4"], "SingleStack")
    alias = store.create(service("out", type="ExternalName", external_name="example.org"))
    assert addresses(alias) == (None, [], [], None)


def test_an_address_that_is_asked_for_is_given_once() -> None:
    store = MemoryStore()
    assert store.create(service(cluster_ip="10.43.7.7")).spec.cluster_ips == ["10.43.7.7"]
    with pytest.raises(ValidationError, match=r"failed to allocate IP 10\.43\.7\.7: provided IP is already allocated"):
        store.create(service("other", cluster_ip="10.43.7.7"))


def test_there_are_no_addresses_of_ipv6() -> None:
    with pytest.raises(ValidationError, match=r"spec\.ipFamilies\[0\].*not configured on cluster"):
        MemoryStore().create(service(ip_families=["IPv6"]))


def test_a_change_that_does_not_name_the_address_keeps_it() -> None:
    store = MemoryStore()
    first = store.create(service())
    again = service()
    again.spec.ports[0].port = 81
    assert addresses(store.update(again)) == addresses(first)


def test_an_alias_gives_its_address_back_and_gets_one_again() -> None:
    store = MemoryStore()
    first = store.create(service())
    alias = store.update(service(type="ExternalName", external_name="example.org"))
    assert addresses(alias) == (None, [], [], None)
    assert store.update(service()).spec.cluster_ip == first.spec.cluster_ip
