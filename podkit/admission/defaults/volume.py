"""Defaults of volumes and of claims.

Source of the rules: ``pkg/apis/core/v1/defaults.go`` and ``zz_generated.defaults.go``.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from attrs import fields

from podkit.admission.defaults.image import default_pull_policy
from podkit.model.claim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from podkit.model.volume import (
    DownwardAPIVolumeFile,
    EmptyDirVolumeSource,
    Volume,
    VolumeProjection,
)

DEFAULT_MODE: Final = 0o644
TOKEN_LIFETIME: Final = 3600
CERTIFICATE_LIFETIME: Final = 86400

VOLUME_SOURCES: Final = tuple(attribute.name for attribute in fields(Volume) if attribute.name != "name")
_all_sources = attrgetter(*VOLUME_SOURCES)


def apply_volume_defaults(volume: Volume) -> None:
    """Fill in the defaults of a volume, in place. A volume without source is an empty directory."""
    if not any(_all_sources(volume)):
        volume.empty_dir = EmptyDirVolumeSource()
    for files in (volume.config_map, volume.secret, volume.downward_api, volume.projected):
        if files is not None and files.default_mode is None:
            files.default_mode = DEFAULT_MODE
    if volume.host_path is not None and volume.host_path.type is None:
        volume.host_path.type = ""
    for source in volume.projected.sources if volume.projected else ():
        _apply_projection_defaults(source)
    if volume.downward_api is not None:
        _apply_downward_defaults(volume.downward_api.items)
    if volume.image is not None and not volume.image.pull_policy:
        volume.image.pull_policy = default_pull_policy(volume.image.reference or "")
    if volume.ephemeral is not None and volume.ephemeral.volume_claim_template is not None:
        apply_claim_spec_defaults(volume.ephemeral.volume_claim_template.spec)
    _apply_network_disk_defaults(volume)


def _apply_projection_defaults(source: VolumeProjection) -> None:
    if source.downward_api is not None:
        _apply_downward_defaults(source.downward_api.items)
    token = source.service_account_token
    if token is not None and token.expiration_seconds is None:
        token.expiration_seconds = TOKEN_LIFETIME
    certificate = source.pod_certificate
    if certificate is not None and certificate.max_expiration_seconds is None:
        certificate.max_expiration_seconds = CERTIFICATE_LIFETIME


def _apply_downward_defaults(items: list[DownwardAPIVolumeFile]) -> None:
    for item in items:
        if item.field_ref is not None:
            item.field_ref.api_version = item.field_ref.api_version or "v1"


def _apply_network_disk_defaults(volume: Volume) -> None:
    if volume.iscsi is not None:
        volume.iscsi.iscsi_interface = volume.iscsi.iscsi_interface or "default"
    if volume.rbd is not None:
        volume.rbd.pool = volume.rbd.pool or "rbd"
        volume.rbd.user = volume.rbd.user or "admin"
        volume.rbd.keyring = volume.rbd.keyring or "/etc/ceph/keyring"
    disk = volume.azure_disk
    if disk is not None:
        disk.caching_mode = "ReadWrite" if disk.caching_mode is None else disk.caching_mode
        disk.kind = "Shared" if disk.kind is None else disk.kind
        disk.fs_type = "ext4" if disk.fs_type is None else disk.fs_type
        disk.read_only = False if disk.read_only is None else disk.read_only
    if volume.scale_io is not None:
        volume.scale_io.storage_mode = volume.scale_io.storage_mode or "ThinProvisioned"
        volume.scale_io.fs_type = volume.scale_io.fs_type or "xfs"


def apply_claim_defaults(claim: PersistentVolumeClaim) -> None:
    """Fill in the defaults of a claim, in place: it is pending, and for a file system."""
    claim.status.phase = claim.status.phase or "Pending"
    apply_claim_spec_defaults(claim.spec)


def apply_claim_spec_defaults(spec: PersistentVolumeClaimSpec) -> None:
    """Fill in the defaults of a claim's spec, in place; of a template's too."""
    if spec.volume_mode is None:
        spec.volume_mode = "Filesystem"
