"""The document that makes a container: Podman's ``SpecGenerator``, from a `ContainerConfig`.

Pure functions. Where Podman and a kubelet would differ, the kubelet wins:

* Podman never restarts a container and never runs the health check of an image: the kubelet does both.
* A ``command`` replaces the entrypoint and drops the image's arguments, as Kubernetes says.
* The working directory is created if the image lacks it; Podman by itself would refuse.
* A ``VOLUME`` of the image is a directory of the container like any other, as in CRI-O; Podman would make a volume, which outlives
  the pod.
* The proxy variables of the machine do not reach the container, and its first process is never taken for systemd.
* ``/etc/passwd`` and ``/etc/group`` are those of the image; Podman would add who runs there, and ``id`` would print names.
* A read-only root leaves mounts and ``/dev/shm`` writable and nothing else; Podman would add a writable ``/tmp`` and ``/run``.
* Memory is a hard limit without extra swap.
* ``target`` joins a process namespace by its path rather than by the container: a dependency between containers would make Podman
  start the target again together with the debug container, and forbid to remove it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from podkit.runtime.base import ContainerConfig, ImageMount, Mount, Resources, SecurityConfig

_NO_HEALTH_CHECK = {"Test": ["NONE"], "Interval": 30_000_000_000, "Timeout": 30_000_000_000, "Retries": 3}
"""With times (nanoseconds), because Podman 5 refuses to change the limits of a container whose health check has none."""
_PROPAGATION = {"private": "rprivate", "rslave": "rslave", "rshared": "rshared"}
SHARED_MEMORY = "/dev/shm"
_OWN_FILES = {"/etc/hosts": "use_image_hosts", "/etc/resolv.conf": "use_image_resolve_conf"}
"""Files that Podman writes by default, and the switch by which it leaves them to a mount."""


def container_spec(
    sandbox_id: str,
    config: ContainerConfig,
    *,
    target_pid: int = 0,
    shared_memory: str = "",
    controllers: Collection[str] = ("cpu", "memory", "pids"),
    lowest_oom_score: int = -1000,
) -> dict[str, Any]:
    """The body of ``POST /libpod/containers/create``.

    Args:
        sandbox_id: the pod that it goes to.
        config: what it shall be.
        target_pid: the first process of ``config.target``, as the machine sees it.
        shared_memory: the directory that the containers of the pod share as ``/dev/shm``; mounted here where Podman itself would
            make it read-only together with the root filesystem (Podman 5).
        controllers: cgroup controllers that work; limits of others are left out, because the OCI runtime would refuse them.
        lowest_oom_score: no ``oom_score_adj`` below this one is asked for, because the kernel would refuse it.
    """
    spec: dict[str, Any] = {
        "name": config.name,
        "image": config.image,
        "pod": sandbox_id,
        "labels": dict(config.labels),
        "env": dict(config.env),
        "restart_policy": "no",
        "healthconfig": _NO_HEALTH_CHECK,
        "image_volume_mode": "ignore",
        "log_configuration": {"driver": "k8s-file"},
        "httpproxy": False,
        "systemd": "false",
        "manage_password": False,
        "stdin": config.stdin,
        "terminal": config.tty,
        **_command(config),
        **_mounts([*config.mounts, Mount(shared_memory, SHARED_MEMORY)] if shared_memory else config.mounts),
        **_image_mounts(config.image_mounts),
        **_security(config.security),
        **_resources(config.resources, controllers, lowest_oom_score),
    }
    if config.working_dir:
        spec |= {"work_dir": config.working_dir, "create_working_dir": True}
    if config.host_ipc:
        spec["ipcns"] = {"nsmode": "host"}
    if config.target:
        spec["pidns"] = {"nsmode": "path", "value": f"/proc/{target_pid}/ns/pid"}
    return spec


def needs_shared_memory(config: ContainerConfig) -> bool:
    """Whether the shared memory of the pod has to be mounted expressly."""
    return config.security.read_only_root and all(mount.destination != SHARED_MEMORY for mount in config.mounts)


def _command(config: ContainerConfig) -> dict[str, Any]:
    """Podman drops the image's command by itself when there is an entrypoint."""
    parts = {"entrypoint": config.command, "command": config.args}
    return {key: list(value) for key, value in parts.items() if value}


def _mounts(mounts: Sequence[Mount]) -> dict[str, Any]:
    switches = {switch: True for path, switch in _OWN_FILES.items() if any(m.destination == path for m in mounts)}
    return {"mounts": [_mount(mount) for mount in mounts], **switches} if mounts else {}


def _mount(mount: Mount) -> dict[str, Any]:
    options = ["rbind", "ro" if mount.read_only else "rw", _PROPAGATION[mount.propagation]]
    if mount.translated:
        options.append("idmap")
    if mount.relabel:
        options.append("z")  # shared by containers; "Z" would take it from the other containers of the pod
    return {"type": "bind", "source": mount.source, "destination": mount.destination, "options": options}


def _image_mounts(mounts: Sequence[ImageMount]) -> dict[str, Any]:
    volumes = [
        {"Source": mount.image, "Destination": mount.destination, "ReadWrite": False, "subPath": mount.sub_path}
        for mount in mounts
    ]
    return {"image_volumes": volumes} if volumes else {}


def _security(security: SecurityConfig) -> dict[str, Any]:
    given: dict[str, Any] = {
        "user": _user(security),
        "groups": [str(group) for group in security.supplemental_groups],
        "privileged": security.privileged,
        "cap_add": list(security.add_capabilities),
        "cap_drop": list(security.drop_capabilities),
        "no_new_privileges": security.no_new_privileges,
        "read_only_filesystem": security.read_only_root,
        "seccomp_profile_path": security.seccomp,
        "apparmor_profile": security.apparmor,
        "selinux_opts": [f"{key}:{value}" for key, value in security.selinux.items()],
        "unmask": ["ALL"] if security.unmasked else [],
    }
    spec = {key: value for key, value in given.items() if value}
    if security.read_only_root:
        spec["read_write_tmpfs"] = False
    return spec


def _user(security: SecurityConfig) -> str:
    """``user:group`` as Podman reads it; empty leaves it to the image."""
    user = str(security.user) if security.user is not None else security.username or ""
    return user if security.group is None else f"{user or '0'}:{security.group}"


def _resources(resources: Resources, controllers: Collection[str], lowest_oom_score: int) -> dict[str, Any]:
    limits = resource_limits(resources, controllers)
    spec: dict[str, Any] = {"resource_limits": limits} if limits else {}
    if resources.oom_score_adj is not None:
        spec["oom_score_adj"] = max(resources.oom_score_adj, lowest_oom_score)
    return spec


def resource_limits(resources: Resources, controllers: Collection[str] = ("cpu", "memory", "pids")) -> dict[str, Any]:
    """Limits as the OCI runtime specification writes them; also the body of an update."""
    cpu = {"quota": resources.cpu_quota, "period": resources.cpu_period, "shares": resources.cpu_shares}
    memory = {"limit": resources.memory_limit, "swap": resources.memory_limit}
    limits = {"cpu": _set(cpu), "memory": _set(memory), "pids": _set({"limit": resources.pids_limit})}
    return {controller: values for controller, values in limits.items() if values and controller in controllers}


def _set(values: Mapping[str, int]) -> dict[str, int]:
    return {key: value for key, value in values.items() if value}
