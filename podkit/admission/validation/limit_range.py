"""Rules for limit ranges.

Source of the rules: core, ``ValidateLimitRange``.
"""

from __future__ import annotations

from collections.abc import Mapping

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.resources import check_quantity
from podkit.model.limit_range import LimitRange, LimitRangeItem
from podkit.model.quantity import Quantity

_ONE = Quantity(1)


def check_limit_range(errors: Errors, limit_range: LimitRange) -> None:
    """Check a new LimitRange."""
    check_metadata(errors, limit_range.metadata, names.dns_subdomain)
    seen: set[str] = set()
    for index, item in enumerate(limit_range.spec.limits):
        path = f"spec.limits[{index}]"
        errors.problem(f"{path}.type", item.type, names.qualified_name(item.type))
        errors.unique(f"{path}.type", item.type, seen)
        _check_item(errors, path, item)


def check_limit_range_update(errors: Errors, new: LimitRange, old: LimitRange) -> None:
    """Check a change of a LimitRange: everything may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_limit_range(errors, new)


def _check_item(errors: Errors, path: str, item: LimitRangeItem) -> None:
    least, most = _read(errors, f"{path}.min", item.min), _read(errors, f"{path}.max", item.max)
    limits = _read(errors, f"{path}.default", item.default)
    requests = _read(errors, f"{path}.defaultRequest", item.default_request)
    ratios = _read(errors, f"{path}.maxLimitRequestRatio", item.max_limit_request_ratio)
    if item.type == "Pod":
        for name, amounts in (("default", item.default), ("defaultRequest", item.default_request)):
            if amounts:
                errors.forbidden(f"{path}.{name}", "may not be specified when `type` is 'Pod'")
    if item.type == "PersistentVolumeClaim" and not (item.min.get("storage") or item.max.get("storage")):
        errors.required(
            f"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"
        )
    for smaller, name, larger, other in (
        (least, "min", most, "max"),
        (least, "min", requests, "defaultRequest"),
        (requests, "defaultRequest", most, "max"),
        (requests, "defaultRequest", limits, "default"),
        (least, "min", limits, "default"),
        (limits, "default", most, "max"),
    ):
        for resource in smaller.keys() & larger.keys():
            if smaller[resource] > larger[resource]:
                message = f"{name} value {smaller[resource]} is greater than {other} value {larger[resource]}"
                errors.invalid(f"{path}.{name}[{resource}]", str(smaller[resource]), message)
    for resource, ratio in ratios.items():
        if ratio < _ONE:
            errors.invalid(f"{path}.maxLimitRequestRatio[{resource}]", str(ratio), "ratio is less than 1")


def _read(errors: Errors, path: str, amounts: Mapping[str, str]) -> dict[str, Quantity]:
    """The amounts, as far as they are some."""
    read = {name: check_quantity(errors, f"{path}[{name}]", name, text) for name, text in amounts.items()}
    return {name: amount for name, amount in read.items() if amount is not None}
