"""Rules for the addresses of Services: cluster addresses, their families, and how these may change.

Source of the rules: core, ``ValidateServiceClusterIPsRelatedFields``, ``validateUpgradeDowngradeClusterIPs``.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.admission.validation import names
from podkit.admission.validation.address_family import family_of
from podkit.admission.validation.collect import Errors
from podkit.model.service import HEADLESS, ServiceSpec

_FAMILIES = frozenset({"IPv4", "IPv6"})
_FAMILY_POLICIES = frozenset({"SingleStack", "PreferDualStack", "RequireDualStack"})


def is_headless(spec: ServiceSpec) -> bool:
    """Return whether a Service has no address of its own, only the Pods' addresses under its name."""
    return _addresses(spec) == [HEADLESS]


def _addresses(spec: ServiceSpec) -> list[str]:
    """Return ``clusterIPs``; where only ``clusterIP`` is written, the server makes the list of it."""
    return spec.cluster_ips or ([spec.cluster_ip] if spec.cluster_ip else [])


def check_cluster_ips(errors: Errors, path: str, spec: ServiceSpec) -> None:
    """Check cluster addresses and families; the first address is ``clusterIP``."""
    addresses, at = _addresses(spec), f"{path}.clusterIPs"
    if spec.cluster_ip and addresses[0] != spec.cluster_ip:
        errors.invalid(at, addresses, "the first address must be clusterIP")
    if not spec.cluster_ip and addresses:
        errors.invalid(at, addresses, "must be empty when there is no clusterIP")
    seen: set[str] = set()
    for index, family in enumerate(spec.ip_families):
        errors.optional_member(f"{path}.ipFamilies[{index}]", family, _FAMILIES)
        errors.unique(f"{path}.ipFamilies[{index}]", family, seen)
    errors.optional_member(f"{path}.ipFamilyPolicy", spec.ip_family_policy, _FAMILY_POLICIES)
    if len(addresses) > 2:
        errors.invalid(at, addresses, "may have two addresses at most")
    if _check_each_address(errors, at, addresses):
        _check_families(errors, at, addresses, spec.ip_families)


def _check_each_address(errors: Errors, path: str, addresses: list[str]) -> bool:
    right = True
    for index, address in enumerate(addresses):
        if index == 0 and address == HEADLESS:
            if len(addresses) > 1:
                errors.invalid(path, addresses, "'None' must be the only value")
                right = False
            continue
        problem = names.ip_address(address)
        errors.problem(f"{path}[{index}]", address, problem)
        right = right and problem is None
    return right


def _check_families(errors: Errors, path: str, addresses: list[str], families: list[str]) -> None:
    if addresses == [HEADLESS]:
        return
    kinds = [family_of(address) for address in addresses]
    if len(addresses) > 1 and len(set(kinds)) != len(kinds):
        errors.invalid(path, addresses, "may have one address of each family")
    for index, (kind, family) in enumerate(zip(kinds, families, strict=False)):
        if family in _FAMILIES and kind != family:
            errors.invalid(f"{path}[{index}]", addresses[index], f"must be of the family {family}")


def check_cluster_ips_update(errors: Errors, path: str, new: ServiceSpec, old: ServiceSpec) -> None:
    """Check a change of cluster addresses: the first stays, the second may come and go."""
    if is_headless(new) and is_headless(old):
        return
    _check_kept(errors, f"{path}.clusterIPs", _addresses(new), _addresses(old), path, new)


def check_ip_families_update(errors: Errors, path: str, new: ServiceSpec, old: ServiceSpec) -> None:
    """Check a change of families, which go with the addresses."""
    if is_headless(new) or is_headless(old):
        return
    _check_kept(errors, f"{path}.ipFamilies", new.ip_families, old.ip_families, path, new)


def _check_kept(
    errors: Errors, at: str, now: Sequence[str], before: Sequence[str], path: str, new: ServiceSpec
) -> None:
    if len(now) == len(before):
        for index, (value, kept) in enumerate(zip(now, before, strict=True)):
            if value != kept:
                errors.invalid(f"{at}[{index}]", value, "may not change once set")
        return
    if before and not now:
        errors.invalid(f"{at}[0]", "", "may not be taken away")
    elif before and now[0] != before[0]:
        errors.invalid(f"{at}[0]", now[0], "may not change once set")
    if len(now) == 1 < len(before) and new.ip_family_policy != "SingleStack":
        errors.invalid(
            f"{path}.ipFamilyPolicy", new.ip_family_policy, "must be SingleStack to release the second address"
        )
