"""Rules for the names and the name resolution of a Pod: hostname, DNS, host aliases.

Source of the rules: core, ``validatePodDNSConfig``, ``ValidateHostAliases``, ``ValidatePodSpec``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.pod import HostAlias, PodDNSConfig, PodSpec

_DNS_POLICIES = frozenset({"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"})
_MAX_NAMESERVERS = 3
_MAX_SEARCHES = 32
_MAX_SEARCH_CHARACTERS = 2048
_MAX_HOSTNAME = 64


def check_names(errors: Errors, path: str, spec: PodSpec) -> None:
    """Check what a Pod is called on the network."""
    for name, value in (("hostname", spec.hostname), ("subdomain", spec.subdomain)):
        if value:
            errors.problem(f"{path}.{name}", value, names.dns_label(value))
    if spec.hostname_override is not None:
        _check_hostname_override(errors, path, spec, spec.hostname_override)
    if spec.host_aliases:
        _check_host_aliases(errors, f"{path}.hostAliases", spec.host_aliases)


def _check_hostname_override(errors: Errors, path: str, spec: PodSpec, hostname: str) -> None:
    at = f"{path}.hostnameOverride"
    if spec.host_network:
        errors.forbidden(at, "excludes hostNetwork")
    if spec.set_hostname_as_fqdn:
        errors.forbidden(at, "excludes setHostnameAsFQDN")
    if len(hostname) > _MAX_HOSTNAME:
        errors.too_long(at, hostname, _MAX_HOSTNAME, "characters")
    errors.problem(at, hostname, names.dns_subdomain(hostname))


def _check_host_aliases(errors: Errors, path: str, aliases: list[HostAlias]) -> None:
    for index, alias in enumerate(aliases):
        errors.problem(f"{path}[{index}].ip", alias.ip, names.ip_address(alias.ip))
        for number, hostname in enumerate(alias.hostnames):
            errors.problem(f"{path}[{index}].hostnames[{number}]", hostname, names.dns_subdomain(hostname))


def check_dns(errors: Errors, path: str, spec: PodSpec) -> None:
    """Check the DNS policy and configuration; the policy None needs a nameserver."""
    errors.member(f"{path}.dnsPolicy", spec.dns_policy, _DNS_POLICIES)
    config = spec.dns_config
    if spec.dns_policy == "None":
        if config is None:
            errors.required(f"{path}.dnsConfig", "the policy None needs dnsConfig")
            return
        if not config.nameservers:
            errors.required(f"{path}.dnsConfig.nameservers", "the policy None needs a nameserver")
            return
    if config is not None:
        _check_dns_config(errors, f"{path}.dnsConfig", config)


def _check_dns_config(errors: Errors, path: str, config: PodDNSConfig) -> None:
    if len(config.nameservers) > _MAX_NAMESERVERS:
        errors.invalid(f"{path}.nameservers", config.nameservers, f"may have {_MAX_NAMESERVERS} items at most")
    for index, server in enumerate(config.nameservers):
        errors.problem(f"{path}.nameservers[{index}]", server, names.ip_address(server))
    if len(config.searches) > _MAX_SEARCHES:
        errors.invalid(f"{path}.searches", config.searches, f"may have {_MAX_SEARCHES} items at most")
    if len(" ".join(config.searches)) > _MAX_SEARCH_CHARACTERS:
        errors.invalid(f"{path}.searches", config.searches, f"may have {_MAX_SEARCH_CHARACTERS} characters together")
    for index, search in enumerate(config.searches):
        if search != ".":
            errors.problem(
                f"{path}.searches[{index}]",
                search,
                names.dns_subdomain_with_underscore(search.removesuffix(".")),
            )
    for index, option in enumerate(config.options):
        if not option.name:
            errors.required(f"{path}.options[{index}].name")
