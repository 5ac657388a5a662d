"""Rules for quantities and for the resources that containers, Pods, claims and Nodes name.

Source of the rules: core, ``validateResourceRequirements`` and around; ``pkg/apis/core/helper/helpers.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from podkit.admission.pod_resources import aggregate_requests, limits_of, supports_pod_level
from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.pod import PodSpec
from podkit.model.quantity import Quantity, QuantityError
from podkit.model.resources import ResourceClaim, ResourceRequirements

_CONTAINER_RESOURCES = {"cpu", "memory", "ephemeral-storage"}
_HUGE_PAGES = "hugepages-"
_ZERO = Quantity(0)


def read_quantity(errors: Errors, path: str, text: str) -> Quantity | None:
    """Return a quantity, or report that the text is none and return None."""
    try:
        return Quantity(text)
    except QuantityError as error:
        errors.type_invalid(path, text, str(error))
        return None


def check_quantity(errors: Errors, path: str, resource: str, text: str) -> Quantity | None:
    """Check an amount of a resource: not negative, and whole where the resource comes in pieces."""
    amount = read_quantity(errors, path, text)
    if amount is not None:
        if amount < _ZERO:
            errors.invalid(path, text, "must be greater than or equal to 0")
        if (resource == "pods" or _is_extended(resource)) and amount.milli_value() % 1000:
            errors.invalid(path, text, "must be an integer")
    return amount


def check_container_resources(
    errors: Errors, path: str, resources: ResourceRequirements, claim_names: Collection[str]
) -> None:
    """Check the resources of a container, and which of the Pod's claims it uses."""
    _check_requirements(errors, path, resources, _check_container_resource_name)
    if resources.claims:
        _check_claims(errors, f"{path}.claims", resources.claims, claim_names)


def check_pod_resources(errors: Errors, path: str, spec: PodSpec) -> None:
    """Check the resources of the Pod as a whole, which its containers must fit into (KEP-2837)."""
    resources = spec.resources
    if resources is None:
        return
    if resources.claims:
        errors.forbidden(f"{path}.claims", "claims cannot be set for the Pod as a whole")
    _check_requirements(errors, path, resources, _check_pod_resource_name)
    try:
        _check_fits(errors, path.removesuffix(".resources"), spec, resources)
    except QuantityError:
        return  # reported where it stands


def check_overhead(errors: Errors, path: str, overhead: Mapping[str, str]) -> None:
    """Check ``spec.overhead``: what a runtime class adds to the resources of the containers."""
    for name, text in overhead.items():
        _check_amount(errors, f"{path}[{name}]", name, text, _check_container_resource_name)


def _check_fits(errors: Errors, path: str, spec: PodSpec, resources: ResourceRequirements) -> None:
    for name, wanted in aggregate_requests(spec).items():
        given = Quantity(resources.requests.get(name, "0"))
        if wanted > given:
            errors.invalid(
                f"{path}.resources.requests[{name}]",
                str(given),
                f"the containers together request {wanted}, which is more",
            )
    for index, container in enumerate(spec.containers):
        for name, text in limits_of(container.resources).items():
            if name in resources.limits and Quantity(text) > Quantity(resources.limits[name]):
                errors.invalid(
                    f"{path}.containers[{index}].resources.limits[{name}]",
                    text,
                    "must not be more than the Pod's limit",
                )


def _check_requirements(
    errors: Errors, path: str, resources: ResourceRequirements, name_rule: Callable[[Errors, str, str], None]
) -> None:
    limits: dict[str, Quantity] = {}
    for name, text in resources.limits.items():
        amount = _check_amount(errors, f"{path}.limits[{name}]", name, text, name_rule)
        if amount is not None:
            limits[name] = amount
    for name, text in resources.requests.items():
        amount = _check_amount(errors, f"{path}.requests[{name}]", name, text, name_rule)
        if name not in resources.limits:
            if not _may_overcommit(name):
                errors.required(f"{path}.limits", f"{name} cannot be overcommitted and needs a limit")
        elif amount is not None and name in limits:
            _check_against_limit(errors, f"{path}.requests[{name}]", name, amount, limits[name])
    named = resources.limits.keys() | resources.requests.keys()
    if any(name.startswith(_HUGE_PAGES) for name in named) and not named & {"cpu", "memory"}:
        errors.forbidden(path, "huge pages need cpu or memory too")


def _check_amount(
    errors: Errors, path: str, name: str, text: str, name_rule: Callable[[Errors, str, str], None]
) -> Quantity | None:
    name_rule(errors, path, name)
    amount = check_quantity(errors, path, name, text)
    if amount is not None and name.startswith(_HUGE_PAGES) and not _is_whole_pages(name, amount):
        errors.invalid(path, text, f"must be a multiple of the page size that {name} says")
    return amount


def _check_against_limit(errors: Errors, path: str, name: str, request: Quantity, limit: Quantity) -> None:
    if request != limit and not _may_overcommit(name):
        errors.invalid(path, str(request), f"must be equal to the limit of {limit}, since {name} is not overcommitted")
    elif request > limit:
        errors.invalid(path, str(request), f"must be less than or equal to the {name} limit of {limit}")


def _check_container_resource_name(errors: Errors, path: str, name: str) -> None:
    problem = names.qualified_name(name)
    if problem is not None:
        errors.invalid(path, name, problem)
    elif "/" not in name:
        if name not in _CONTAINER_RESOURCES and not name.startswith(_HUGE_PAGES):
            errors.invalid(path, name, "must be cpu, memory, ephemeral-storage or hugepages-…, or have a domain")
    elif not _is_native(name) and not _is_extended(name):
        errors.invalid(path, name, "is no name of an extended resource")


def _check_pod_resource_name(errors: Errors, path: str, name: str) -> None:
    problem = names.qualified_name(name)
    if problem is not None:
        errors.invalid(path, name, problem)
    elif not supports_pod_level(name):
        errors.not_supported(path, name, ["cpu", "memory", "hugepages-…"])


def _check_claims(errors: Errors, path: str, claims: list[ResourceClaim], claim_names: Collection[str]) -> None:
    """Each claim is one of the Pod's, and no request of a claim is named twice."""
    seen: set[tuple[str, str]] = set()
    for index, claim in enumerate(claims):
        if not claim.name:
            errors.required(f"{path}[{index}]")
            continue
        key = (claim.name, claim.request or "")
        if claim.request and (claim.name, "") not in seen:
            errors.problem(f"{path}[{index}].request", claim.request, names.dns_label(claim.request))
        overlapping = {(claim.name, ""), key} if claim.request else {each for each in seen if each[0] == claim.name}
        if overlapping & seen:
            errors.duplicate(f"{path}[{index}]", claim.name)
        seen.add(key)
        if claim.name not in claim_names:
            errors.not_found(f"{path}[{index}].name", claim.name)


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _is_extended(name: str) -> bool:
    """Return whether a resource is neither Kubernetes' own nor a quota: a device, which comes in whole pieces."""
    if _is_native(name) or name.startswith("requests."):
        return False
    return names.qualified_name(f"requests.{name}") is None


def _may_overcommit(name: str) -> bool:
    return _is_native(name) and not name.startswith(_HUGE_PAGES)


def _is_whole_pages(name: str, amount: Quantity) -> bool:
    try:
        page = Quantity(name.removeprefix(_HUGE_PAGES))
    except QuantityError:
        return False
    return page > _ZERO and page.milli_value() % 1000 == 0 and amount.value() % page.value() == 0
