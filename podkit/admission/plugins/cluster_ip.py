"""Gives Services their addresses in the cluster.

An API server hands out addresses of a range that it was told. Here the range is always the same, and a Service begins to look for a
free one at a place that its name decides: so it most likely gets the same address each time it is created.

Source of the rules: ``pkg/registry/core/service/storage/{alloc.go,storage.go}`` (initIPFamilyFields, allocClusterIPs,
patchAllocatedValues), ``strategy.go`` (dropTypeDependentFields).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Network

from podkit.admission.plugins.known import Known
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.service_address import is_headless
from podkit.model.service import HEADLESS, Service

SERVICE_RANGE = IPv4Network("10.96.0.0/16")
"""Where the addresses of Services come from; no machine has one of them."""
_RESERVED = 256
"""The first addresses of the range are given out by no server."""


def give_address(errors: Errors, service: Service, known: Known) -> None:
    """Give a Service an address unless it has one, is to have none, or is an alias; in place.

    Args:
        errors: takes note of an address that another Service has.
        service: the Service.
        known: the other objects.
    """
    spec = service.spec
    if spec.type == "ExternalName":
        return
    if "IPv6" in spec.ip_families and not is_headless(spec) and not spec.cluster_ip:
        position = spec.ip_families.index("IPv6")
        errors.invalid(f"spec.ipFamilies[{position}]", "IPv6", "not configured on cluster")
        return
    taken = _taken(service, known)
    if is_headless(spec):
        spec.cluster_ip = HEADLESS
    elif not spec.cluster_ip:
        spec.cluster_ip = next((address for address in _candidates(service) if address not in taken), None)
    for address in spec.cluster_ips or [spec.cluster_ip or ""]:
        if address in taken:
            message = f"failed to allocate IP {address}: provided IP is already allocated"
            errors.invalid("spec.clusterIPs", [address], message)
    if not spec.cluster_ips and spec.cluster_ip:
        spec.cluster_ips = [spec.cluster_ip]
    spec.ip_families = spec.ip_families or ["IPv6" if ":" in (spec.cluster_ip or "") else "IPv4"]
    spec.ip_family_policy = spec.ip_family_policy or "SingleStack"


def keep_address(service: Service, old: Service) -> None:
    """Let a Service keep the address that it has where a change does not name it; an alias gives it back. In place."""
    new, before = service.spec, old.spec
    if before.type == "ExternalName":
        return
    if new.type == "ExternalName":
        if new.cluster_ip in (None, before.cluster_ip):
            new.cluster_ip, new.cluster_ips, new.ip_families, new.ip_family_policy = None, [], [], None
        return
    if not new.cluster_ip and not new.cluster_ips:
        new.cluster_ip = before.cluster_ip
    if not new.cluster_ips and new.cluster_ip == before.cluster_ip:
        new.cluster_ips = list(before.cluster_ips)
    new.ip_families = new.ip_families or list(before.ip_families)
    new.ip_family_policy = new.ip_family_policy or before.ip_family_policy


def _taken(service: Service, known: Known) -> set[str]:
    """The addresses of all other Services."""
    meta = service.metadata
    others = [
        one for one in known.all(Service) if (one.metadata.namespace, one.metadata.name) != (meta.namespace, meta.name)
    ]
    return {address for other in others for address in other.spec.cluster_ips} - {HEADLESS}


def _candidates(service: Service) -> Iterator[str]:
    """The addresses of the range, from the one that its name decides on."""
    meta = service.metadata
    count = SERVICE_RANGE.num_addresses - _RESERVED - 1
    name = f"{meta.namespace}/{meta.name or meta.generate_name}"
    begin = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    for step in range(count):
        yield str(SERVICE_RANGE[_RESERVED + (begin + step) % count])
