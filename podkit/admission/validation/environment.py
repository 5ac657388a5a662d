"""Rules for environment variables and for references into the Pod's own fields.

Source of the rules: core, ``ValidateEnv``, ``ValidateEnvFrom``, ``validateObjectFieldSelector`` and around.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.file_path import check_no_backsteps
from podkit.admission.validation.resources import read_quantity
from podkit.model.environment import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    FileKeySelector,
    ObjectFieldSelector,
    ResourceFieldSelector,
    SecretEnvSource,
    SecretKeySelector,
)

ENV_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
VOLUME_FIELDS: Final = frozenset(
    {"metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"}
)

# What a field reference may name at all, wherever it stands (pkg/apis/core/pods/helpers.go).
_KNOWN_FIELDS = frozenset(
    {"metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase"} | ENV_FIELDS
)
_SUBSCRIPT = re.compile(r"(.+?)\['(.*)'\]", re.DOTALL)
_RESOURCES = frozenset(
    f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage")
)
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS = frozenset({"1m", "1"})
_BYTE_DIVISORS = frozenset(
    ["1", *(f"1{suffix}" for suffix in ["k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])]
)


def check_env(errors: Errors, path: str, variables: list[EnvVar]) -> None:
    """Check ``env`` of a container."""
    for index, variable in enumerate(variables):
        errors.well_formed(f"{path}[{index}].name", variable.name, names.environment_name)
        if variable.value_from is not None:
            _check_value_from(errors, f"{path}[{index}].valueFrom", variable, variable.value_from)


def _check_value_from(errors: Errors, path: str, variable: EnvVar, source: EnvVarSource) -> None:
    """A value comes from exactly one place."""
    count = 0
    if source.field_ref is not None:
        count += 1
        check_field_ref(errors, f"{path}.fieldRef", source.field_ref, ENV_FIELDS)
    if source.resource_field_ref is not None:
        count += 1
        check_resource_field_ref(errors, f"{path}.resourceFieldRef", source.resource_field_ref)
    if source.config_map_key_ref is not None:
        count += 1
        _check_key_ref(errors, f"{path}.configMapKeyRef", source.config_map_key_ref)
    if source.secret_key_ref is not None:
        count += 1
        _check_key_ref(errors, f"{path}.secretKeyRef", source.secret_key_ref)
    if source.file_key_ref is not None:
        count += 1
        _check_file_key_ref(errors, f"{path}.fileKeyRef", source.file_key_ref)
    if count == 0:
        errors.invalid(
            path, "", "one of fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef or fileKeyRef is needed"
        )
    elif variable.value:
        errors.invalid(path, "", "may not be there beside a value that is not empty")
    elif count > 1:
        errors.invalid(path, "", "a value can come from one source only")


def check_field_ref(errors: Errors, path: str, ref: ObjectFieldSelector, supported: Collection[str]) -> None:
    """Check a reference to a field of the Pod; labels and annotations can be asked for one by one."""
    if not ref.api_version:
        errors.required(f"{path}.apiVersion")
        return
    if not ref.field_path:
        errors.required(f"{path}.fieldPath")
        return
    if ref.api_version != "v1":
        errors.invalid(f"{path}.fieldPath", ref.field_path, f"apiVersion {ref.api_version} is not known; use v1")
        return
    match = _SUBSCRIPT.fullmatch(ref.field_path)
    field, subscript = match.groups() if match else (ref.field_path, None)
    if subscript is not None:
        if field == "metadata.annotations":
            errors.problem(path, subscript, names.qualified_name(subscript.lower()))
        elif field == "metadata.labels":
            errors.problem(path, subscript, names.qualified_name(subscript))
        else:
            errors.invalid(f"{path}.fieldPath", ref.field_path, "only labels and annotations can be asked for by key")
    elif field not in _KNOWN_FIELDS:
        errors.invalid(f"{path}.fieldPath", ref.field_path, "is not a field that can be referred to")
    elif field not in supported:
        errors.not_supported(f"{path}.fieldPath", field, supported)


def check_resource_field_ref(errors: Errors, path: str, ref: ResourceFieldSelector, *, in_volume: bool = False) -> None:
    """Check a reference to a container's requests or limits; in a volume it must say which container is meant."""
    if in_volume and not ref.container_name:
        errors.required(f"{path}.containerName")
    elif not ref.resource:
        errors.required(f"{path}.resource")
    elif ref.resource not in _RESOURCES and not ref.resource.startswith(_HUGE_PAGES):
        errors.not_supported(f"{path}.resource", ref.resource, _RESOURCES)
    if ref.divisor:
        _check_divisor(errors, f"{path}.divisor", ref.resource, ref.divisor)


def _check_divisor(errors: Errors, path: str, resource: str, text: str) -> None:
    divisor = read_quantity(errors, path, text)
    if not divisor:
        return  # zero means the default
    if resource in ("limits.cpu", "requests.cpu"):
        if str(divisor) not in _CPU_DIVISORS:
            errors.invalid(path, text, "cpu is divided by 1m or 1")
    elif (resource in _RESOURCES or resource.startswith(_HUGE_PAGES)) and str(divisor) not in _BYTE_DIVISORS:
        errors.invalid(path, text, f"{resource} is divided by one unit, such as 1, 1M or 1Mi")


def _check_key_ref(errors: Errors, path: str, ref: ConfigMapKeySelector | SecretKeySelector) -> None:
    errors.problem(f"{path}.name", ref.name or "", names.dns_subdomain(ref.name or ""))
    errors.well_formed(f"{path}.key", ref.key, names.config_key)


def _check_file_key_ref(errors: Errors, path: str, ref: FileKeySelector) -> None:
    errors.well_formed(f"{path}.volumeName", ref.volume_name, names.dns_label)
    if not ref.path:
        errors.required(f"{path}.path")
    else:
        check_no_backsteps(errors, f"{path}.path", ref.path)
    errors.well_formed(f"{path}.key", ref.key, names.environment_name)


def check_env_from(errors: Errors, path: str, sources: list[EnvFromSource]) -> None:
    """Check ``envFrom`` of a container: each entry takes over one ConfigMap or one Secret."""
    for index, source in enumerate(sources):
        if source.prefix:
            errors.problem(f"{path}[{index}].prefix", source.prefix, names.environment_name(source.prefix))
        count = 0
        if source.config_map_ref is not None:
            count += 1
            _check_env_source(errors, f"{path}[{index}].configMapRef", source.config_map_ref)
        if source.secret_ref is not None:
            count += 1
            _check_env_source(errors, f"{path}[{index}].secretRef", source.secret_ref)
        if count != 1:
            errors.invalid(f"{path}[{index}]", "", "exactly one of configMapRef and secretRef is needed")


def _check_env_source(errors: Errors, path: str, source: ConfigMapEnvSource | SecretEnvSource) -> None:
    if not source.name:
        errors.required(f"{path}.name")
    else:
        errors.problem(f"{path}.name", source.name, names.dns_subdomain(names.as_prefix(source.name)))
