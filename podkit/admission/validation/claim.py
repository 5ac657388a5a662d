"""Rules for claims: PersistentVolumeClaims, and the templates of them in volumes.

Source of the rules: core, ``ValidatePersistentVolumeClaimSpec``, ``ValidatePersistentVolumeClaimUpdate``.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, fields

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import difference, same
from podkit.admission.validation.meta import (
    check_labels_and_annotations,
    check_metadata,
    check_metadata_update,
)
from podkit.admission.validation.resources import read_quantity
from podkit.admission.validation.selector import check_label_selector
from podkit.model.claim import (
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
)
from podkit.model.meta import ObjectMeta, TypedLocalObjectReference, TypedObjectReference
from podkit.model.quantity import Quantity, QuantityError
from podkit.model.resources import VolumeResourceRequirements

_ACCESS_MODES = frozenset({"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"})
_VOLUME_MODES = frozenset({"Block", "Filesystem"})
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def check_claim(errors: Errors, claim: PersistentVolumeClaim) -> None:
    """Check a new claim."""
    check_metadata(errors, claim.metadata, names.dns_subdomain)
    _check_spec(errors, "spec", claim.spec)


def check_claim_template(errors: Errors, path: str, template: PersistentVolumeClaimTemplate) -> None:
    """Check the template of an ephemeral volume's claim: labels and annotations are all it has of metadata."""
    at = f"{path}.metadata"
    check_labels_and_annotations(errors, at, template.metadata)
    empty = ObjectMeta()
    for attribute in fields(ObjectMeta):
        name = attribute.name
        if name not in ("labels", "annotations") and getattr(template.metadata, name) != getattr(empty, name):
            errors.forbidden(f"{at}.{_json_name(name)}", "may not be set")
    _check_spec(errors, f"{path}.spec", template.spec)


def _json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _check_spec(errors: Errors, path: str, spec: PersistentVolumeClaimSpec) -> None:
    _check_access_modes(errors, f"{path}.accessModes", spec.access_modes)
    check_label_selector(errors, f"{path}.selector", spec.selector)
    _check_storage(errors, f"{path}.resources.requests[storage]", spec.resources)
    for name, value in (
        ("storageClassName", spec.storage_class_name),
        ("volumeAttributesClassName", spec.volume_attributes_class_name),
    ):
        if value:
            errors.problem(f"{path}.{name}", value, names.dns_subdomain(value))
    errors.optional_member(f"{path}.volumeMode", spec.volume_mode, _VOLUME_MODES)
    _check_data_sources(errors, path, spec)


def _check_access_modes(errors: Errors, path: str, modes: Sequence[str]) -> None:
    if not modes:
        errors.required(path, "at least one access mode is needed")
    for mode in modes:
        errors.optional_member(path, mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode in _ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        errors.forbidden(path, "ReadWriteOncePod may not be beside other access modes")


def _check_storage(errors: Errors, path: str, resources: VolumeResourceRequirements | None) -> None:
    text = resources.requests.get("storage") if resources else None
    if text is None:
        errors.required(path, "a claim says how much storage it requests")
        return
    amount = read_quantity(errors, path, text)
    if amount is not None and amount <= Quantity(0):
        errors.invalid(path, text, "must be greater than zero")


def _check_data_sources(errors: Errors, path: str, spec: PersistentVolumeClaimSpec) -> None:
    source, ref = spec.data_source, spec.data_source_ref
    if source is not None:
        _check_data_source(errors, f"{path}.dataSource", source)
    if ref is not None:
        _check_data_source(errors, f"{path}.dataSourceRef", ref)
        if ref.namespace:
            errors.problem(f"{path}.dataSourceRef.namespace", ref.namespace, names.dns_label(ref.namespace))
    if source is not None and ref is not None:
        if ref.namespace:
            errors.invalid(path, "dataSource", "may not be set beside dataSourceRef.namespace")
        elif (source.api_group, source.kind, source.name) != (ref.api_group, ref.kind, ref.name):
            errors.invalid(path, "dataSource", "must be the same as dataSourceRef")


def _check_data_source(errors: Errors, path: str, source: TypedLocalObjectReference | TypedObjectReference) -> None:
    if not source.name:
        errors.required(f"{path}.name")
    if not source.kind:
        errors.required(f"{path}.kind")
    if source.api_group:
        errors.problem(f"{path}.apiGroup", source.api_group, names.dns_subdomain(source.api_group))
    elif source.kind != "PersistentVolumeClaim":
        errors.invalid(path, source.kind, "must be PersistentVolumeClaim when there is no apiGroup")


def check_claim_update(errors: Errors, new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> None:
    """Check a change of a claim: a bound one may grow, and little else may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_claim(errors, new)
    now = new.metadata.annotations.get(_CLASS_ANNOTATION)
    if now != old.metadata.annotations.get(_CLASS_ANNOTATION):
        errors.invalid(f"metadata.annotations.{_CLASS_ANNOTATION}", now, "the field is immutable")
    before = _with_allowed_changes(old, new)
    if not same(new.spec, before):
        where = difference("spec", new.spec, before)
        errors.forbidden(
            where, "a claim's spec is immutable, but for requests.storage and volumeAttributesClassName once bound"
        )
    if _requested(new) < _requested(old) and _requested(new) <= _given(new):
        errors.forbidden("spec.resources.requests.storage", "may not be less than what the claim has (status.capacity)")
    if old.spec.volume_mode != new.spec.volume_mode:
        errors.invalid("spec.volumeMode", new.spec.volume_mode, "the field is immutable")
    if old.spec.volume_attributes_class_name is not None and not new.spec.volume_attributes_class_name:
        errors.forbidden("spec.volumeAttributesClassName", "may not be taken away")


def _with_allowed_changes(old: PersistentVolumeClaim, new: PersistentVolumeClaim) -> PersistentVolumeClaimSpec:
    """Return the old spec with what may change set to what it has become."""
    allowed = evolve(old.spec)
    if not old.spec.volume_name:
        allowed.volume_name = new.spec.volume_name
    if old.spec.storage_class_name is None:
        allowed.storage_class_name = new.spec.storage_class_name
    if new.status.phase == "Bound":
        if new.spec.resources and old.spec.resources and "storage" in new.spec.resources.requests:
            storage = new.spec.resources.requests["storage"]
            allowed.resources = evolve(old.spec.resources, requests={**old.spec.resources.requests, "storage": storage})
        if new.spec.volume_attributes_class_name is not None:
            allowed.volume_attributes_class_name = new.spec.volume_attributes_class_name
    return allowed


def _requested(claim: PersistentVolumeClaim) -> Quantity:
    return _quantity_or_zero(claim.spec.resources.requests.get("storage") if claim.spec.resources else None)


def _given(claim: PersistentVolumeClaim) -> Quantity:
    return _quantity_or_zero(claim.status.capacity.get("storage"))


def _quantity_or_zero(text: str | None) -> Quantity:
    try:
        return Quantity(text or "0")
    except QuantityError:
        return Quantity(0)
