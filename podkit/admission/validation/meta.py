"""Rules for metadata: names, labels, annotations, owners, finalizers, and what of them may change.

Source of the rules: apimachinery, ``pkg/api/validation/objectmeta.go``; core, ``ValidateObjectMeta``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.meta import ManagedFieldsEntry, ObjectMeta, OwnerReference

NameRule = Callable[[str], "str | None"]

_ANNOTATIONS_LIMIT = 256 * 1024
_STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}
_FIELD_MANAGER_LIMIT = 128


def check_metadata(
    errors: Errors, meta: ObjectMeta, name_rule: NameRule, *, namespaced: bool = True, path: str = "metadata"
) -> None:
    """Check the metadata of a new object."""
    if meta.generate_name:
        errors.problem(f"{path}.generateName", meta.generate_name, name_rule(names.as_prefix(meta.generate_name)))
    if meta.name:
        errors.problem(f"{path}.name", meta.name, name_rule(meta.name))
    elif not meta.generate_name:
        errors.required(f"{path}.name", "name or generateName is needed")
    if meta.namespace:
        if namespaced:
            errors.problem(f"{path}.namespace", meta.namespace, names.dns_label(meta.namespace))
        else:
            errors.forbidden(f"{path}.namespace", "this kind has no namespace")
    errors.non_negative(f"{path}.generation", meta.generation)
    check_labels_and_annotations(errors, path, meta)
    if meta.owner_references:
        _check_owners(errors, f"{path}.ownerReferences", meta.owner_references)
    if meta.finalizers:
        _check_finalizers(errors, f"{path}.finalizers", meta.finalizers)
    for index, entry in enumerate(meta.managed_fields):
        _check_managed_fields(errors, f"{path}.managedFields[{index}]", entry)


def check_labels_and_annotations(errors: Errors, path: str, meta: ObjectMeta) -> None:
    """Check what templates have of metadata too: labels and annotations."""
    if meta.labels:
        check_labels(errors, f"{path}.labels", meta.labels)
    if meta.annotations:
        check_annotations(errors, f"{path}.annotations", meta.annotations)


def check_labels(errors: Errors, path: str, labels: Mapping[str, str]) -> None:
    """Keys are qualified names, values are label values."""
    for key, value in labels.items():
        errors.problem(path, key, names.qualified_name(key))
        errors.problem(path, value, names.label_value(value))


def check_annotations(errors: Errors, path: str, annotations: Mapping[str, str]) -> None:
    """Keys are qualified names (in any case), and all together may have 256 KiB."""
    size = 0
    for key, value in annotations.items():
        errors.problem(path, key, names.qualified_name(key.lower()))
        size += len(key.encode()) + len(value.encode())
    if size > _ANNOTATIONS_LIMIT:
        errors.too_long(path, None, _ANNOTATIONS_LIMIT)


def _check_owners(errors: Errors, path: str, owners: list[OwnerReference]) -> None:
    controllers = []
    for index, owner in enumerate(owners):
        _check_owner(errors, f"{path}[{index}]", owner)
        if owner.controller:
            controllers.append(f"{owner.kind}/{owner.name}")
    if len(controllers) > 1:
        errors.invalid(path, ", ".join(controllers), "only one owner can be the controller")


def _check_owner(errors: Errors, path: str, owner: OwnerReference) -> None:
    group, _, version = owner.api_version.rpartition("/")
    if not version or "/" in group:
        errors.invalid(f"{path}.apiVersion", owner.api_version, "a version is needed, such as 'apps/v1'")
    for name, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
        if not value:
            errors.invalid(f"{path}.{name}", value, "may not be empty")
    if (owner.api_version, owner.kind) == ("v1", "Event"):
        errors.invalid(path, f"{owner.api_version}/{owner.kind}", "an Event cannot be an owner")


def _check_finalizers(errors: Errors, path: str, finalizers: list[str]) -> None:
    for index, finalizer in enumerate(finalizers):
        errors.problem(path, finalizer, names.qualified_name(finalizer))
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            errors.invalid(
                f"{path}[{index}]",
                finalizer,
                "must be a standard finalizer or have a domain, such as 'example.com/cleanup'",
            )
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        errors.invalid(path, finalizers, "orphan and foregroundDeletion exclude each other")


def _check_managed_fields(errors: Errors, path: str, entry: ManagedFieldsEntry) -> None:
    if entry.operation not in ("Apply", "Update"):
        errors.invalid(f"{path}.operation", entry.operation or "", "must be Apply or Update")
    if entry.fields_type not in (None, "", "FieldsV1"):
        errors.invalid(f"{path}.fieldsType", entry.fields_type, "must be FieldsV1")
    if entry.manager and len(entry.manager.encode()) > _FIELD_MANAGER_LIMIT:
        errors.too_long(f"{path}.manager", entry.manager, _FIELD_MANAGER_LIMIT)


def check_metadata_update(errors: Errors, new: ObjectMeta, old: ObjectMeta, path: str = "metadata") -> None:
    """Check what may not change of metadata. What the server fills in may be absent in the new object."""
    immutable = (
        ("name", new.name, old.name),
        ("namespace", new.namespace or "default", old.namespace or "default"),
        ("uid", new.uid or old.uid, old.uid),
        ("creationTimestamp", new.creation_timestamp or old.creation_timestamp, old.creation_timestamp),
        ("deletionTimestamp", new.deletion_timestamp or old.deletion_timestamp, old.deletion_timestamp),
    )
    for field, now, before in immutable:
        if now != before:
            errors.invalid(f"{path}.{field}", now, "the field is immutable")
    if new.generation is not None and old.generation is not None and new.generation < old.generation:
        errors.invalid(f"{path}.generation", new.generation, "may not be decremented")
    if old.deletion_timestamp is not None:
        added = [finalizer for finalizer in new.finalizers if finalizer not in old.finalizers]
        if added:
            errors.forbidden(
                f"{path}.finalizers", f"no finalizer can be added to an object being deleted: {', '.join(added)}"
            )
