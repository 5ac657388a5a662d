"""The fields of security contexts."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet import sysctls
from podkit.kubelet.support.verdict import Entry, Fields, Scene, honours, refuses, warns
from podkit.model import (
    AppArmorProfile,
    Capabilities,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
    Sysctl,
)


def _without_seccomp(scene: Scene) -> bool:
    return scene.value.type != "Unconfined" and not scene.engine.seccomp


def _without_apparmor(scene: Scene) -> bool:
    return scene.value.type != "Unconfined" and not scene.engine.apparmor


def _without_selinux(scene: Scene) -> bool:
    return not scene.engine.selinux


_USERS = honours("runAsUser", "runAsGroup", "runAsNonRoot")
_PROFILES: dict[str, Entry] = {
    "seccompProfile": warns(
        "no system calls are filtered: the container engine has no seccomp",
        "not `Unconfined`, on a machine without seccomp",
        _without_seccomp,
    ),
    "appArmorProfile": warns(
        "no AppArmor profile confines the container: there is no AppArmor on the machine, or Podman may not use it",
        "not `Unconfined`, on a machine without AppArmor or with a rootless Podman",
        _without_apparmor,
    ),
    "seLinuxOptions": warns(
        "the container has no SELinux label: there is no SELinux on the machine",
        "set, on a machine without SELinux",
        _without_selinux,
    ),
    "windowsOptions": warns("settings of Windows have no effect on Linux"),
}

SECURITY: Mapping[type, Fields] = {
    PodSecurityContext: {
        **_USERS,
        **honours("fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"),
        **_PROFILES,
        "seLinuxChangePolicy": warns(
            "the volumes get no SELinux label: there is no SELinux on the machine",
            "set, on a machine without SELinux",
            _without_selinux,
        ),
    },
    SecurityContext: {
        **_USERS,
        "privileged": warns(
            "the container is as mighty as the user who runs Podman, not as root of the machine",
            "`true`, with a rootless Podman",
            lambda scene: scene.value and scene.engine.rootless,
        ),
        **honours("allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities", "procMount"),
        **_PROFILES,
    },
    Capabilities: honours("add", "drop"),
    SELinuxOptions: honours("user", "role", "type", "level"),
    SeccompProfile: honours("type", "localhostProfile"),
    AppArmorProfile: honours("type", "localhostProfile"),
    Sysctl: {
        "name": refuses(
            lambda scene: sysctls.refusal(scene.value, scene.pod.spec, scene.allowed_sysctls),
            "not one of the safe sysctls, and not allowed for the node; or of a namespace that is the machine's",
            lambda scene: bool(sysctls.refusal(scene.value, scene.pod.spec, scene.allowed_sysctls)),
            reason="SysctlForbidden",
        ),
        **honours("value"),
    },
}
