"""Who a container runs as, and what it may do."""

from __future__ import annotations

from attrs import define, field

from podkit.model.scalars import Int64


@define
class PodSecurityContext:
    """The Kubernetes PodSecurityContext."""

    app_armor_profile: AppArmorProfile | None = None
    fs_group: Int64 | None = None
    fs_group_change_policy: str | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_change_policy: str | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    supplemental_groups: list[Int64] = field(factory=list)
    supplemental_groups_policy: str | None = None
    sysctls: list[Sysctl] = field(factory=list)
    windows_options: WindowsSecurityContextOptions | None = None


@define
class SecurityContext:
    """The Kubernetes SecurityContext."""

    allow_privilege_escalation: bool | None = None
    app_armor_profile: AppArmorProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str | None = None
    read_only_root_filesystem: bool | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    windows_options: WindowsSecurityContextOptions | None = None


@define
class Capabilities:
    """The Kubernetes Capabilities."""

    add: list[str] = field(factory=list)
    drop: list[str] = field(factory=list)


@define
class SELinuxOptions:
    """The Kubernetes SELinuxOptions."""

    type: str | None = None
    level: str | None = None
    role: str | None = None
    user: str | None = None


@define
class SeccompProfile:
    """The Kubernetes SeccompProfile."""

    type: str
    localhost_profile: str | None = None


@define
class AppArmorProfile:
    """The Kubernetes AppArmorProfile."""

    type: str
    localhost_profile: str | None = None


@define
class Sysctl:
    """The Kubernetes Sysctl."""

    name: str
    value: str


@define
class WindowsSecurityContextOptions:
    """The Kubernetes WindowsSecurityContextOptions."""

    gmsa_credential_spec: str | None = None
    gmsa_credential_spec_name: str | None = None
    host_process: bool | None = None
    run_as_user_name: str | None = None
