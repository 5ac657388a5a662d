"""Who a container runs as, from the security contexts of the Pod and the container, and of its image.

`pkg/securitycontext/util.go` (`DetermineEffectiveSecurityContext`: the container's word counts before the Pod's) and
`kuberuntime/security_context.go` (`verifyRunAsNonRoot`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from podkit.kubelet.sources import ConfigError
from podkit.model import (
    AppArmorProfile,
    Container,
    EphemeralContainer,
    Pod,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
)
from podkit.runtime.base import ImageStatus, RuntimeInfo, SecurityConfig

SECCOMP_ROOT = Path("/var/lib/kubelet/seccomp")
"""Where profiles of type ``Localhost`` lie, as with a kubelet."""


def security_config(
    pod: Pod, container: Container | EphemeralContainer, image: ImageStatus, engine: RuntimeInfo
) -> SecurityConfig:
    """What to tell the container engine. What the machine does not have is left out: `podkit.kubelet.support` tells.

    Raises:
        ConfigError: the container must not run as root, and would.
    """
    own = container.security_context or SecurityContext()
    shared = pod.spec.security_context or PodSecurityContext()
    user = _first(own.run_as_user, shared.run_as_user)
    group = _first(own.run_as_group, shared.run_as_group)
    if _first(own.run_as_non_root, shared.run_as_non_root):
        _demand_non_root(user, image, f'(pod: "{_name_of(pod)}", container: {container.name})')
    groups = [*shared.supplemental_groups, *([shared.fs_group] if shared.fs_group is not None else [])]
    capabilities = own.capabilities
    return SecurityConfig(
        user=user,
        group=group,
        supplemental_groups=groups,
        image_groups=shared.supplemental_groups_policy != "Strict",
        privileged=bool(own.privileged),
        add_capabilities=[_bare(name) for name in capabilities.add] if capabilities else (),
        drop_capabilities=[_bare(name) for name in capabilities.drop] if capabilities else (),
        no_new_privileges=own.allow_privilege_escalation is False,
        read_only_root=bool(own.read_only_root_filesystem),
        selinux=_selinux(_first(own.se_linux_options, shared.se_linux_options)) if engine.selinux else {},
        unmasked=own.proc_mount == "Unmasked",
        seccomp=_seccomp(_first(own.seccomp_profile, shared.seccomp_profile)) if engine.seccomp else None,
        apparmor=_apparmor(_first(own.app_armor_profile, shared.app_armor_profile)) if engine.apparmor else None,
    )


def _first(own: Any, shared: Any) -> Any:
    return own if own is not None else shared


def _bare(capability: str) -> str:
    return capability.upper().removeprefix("CAP_")


def _name_of(pod: Pod) -> str:
    meta = pod.metadata
    return f"{meta.name}_{meta.namespace}({meta.uid})"


def _demand_non_root(user: int | None, image: ImageStatus, where: str) -> None:
    if user is not None:
        if user == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        return
    name = image.user.partition(":")[0]
    if name and not name.isdecimal():
        raise ConfigError(
            f"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {where}"
        )
    if int(name or "0") == 0:
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")


def _seccomp(profile: SeccompProfile | None) -> str | None:
    """None for the engine's own profile. A container that says nothing is not filtered (`fieldSeccompProfile`)."""
    if profile is None or profile.type == "Unconfined":
        return "unconfined"
    return str(SECCOMP_ROOT / (profile.localhost_profile or "")) if profile.type == "Localhost" else None


def _apparmor(profile: AppArmorProfile | None) -> str | None:
    """None for the engine's own profile."""
    if profile is None or profile.type == "RuntimeDefault":
        return None
    return "unconfined" if profile.type == "Unconfined" else profile.localhost_profile


def _selinux(options: Any) -> dict[str, str]:
    if options is None:
        return {}
    found = {name: getattr(options, name) for name in ("user", "role", "type", "level")}
    return {name: value for name, value in found.items() if value}
