"""Rules for the volumes that a container mounts, and for the block devices that it is given.

Source of the rules: core, ``ValidateVolumeMounts``, ``ValidateVolumeDevices``.
"""

from __future__ import annotations

from collections.abc import Mapping

from podkit.admission.validation.collect import Errors
from podkit.admission.validation.file_path import check_descending_path
from podkit.model.container import Container, EphemeralContainer, VolumeDevice, VolumeMount
from podkit.model.volume import Volume

_PROPAGATIONS = frozenset({"Bidirectional", "HostToContainer", "None"})
_RECURSIVE_READ_ONLY = frozenset({"Disabled", "IfPossible", "Enabled"})


def check_mounts(
    errors: Errors, path: str, container: Container | EphemeralContainer, volumes: Mapping[str, Volume]
) -> None:
    """Check ``volumeMounts`` of a container against the volumes of its Pod."""
    device_paths = {device.name: device.device_path for device in container.volume_devices}
    seen: set[str] = set()
    for index, mount in enumerate(container.volume_mounts):
        at = f"{path}[{index}]"
        if not mount.name:
            errors.required(f"{at}.name")
        if mount.name not in volumes:
            errors.not_found(f"{at}.name", mount.name)
        if not mount.mount_path:
            errors.required(f"{at}.mountPath")
        if mount.mount_path in seen:
            errors.invalid(f"{at}.mountPath", mount.mount_path, "must be unique in the container")
        seen.add(mount.mount_path)
        if mount.name in device_paths:
            errors.invalid(f"{at}.name", mount.name, "is a volume device of the container already")
        if mount.mount_path in device_paths.values():
            errors.invalid(f"{at}.mountPath", mount.mount_path, "is the path of a volume device already")
        _check_sub_path(errors, at, mount)
        if mount.mount_propagation is not None:
            _check_propagation(errors, f"{at}.mountPropagation", mount.mount_propagation, container)
        if mount.recursive_read_only is not None:
            _check_recursive_read_only(errors, f"{at}.recursiveReadOnly", mount)


def _check_sub_path(errors: Errors, path: str, mount: VolumeMount) -> None:
    if mount.sub_path:
        check_descending_path(errors, f"{path}.subPath", mount.sub_path)
    if mount.sub_path_expr:
        if mount.sub_path:
            errors.invalid(f"{path}.subPathExpr", mount.sub_path_expr, "subPath and subPathExpr exclude each other")
        check_descending_path(errors, f"{path}.subPathExpr", mount.sub_path_expr)


def _check_propagation(errors: Errors, path: str, propagation: str, container: Container | EphemeralContainer) -> None:
    errors.optional_member(path, propagation, _PROPAGATIONS)
    context = container.security_context
    if propagation == "Bidirectional" and not (context and context.privileged):
        errors.forbidden(path, "Bidirectional needs a privileged container")


def _check_recursive_read_only(errors: Errors, path: str, mount: VolumeMount) -> None:
    errors.optional_member(path, mount.recursive_read_only, _RECURSIVE_READ_ONLY)
    if mount.recursive_read_only in ("IfPossible", "Enabled"):
        if not mount.read_only:
            errors.forbidden(path, "needs readOnly to be true")
        if mount.mount_propagation not in (None, "None"):
            errors.forbidden(path, "needs mountPropagation to be None or not set")


def check_devices(
    errors: Errors, path: str, container: Container | EphemeralContainer, volumes: Mapping[str, Volume]
) -> None:
    """Check ``volumeDevices`` of a container: block devices are made of claims only."""
    mount_paths = {mount.name: mount.mount_path for mount in container.volume_mounts}
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for index, device in enumerate(container.volume_devices):
        at = f"{path}[{index}]"
        _check_device_volume(errors, f"{at}.name", device, volumes)
        if device.name in seen_names:
            errors.invalid(f"{at}.name", device.name, "must be unique")
        if not device.device_path:
            errors.required(f"{at}.devicePath")
        if device.device_path in seen_paths:
            errors.invalid(f"{at}.devicePath", device.device_path, "must be unique")
        if ".." in device.device_path.split("/"):
            errors.invalid(f"{at}.devicePath", device.device_path, "may not contain '..'")
        else:
            seen_paths.add(device.device_path)
        if device.name in mount_paths:
            errors.invalid(f"{at}.name", device.name, "is mounted by the container already")
        if device.device_path in mount_paths.values():
            errors.invalid(f"{at}.devicePath", device.device_path, "is a mount path already")
        if device.name:
            seen_names.add(device.name)


def _check_device_volume(errors: Errors, path: str, device: VolumeDevice, volumes: Mapping[str, Volume]) -> None:
    if not device.name:
        errors.required(path)
    volume = volumes.get(device.name)
    if volume is None:
        errors.not_found(path, device.name)
    elif volume.persistent_volume_claim is None and volume.ephemeral is None:
        errors.invalid(path, device.name, "only a persistentVolumeClaim or ephemeral volume can be a device")
