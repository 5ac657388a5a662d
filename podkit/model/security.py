"""Who a container runs as, and what it may do."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.scalars import Int64

FSGroupChangePolicy: TypeAlias = Literal["Always", "OnRootMismatch"]
"""Whether the ownership of a volume is set always, or only if its top directory differs."""

SupplementalGroupsPolicy: TypeAlias = Literal["Merge", "Strict"]
"""Whether the groups of the image's /etc/group count too."""

SELinuxChangePolicy: TypeAlias = Literal["Recursive", "MountOption"]
"""How a volume gets its SELinux label: file by file, or by a mount option."""

ProcMountType: TypeAlias = Literal["Default", "Unmasked"]
"""Whether /proc hides what it usually hides."""

ProfileType: TypeAlias = Literal["RuntimeDefault", "Localhost", "Unconfined"]
"""Where a security profile comes from."""


@define
class PodSecurityContext:
    """Who the containers of a Pod run as, unless they say otherwise, and who owns their volumes.

    Attributes:
        run_as_user: the user id that processes run as. Default: the image's.
        run_as_group: the group id that processes run as. Default: the image's.
        run_as_non_root: whether to refuse to start a container that would run as user 0. Default: false.
        fs_group: a group that owns the volumes which support it; files made there belong to it. Default: none.
        fs_group_change_policy: whether ownership is set always or only if the top directory differs. Default: Always.
        supplemental_groups: further groups of the processes.
        supplemental_groups_policy: whether the groups of the image's /etc/group count too. Default: Merge.
        sysctls: kernel settings of the Pod's namespaces.
        seccomp_profile: which system calls are allowed. Default: no filter.
        app_armor_profile: the AppArmor profile. Default: the container engine's.
        se_linux_options: the SELinux context. Default: one made up for each container.
        se_linux_change_policy: how volumes get the SELinux label. Default: MountOption where that is possible.
        windows_options: settings of Windows, which podkit does not run.

    Example:
        ::

            PodSecurityContext(run_as_non_root=True, run_as_user=1000, fs_group=2000)
    """

    run_as_user: Int64 | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    fs_group: Int64 | None = None
    fs_group_change_policy: FSGroupChangePolicy | None = None
    supplemental_groups: list[Int64] = field(factory=list)
    supplemental_groups_policy: SupplementalGroupsPolicy | None = None
    sysctls: list[Sysctl] = field(factory=list)
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    se_linux_change_policy: SELinuxChangePolicy | None = None
    windows_options: WindowsSecurityContextOptions | None = None


@define
class SecurityContext:
    """Who a container runs as and what it may do; wins over the Pod's.

    Attributes:
        run_as_user: the user id that processes run as. Default: the Pod's, else the image's.
        run_as_group: the group id that processes run as. Default: the Pod's, else the image's.
        run_as_non_root: whether to refuse to start as user 0. Default: the Pod's.
        privileged: whether the processes are as mighty as root on the Node. Default: false.
        allow_privilege_escalation: whether a process may gain more rights than its parent. Default: true.
        read_only_root_filesystem: whether the container's own filesystem is read-only. Default: false.
        capabilities: what is added to and taken from the engine's default capabilities.
        proc_mount: whether /proc hides what it usually hides; ``Unmasked`` needs a user namespace. Default: Default.
        seccomp_profile: which system calls are allowed. Default: the Pod's.
        app_armor_profile: the AppArmor profile. Default: the Pod's.
        se_linux_options: the SELinux context. Default: the Pod's.
        windows_options: settings of Windows, which podkit does not run.

    Example:
        ::

            SecurityContext(run_as_user=1000, read_only_root_filesystem=True, capabilities=Capabilities(drop=["ALL"]))
    """

    run_as_user: Int64 | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    capabilities: Capabilities | None = None
    proc_mount: ProcMountType | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsSecurityContextOptions | None = None


@define
class Capabilities:
    """Changes to the set of capabilities; ``ALL`` means all of them.

    Attributes:
        add: capabilities to add, without ``CAP_``, such as ``NET_ADMIN``.
        drop: capabilities to take away.

    Example:
        ::

            Capabilities(add=["NET_BIND_SERVICE"], drop=["ALL"])
    """

    add: list[str] = field(factory=list)
    drop: list[str] = field(factory=list)


@define
class SELinuxOptions:
    """An SELinux context.

    Attributes:
        user: its user.
        role: its role.
        type: its type.
        level: its level.
    """

    user: str | None = None
    role: str | None = None
    type: str | None = None
    level: str | None = None


@define
class SeccompProfile:
    """Which system calls are allowed.

    Attributes:
        type: the container engine's own set, a file of the Node, or all.
        localhost_profile: the file, relative to the kubelet's directory of profiles; only for ``Localhost``.
    """

    type: ProfileType
    localhost_profile: str | None = None


@define
class AppArmorProfile:
    """An AppArmor profile.

    Attributes:
        type: the container engine's own, one that is loaded on the Node, or none.
        localhost_profile: its name on the Node; only for ``Localhost``.
    """

    type: ProfileType
    localhost_profile: str | None = None


@define
class Sysctl:
    """A kernel setting.

    Attributes:
        name: its name, such as ``net.core.somaxconn``.
        value: its value.
    """

    name: str
    value: str


@define
class WindowsSecurityContextOptions:
    """Settings of Windows, which podkit keeps but does not run.

    Attributes:
        gmsa_credential_spec_name: the name of the GMSA credential specification.
        gmsa_credential_spec: its content.
        run_as_user_name: the user that processes run as.
        host_process: whether the container runs as a process of the host. Default: false.
    """

    gmsa_credential_spec_name: str | None = None
    gmsa_credential_spec: str | None = None
    run_as_user_name: str | None = None
    host_process: bool | None = None
