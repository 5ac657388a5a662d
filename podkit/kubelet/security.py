"""Who a container runs as, from the security contexts of the Pod and the container, and of its image.

`pkg/securitycontext/util.go` (`DetermineEffectiveSecurityContext`: the container's word counts before the Pod's) and
`kuberuntime/security_context.go` (`verifyRunAsNonRoot`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from podkit.kubelet.sources import ConfigError
from podkit.model import Container, EphemeralContainer, Pod, PodSecurityContext, SecurityContext
from podkit.runtime.base import ImageStatus, SecurityConfig

SECCOMP_ROOT = Path("/var/lib/kubelet/seccomp")
"""Where profiles of type ``Localhost`` lie, as with a kubelet."""


def security_config(pod: Pod, container: Container | EphemeralContainer, image: ImageStatus) -> SecurityConfig:
    """What to tell the container engine.

    Raises:
        ConfigError: the container must not run as root, and would.
    """
    own = container.security_context or SecurityContext()
    shared = pod.spec.security_context or PodSecurityContext()
    user = _first(own.run_as_user, shared.run_as_user)
    group = _first(own.run_as_group, shared.run_as_group)
    if _first(own.run_as_non_root, shared.run_as_non_root):
        _demand_non_root(user, image)
    groups = [*shared.supplemental_groups, *([shared.fs_group] if shared.fs_group is not None else [])]
    capabilities = own.capabilities
    return SecurityConfig(
        user=user,
        group=group,
        supplemental_groups=groups,
        privileged=bool(own.privileged),
        add_capabilities=[_bare(name) for name in capabilities.add] if capabilities else (),
        drop_capabilities=[_bare(name) for name in capabilities.drop] if capabilities else (),
        no_new_privileges=own.allow_privilege_escalation is False,
        read_only_root=bool(own.read_only_root_filesystem),
        seccomp=_profile(_first(own.seccomp_profile, shared.seccomp_profile)),
        apparmor=_profile(_first(own.app_armor_profile, shared.app_armor_profile)),
        selinux=_selinux(_first(own.se_linux_options, shared.se_linux_options)),
        unmasked=own.proc_mount == "Unmasked",
    )


def _first(own: Any, shared: Any) -> Any:
    return own if own is not None else shared


def _bare(capability: str) -> str:
    return capability.upper().removeprefix("CAP_")


def _demand_non_root(user: int | None, image: ImageStatus) -> None:
    if user is not None:
        if user == 0:
            raise ConfigError("container's runAsUser breaks non-root policy")
        return
    name = image.user.partition(":")[0]
    if name.isdigit() and int(name) != 0:
        return
    if name in ("", "0"):
        raise ConfigError("container has runAsNonRoot and image will run as root")
    raise ConfigError(
        f"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root"
    )


def _profile(profile: Any) -> str | None:
    """None for the engine's own profile."""
    if profile is None or profile.type == "RuntimeDefault":
        return None
    if profile.type == "Unconfined":
        return "unconfined"
    name = str(profile.localhost_profile or "")
    return name if type(profile).__name__ == "AppArmorProfile" else str(SECCOMP_ROOT / name)


def _selinux(options: Any) -> dict[str, str]:
    if options is None:
        return {}
    found = {name: getattr(options, name) for name in ("user", "role", "type", "level")}
    return {name: value for name, value in found.items() if value}
