"""Rules for the annotations of Pods that Kubernetes itself reads.

Source of the rules: core, ``ValidatePodSpecificAnnotations``, ``validateSeccompAnnotationsAndFields``,
``validateAppArmorAnnotationsAndFieldsMatchOnCreate``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from podkit.admission.mirror_pods import MIRROR
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.file_path import check_descending_path
from podkit.admission.validation.windows import every_container
from podkit.model.pod import PodSpec
from podkit.model.security import AppArmorProfile, SeccompProfile

APP_ARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
_INTEGER = re.compile(r"0|-?[0-9]+|[1-9][0-9]*")
_LOCALHOST = "localhost/"
_SECCOMP_VALUES = {"Unconfined": {"unconfined"}, "RuntimeDefault": {"runtime/default", "docker/default"}}
_APP_ARMOR_VALUES = {"Unconfined": {"unconfined"}, "RuntimeDefault": {"runtime/default"}}


def check_pod_annotations(errors: Errors, path: str, annotations: Mapping[str, str], spec: PodSpec) -> None:
    """Check the annotations of a Pod or template."""
    if MIRROR in annotations and not spec.node_name:
        errors.invalid(f"{path}[{MIRROR}]", annotations[MIRROR], "a mirror Pod has spec.nodeName")
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_int32(cost):
        errors.invalid(f"{path}[{_DELETION_COST}]", cost, "must be an integer of 32 bits")
    containers = {container.name for _, container in every_container("", spec)}
    for key, value in annotations.items():
        if key == _SECCOMP_POD or key.startswith(_SECCOMP_PREFIX):
            _check_seccomp_value(errors, f"{path}.{key}", value)
        elif key.startswith(APP_ARMOR_PREFIX):
            _check_app_armor_value(errors, f"{path}[{key}]", key, value, containers)


def _is_int32(text: str) -> bool:
    if _INTEGER.fullmatch(text) is None or (text.startswith("0") and text != "0"):
        return False
    return -(2**31) <= int(text) < 2**31


def _check_seccomp_value(errors: Errors, path: str, value: str) -> None:
    if value.startswith(_LOCALHOST):
        check_descending_path(errors, path, value.removeprefix(_LOCALHOST))
    elif value not in ("runtime/default", "docker/default", "unconfined"):
        errors.invalid(path, value, "is no seccomp profile")


def _check_app_armor_value(errors: Errors, path: str, key: str, value: str, containers: set[str]) -> None:
    container = key.removeprefix(APP_ARMOR_PREFIX)
    if container not in containers:
        errors.invalid(path, container, "there is no such container")
    if value not in ("", "runtime/default", "unconfined") and not value.startswith(_LOCALHOST):
        errors.invalid(path, value, "is no AppArmor profile")


def check_profiles_agree(errors: Errors, path: str, annotations: Mapping[str, str], spec: PodSpec) -> None:
    """The old annotations and the fields that replaced them must say the same, where both are there."""
    if not annotations:
        return
    of_pod = spec.security_context
    if of_pod and of_pod.seccomp_profile and _SECCOMP_POD in annotations:
        at = f"{path}.securityContext.seccompProfile"
        _check_same(errors, at, annotations[_SECCOMP_POD], of_pod.seccomp_profile, _SECCOMP_VALUES)
    on_windows = spec.os is not None and spec.os.name == "windows"
    for at, container in every_container(path, spec):
        context = container.security_context
        seccomp = annotations.get(_SECCOMP_PREFIX + container.name)
        if seccomp is not None and context and context.seccomp_profile:
            profile = context.seccomp_profile
            _check_same(errors, f"{at}.securityContext.seccompProfile", seccomp, profile, _SECCOMP_VALUES)
        app_armor = annotations.get(APP_ARMOR_PREFIX + container.name)
        own = context.app_armor_profile if context else None
        inherited = own or (of_pod.app_armor_profile if of_pod else None)
        if app_armor is not None and inherited is not None and not on_windows:
            where = f"{at}.securityContext.appArmorProfile"
            _check_same(errors, where, app_armor, inherited, _APP_ARMOR_VALUES)


def _check_same(
    errors: Errors,
    path: str,
    annotation: str,
    profile: SeccompProfile | AppArmorProfile,
    values: Mapping[str, set[str]],
) -> None:
    if profile.type == "Localhost":
        if not annotation.startswith(_LOCALHOST):
            errors.forbidden(f"{path}.type", "the annotation and the field must say the same")
        elif annotation.removeprefix(_LOCALHOST) != profile.localhost_profile:
            errors.forbidden(f"{path}.localhostProfile", "the annotation and the field must say the same")
    elif profile.type in values and annotation not in values[profile.type]:
        errors.forbidden(f"{path}.type", "the annotation and the field must say the same")
