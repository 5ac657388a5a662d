"""Rules for Services.

Cluster addresses and node ports are given out by an API server; here they are checked where they are written.
Source of the rules: core, ``ValidateService``, ``ValidateServiceUpdate``.
"""

from __future__ import annotations

import ipaddress

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_labels, check_metadata, check_metadata_update
from podkit.admission.validation.probe import check_port_number_or_name
from podkit.admission.validation.service_address import (
    check_cluster_ips,
    check_cluster_ips_update,
    check_ip_families_update,
    is_headless,
)
from podkit.model.service import Service, ServicePort, ServiceSpec

_TYPES = frozenset({"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"})
_AFFINITIES = frozenset({"ClientIP", "None"})
_TRAFFIC_POLICIES = frozenset({"Cluster", "Local"})
_DISTRIBUTIONS = frozenset({"PreferClose", "PreferSameZone", "PreferSameNode"})
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_MAX_AFFINITY_SECONDS = 86400
_LINK_MULTICAST = (ipaddress.ip_network("224.0.0.0/24"), ipaddress.ip_network("ff02::/16"))
_WITH_CLUSTER_IP = ("ClusterIP", "NodePort", "LoadBalancer")


def check_service(errors: Errors, service: Service) -> None:
    """Check a new Service."""
    check_metadata(errors, service.metadata, names.dns_label)
    spec = service.spec
    if not spec.ports and not is_headless(spec) and spec.type != "ExternalName":
        errors.required("spec.ports", "at least one port is needed")
    _check_type(errors, "spec", spec)
    _check_ports(errors, "spec.ports", spec)
    if spec.selector:
        check_labels(errors, "spec.selector", spec.selector)
    _check_session_affinity(errors, "spec", spec)
    if spec.type != "ExternalName":
        check_cluster_ips(errors, "spec", spec)
    for index, address in enumerate(spec.external_ips):
        problem = names.ip_address(address) or _special_address(address)
        errors.problem(f"spec.externalIPs[{index}]", address, problem)
    _check_load_balancer(errors, "spec", spec)
    _check_traffic(errors, "spec", spec)


def _check_type(errors: Errors, path: str, spec: ServiceSpec) -> None:
    errors.member(f"{path}.type", spec.type, _TYPES)
    if spec.type in ("NodePort", "LoadBalancer") and is_headless(spec):
        errors.invalid(f"{path}.clusterIPs[0]", "None", f"a Service of the type {spec.type} has an address")
    if spec.type != "ExternalName":
        return
    for name, value in (
        ("clusterIPs", spec.cluster_ips or spec.cluster_ip),
        ("ipFamilies", spec.ip_families),
        ("ipFamilyPolicy", spec.ip_family_policy),
    ):
        if value:
            errors.forbidden(f"{path}.{name}", "may not be set for the type ExternalName")
    target = (spec.external_name or "").removesuffix(".")
    errors.well_formed(f"{path}.externalName", target, names.dns_subdomain)


def _check_ports(errors: Errors, path: str, spec: ServiceSpec) -> None:
    seen_names: set[str] = set()
    seen_ports: set[tuple[str | None, int]] = set()
    seen_node_ports: set[tuple[str | None, int]] = set()
    for index, port in enumerate(spec.ports):
        at = f"{path}[{index}]"
        _check_port(errors, at, port, name_needed=len(spec.ports) > 1)
        if port.name and port.name in seen_names:
            errors.duplicate(f"{at}.name", port.name)
        if port.name:
            seen_names.add(port.name)
        if (port.protocol, port.port) in seen_ports:
            errors.duplicate(at, f"{port.protocol}/{port.port}")
        seen_ports.add((port.protocol, port.port))
        if port.node_port:
            if spec.type == "ClusterIP":
                errors.forbidden(f"{at}.nodePort", "may not be set for the type ClusterIP")
            if (port.protocol, port.node_port) in seen_node_ports:
                errors.duplicate(f"{at}.nodePort", port.node_port)
            seen_node_ports.add((port.protocol, port.node_port))


def _check_port(errors: Errors, path: str, port: ServicePort, *, name_needed: bool) -> None:
    if port.name:
        errors.problem(f"{path}.name", port.name, names.dns_label(port.name))
    elif name_needed:
        errors.required(f"{path}.name", "ports have names when there is more than one")
    errors.problem(f"{path}.port", port.port, names.port_number(port.port))
    errors.member(f"{path}.protocol", port.protocol, _PROTOCOLS)
    check_port_number_or_name(errors, f"{path}.targetPort", port.target_port or 0)
    if port.app_protocol is not None:
        errors.problem(f"{path}.appProtocol", port.app_protocol, names.qualified_name(port.app_protocol))


def _check_session_affinity(errors: Errors, path: str, spec: ServiceSpec) -> None:
    errors.member(f"{path}.sessionAffinity", spec.session_affinity, _AFFINITIES)
    config = spec.session_affinity_config
    if spec.session_affinity == "ClientIP":
        seconds = config.client_ip.timeout_seconds if config and config.client_ip else None
        if seconds is not None and not 0 < seconds <= _MAX_AFFINITY_SECONDS:
            errors.invalid(
                f"{path}.sessionAffinityConfig.clientIP.timeoutSeconds",
                seconds,
                f"must be between 1 and {_MAX_AFFINITY_SECONDS}",
            )


def _special_address(text: str) -> str | None:
    address = ipaddress.ip_address(text)
    near = address.is_link_local or any(address in network for network in _LINK_MULTICAST)
    if near or address.is_unspecified or address.is_loopback:
        return "may not be unspecified, loopback or link-local"
    return None


def _check_load_balancer(errors: Errors, path: str, spec: ServiceSpec) -> None:
    balanced = spec.type == "LoadBalancer"
    if spec.load_balancer_source_ranges and not balanced:
        errors.forbidden(f"{path}.loadBalancerSourceRanges", "is for the type LoadBalancer")
    for index, text in enumerate(spec.load_balancer_source_ranges):
        at = f"{path}.loadBalancerSourceRanges[{index}]"
        errors.problem(at, text, names.ip_range(text.strip()))
    if not balanced:
        for name, value in (
            ("allocateLoadBalancerNodePorts", spec.allocate_load_balancer_node_ports),
            ("loadBalancerClass", spec.load_balancer_class),
        ):
            if value is not None:
                errors.forbidden(f"{path}.{name}", "is for the type LoadBalancer")
    elif spec.load_balancer_class is not None:
        name = spec.load_balancer_class
        errors.problem(f"{path}.loadBalancerClass", name, names.qualified_name(name))


def _check_traffic(errors: Errors, path: str, spec: ServiceSpec) -> None:
    external = spec.external_traffic_policy
    if _is_reachable(spec):
        errors.member(f"{path}.externalTrafficPolicy", external, _TRAFFIC_POLICIES)
    elif external:
        errors.invalid(f"{path}.externalTrafficPolicy", external, "is for Services that are reachable from outside")
    if not _needs_health_check(spec) and spec.health_check_node_port:
        errors.invalid(
            f"{path}.healthCheckNodePort",
            spec.health_check_node_port,
            "is for the type LoadBalancer with externalTrafficPolicy: Local",
        )
    elif spec.health_check_node_port:
        port = spec.health_check_node_port
        errors.problem(f"{path}.healthCheckNodePort", port, names.port_number(port))
    if spec.internal_traffic_policy is None and spec.type in _WITH_CLUSTER_IP:
        errors.required(f"{path}.internalTrafficPolicy")
    errors.optional_member(f"{path}.internalTrafficPolicy", spec.internal_traffic_policy, _TRAFFIC_POLICIES)
    errors.optional_member(f"{path}.trafficDistribution", spec.traffic_distribution, _DISTRIBUTIONS)


def _is_reachable(spec: ServiceSpec) -> bool:
    return spec.type in ("NodePort", "LoadBalancer") or (spec.type == "ClusterIP" and bool(spec.external_ips))


def _needs_health_check(spec: ServiceSpec) -> bool:
    return spec.type == "LoadBalancer" and spec.external_traffic_policy == "Local"


def check_service_update(errors: Errors, new: Service, old: Service) -> None:
    """Check a change of a Service: addresses that have been given out stay."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_service(errors, new)
    if "ExternalName" not in (new.spec.type, old.spec.type):
        check_cluster_ips_update(errors, "spec", new.spec, old.spec)
        check_ip_families_update(errors, "spec", new.spec, old.spec)
    balanced = new.spec.type == old.spec.type == "LoadBalancer"
    if balanced and new.spec.load_balancer_class != old.spec.load_balancer_class:
        errors.invalid("spec.loadBalancerClass", new.spec.load_balancer_class, "may not change once set")
    checked = _needs_health_check(new.spec) and _needs_health_check(old.spec)
    if checked and new.spec.health_check_node_port != old.spec.health_check_node_port:
        errors.forbidden("spec.healthCheckNodePort", "the field is immutable")
