"""Rules for security contexts: users, groups, profiles, capabilities, sysctls.

Source of the rules: core, ``ValidateSecurityContext``, ``validatePodSpecSecurityContext`` and around.
"""

from __future__ import annotations

import re

from podkit.admission.validation.collect import Errors
from podkit.admission.validation.file_path import check_descending_path
from podkit.admission.validation.windows import check_windows_options, every_container
from podkit.model.pod import PodSpec
from podkit.model.security import (
    AppArmorProfile,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    Sysctl,
)

_MAX_ID = 2**31 - 1
_PROFILE_TYPES = frozenset({"Localhost", "RuntimeDefault", "Unconfined"})
_PROC_MOUNTS = frozenset({"Default", "Unmasked"})
_FS_GROUP_POLICIES = frozenset({"OnRootMismatch", "Always"})
_GROUP_POLICIES = frozenset({"Merge", "Strict"})
# MountOption is for clusters that mount with SELinux labels, which is off (feature gate SELinuxMount).
_SE_LINUX_POLICIES = frozenset({"Recursive"})
_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_SYSCTL_LENGTH = 253
_LONGEST_PROFILE_PATH = 4095
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")


def check_security_context(errors: Errors, path: str, context: SecurityContext, *, host_users: bool) -> None:
    """Check the security context of a container.

    Args:
        errors: where what is found goes.
        path: the path of the context.
        context: the context.
        host_users: whether the Pod shares the host's user namespace.
    """
    _check_id(errors, f"{path}.runAsUser", context.run_as_user)
    _check_id(errors, f"{path}.runAsGroup", context.run_as_group)
    if context.proc_mount is not None:
        errors.optional_member(f"{path}.procMount", context.proc_mount, _PROC_MOUNTS)
        if host_users and context.proc_mount == "Unmasked":
            errors.invalid(f"{path}.procMount", context.proc_mount, "Unmasked needs hostUsers to be false")
    if context.seccomp_profile is not None:
        _check_seccomp(errors, f"{path}.seccompProfile", context.seccomp_profile)
    if context.allow_privilege_escalation is False:
        _check_no_escalation(errors, path, context)
    if context.windows_options is not None:
        check_windows_options(errors, f"{path}.windowsOptions", context.windows_options)
    if context.app_armor_profile is not None:
        _check_app_armor(errors, f"{path}.appArmorProfile", context.app_armor_profile)


def _check_no_escalation(errors: Errors, path: str, context: SecurityContext) -> None:
    if context.privileged:
        errors.invalid(path, "privileged", "a privileged container cannot have allowPrivilegeEscalation: false")
    if context.capabilities and "CAP_SYS_ADMIN" in context.capabilities.add:
        errors.invalid(path, "CAP_SYS_ADMIN", "cannot be added beside allowPrivilegeEscalation: false")


def check_pod_security_context(errors: Errors, path: str, context: PodSecurityContext, spec: PodSpec) -> None:
    """Check the security context of a Pod, and what it has to do with the namespaces of the host."""
    _check_id(errors, f"{path}.fsGroup", context.fs_group)
    _check_id(errors, f"{path}.runAsUser", context.run_as_user)
    _check_id(errors, f"{path}.runAsGroup", context.run_as_group)
    for index, group in enumerate(context.supplemental_groups):
        _check_id(errors, f"{path}.supplementalGroups[{index}]", group)
    if context.sysctls:
        _check_sysctls(errors, f"{path}.sysctls", context.sysctls, spec)
    errors.optional_member(f"{path}.fsGroupChangePolicy", context.fs_group_change_policy, _FS_GROUP_POLICIES)
    if context.seccomp_profile is not None:
        _check_seccomp(errors, f"{path}.seccompProfile", context.seccomp_profile)
    if context.windows_options is not None:
        check_windows_options(errors, f"{path}.windowsOptions", context.windows_options)
    if context.app_armor_profile is not None:
        _check_app_armor(errors, f"{path}.appArmorProfile", context.app_armor_profile)
    errors.optional_member(f"{path}.supplementalGroupsPolicy", context.supplemental_groups_policy, _GROUP_POLICIES)
    errors.optional_member(f"{path}.seLinuxChangePolicy", context.se_linux_change_policy, _SE_LINUX_POLICIES)


def check_host_namespaces(errors: Errors, path: str, spec: PodSpec) -> None:
    """Containers share one process namespace, or the host's; with a user namespace of their own, none of the host's."""
    if spec.share_process_namespace and spec.host_pid:
        errors.invalid(f"{path}.shareProcessNamespace", True, "shareProcessNamespace and hostPID exclude each other")
    if spec.host_users is not False:
        return
    shared = (("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc))
    for name, is_shared in shared:
        if is_shared:
            errors.forbidden(f"{path}.{name}", "excludes hostUsers: false")
    for at, container in every_container(path, spec):
        if container.volume_devices:
            errors.forbidden(f"{at}.volumeDevices", "excludes hostUsers: false")


def _check_id(errors: Errors, path: str, number: int | None) -> None:
    if number is not None and not 0 <= number <= _MAX_ID:
        errors.invalid(path, number, f"must be between 0 and {_MAX_ID}, inclusive")


def _check_seccomp(errors: Errors, path: str, profile: SeccompProfile) -> None:
    errors.member(f"{path}.type", profile.type, _PROFILE_TYPES)
    if profile.type != "Localhost":
        if profile.localhost_profile is not None:
            errors.invalid(f"{path}.localhostProfile", profile.localhost_profile, "needs the type Localhost")
    elif profile.localhost_profile is None:
        errors.required(f"{path}.localhostProfile", "the type Localhost needs a profile")
    else:
        check_descending_path(errors, f"{path}.localhostProfile", profile.localhost_profile)


def _check_app_armor(errors: Errors, path: str, profile: AppArmorProfile) -> None:
    errors.member(f"{path}.type", profile.type, _PROFILE_TYPES)
    name, at = profile.localhost_profile, f"{path}.localhostProfile"
    if profile.type == "Localhost":
        if not (name or "").strip() and (name or "").strip() == (name or ""):
            errors.required(at, "the type Localhost needs a profile")
        elif name is not None and name != name.strip():
            errors.invalid(at, name, "may not start or end with blanks")
        if name is not None and len(name.encode()) > _LONGEST_PROFILE_PATH:
            errors.too_long(at, name, _LONGEST_PROFILE_PATH)
    elif profile.type in _PROFILE_TYPES and name is not None:
        errors.invalid(at, name, "needs the type Localhost")


def _check_sysctls(errors: Errors, path: str, sysctls: list[Sysctl], spec: PodSpec) -> None:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        at = f"{path}[{index}].name"
        if not sysctl.name:
            errors.required(at)
        elif len(sysctl.name) > _SYSCTL_LENGTH or _SYSCTL.fullmatch(sysctl.name) is None:
            errors.invalid(at, sysctl.name, "is no name of a sysctl, such as net.core.somaxconn")
        elif sysctl.name in seen:
            errors.duplicate(at, sysctl.name)
        seen.add(sysctl.name)
        dotted = sysctl.name.replace("/", ".")
        if spec.host_network and dotted.startswith("net."):
            errors.invalid(at, sysctl.name, "may not be set for the network of the host (hostNetwork)")
        elif spec.host_ipc and dotted.startswith(_IPC_SYSCTLS):
            errors.invalid(at, sysctl.name, "may not be set for the IPC namespace of the host (hostIPC)")
