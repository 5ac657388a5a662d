"""Rules for Windows: user names, credential specs, host processes; and which fields belong to which system.

podkit runs Linux containers; a manifest for Windows is checked all the same, as a cluster would check it.
Source of the rules: core, ``validateWindowsSecurityContextOptions``, ``validateWindows``, ``validateLinux``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.container import Container, EphemeralContainer
from podkit.model.pod import PodSpec
from podkit.model.security import PodSecurityContext, SecurityContext, WindowsSecurityContextOptions

_SYSTEMS = frozenset({"linux", "windows"})
_CREDENTIAL_SPEC_LIMIT = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DOMAIN_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*")
_NOT_IN_USER_NAMES = re.compile(r'["/\\:;|=,+*?<>@\[\]]')

_POD_FIELDS_NOT_ON_WINDOWS = (
    ("appArmorProfile", "app_armor_profile"),
    ("seLinuxOptions", "se_linux_options"),
    ("seccompProfile", "seccomp_profile"),
    ("fsGroup", "fs_group"),
    ("fsGroupChangePolicy", "fs_group_change_policy"),
    ("sysctls", "sysctls"),
    ("runAsUser", "run_as_user"),
    ("runAsGroup", "run_as_group"),
    ("supplementalGroups", "supplemental_groups"),
    ("supplementalGroupsPolicy", "supplemental_groups_policy"),
    ("seLinuxChangePolicy", "se_linux_change_policy"),
)
_CONTAINER_FIELDS_NOT_ON_WINDOWS = (
    ("appArmorProfile", "app_armor_profile"),
    ("seLinuxOptions", "se_linux_options"),
    ("seccompProfile", "seccomp_profile"),
    ("capabilities", "capabilities"),
    ("readOnlyRootFilesystem", "read_only_root_filesystem"),
    ("privileged", "privileged"),
    ("allowPrivilegeEscalation", "allow_privilege_escalation"),
    ("procMount", "proc_mount"),
    ("runAsUser", "run_as_user"),
    ("runAsGroup", "run_as_group"),
)


def every_container(path: str, spec: PodSpec) -> Iterator[tuple[str, Container | EphemeralContainer]]:
    """Yield every container of a Pod with its path."""
    for index, container in enumerate(spec.init_containers):
        yield f"{path}.initContainers[{index}]", container
    for index, container in enumerate(spec.containers):
        yield f"{path}.containers[{index}]", container
    for index, ephemeral in enumerate(spec.ephemeral_containers):
        yield f"{path}.ephemeralContainers[{index}]", ephemeral


def check_operating_system(errors: Errors, path: str, spec: PodSpec) -> None:
    """Check ``spec.os``, and that nothing is set that its system does not have."""
    if spec.os is None:
        return
    if not spec.os.name:
        errors.required(f"{path}.os.name")
    elif spec.os.name not in _SYSTEMS:
        errors.not_supported(f"{path}.os", spec.os.name, _SYSTEMS)
    elif spec.os.name == "linux":
        _check_linux(errors, path, spec)
    else:
        _check_windows(errors, path, spec)


def _check_linux(errors: Errors, path: str, spec: PodSpec) -> None:
    if spec.security_context and spec.security_context.windows_options is not None:
        errors.forbidden(f"{path}.securityContext.windowsOptions", "cannot be set for a linux Pod")
    for at, container in every_container(path, spec):
        if container.security_context and container.security_context.windows_options is not None:
            errors.forbidden(f"{at}.securityContext.windowsOptions", "cannot be set for a linux Pod")


def _check_windows(errors: Errors, path: str, spec: PodSpec) -> None:
    host_fields = (
        ("hostUsers", spec.host_users is not None),
        ("hostPID", spec.host_pid),
        ("hostIPC", spec.host_ipc),
        ("shareProcessNamespace", spec.share_process_namespace is not None),
    )
    for name, is_set in host_fields:
        if is_set:
            errors.forbidden(f"{path}.{name}", "cannot be set for a windows Pod")
    if spec.security_context is not None:
        _forbid(errors, f"{path}.securityContext", spec.security_context, _POD_FIELDS_NOT_ON_WINDOWS)
    for at, container in every_container(path, spec):
        if container.security_context is not None:
            _forbid(errors, f"{at}.securityContext", container.security_context, _CONTAINER_FIELDS_NOT_ON_WINDOWS)


def _forbid(
    errors: Errors,
    path: str,
    context: PodSecurityContext | SecurityContext,
    fields: tuple[tuple[str, str], ...],
) -> None:
    for name, attribute in fields:
        value = getattr(context, attribute)
        if value is not None and value != []:
            errors.forbidden(f"{path}.{name}", "cannot be set for a windows Pod")


def check_host_process(errors: Errors, path: str, spec: PodSpec) -> None:
    """Either all containers of a Pod are Windows host processes or none is, and then the network is the host's."""
    options = spec.security_context.windows_options if spec.security_context else None
    of_pod = options.host_process if options else None
    count = 0
    total = 0
    for at, container in every_container(path, spec):
        total += 1
        context = container.security_context
        own = context.windows_options.host_process if context and context.windows_options else None
        if of_pod is not None and own is not None and of_pod != own:
            errors.invalid(
                f"{at}.securityContext.windowsOptions.hostProcess", own, f"must be the Pod's value, {of_pod}"
            )
        if own or (own is None and of_pod):
            count += 1
    if count and count != total:
        errors.invalid(path, "", "all containers must be host processes, or none")
    if count and not spec.host_network:
        errors.invalid(f"{path}.hostNetwork", False, "must be true for host processes")


def check_windows_options(errors: Errors, path: str, options: WindowsSecurityContextOptions) -> None:
    """Check ``windowsOptions``."""
    if options.gmsa_credential_spec_name is not None:
        name = options.gmsa_credential_spec_name
        errors.problem(f"{path}.gmsaCredentialSpecName", name, names.dns_subdomain(name))
    if options.gmsa_credential_spec is not None:
        size = len(options.gmsa_credential_spec.encode())
        if size == 0 or size > _CREDENTIAL_SPEC_LIMIT:
            errors.invalid(f"{path}.gmsaCredentialSpec", f"{size} bytes", "must have 1 byte to 64 KiB")
    if options.run_as_user_name is not None:
        problem = _user_name_problem(options.run_as_user_name)
        errors.problem(f"{path}.runAsUserName", options.run_as_user_name, problem)


def _user_name_problem(name: str) -> str | None:
    if not name:
        return "may not be empty"
    if _CONTROL.search(name):
        return "may not have control characters"
    if name.count("\\") > 1:
        return "may have one backslash at most, between domain and user"
    domain, backslash, user = name.rpartition("\\")
    if backslash:
        if len(domain) >= 256:
            return "the domain must have less than 256 characters"
        if _NETBIOS.fullmatch(domain) is None and _DOMAIN.fullmatch(domain) is None:
            return "the domain is neither a NetBIOS nor a DNS name"
    if not 1 <= len(user) <= 104:
        return "the user must have 1 to 104 characters"
    if not user.strip(". "):
        return "the user may not be dots and blanks only"
    return "the user has a character that may not be" if _NOT_IN_USER_NAMES.search(user) else None
