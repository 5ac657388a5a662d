"""Rules for the volumes of a Pod: names, and exactly one source each.

Source of the rules: core, ``ValidateVolumes``, ``validateVolumeSource``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from podkit.admission.validation import names, volume_disk, volume_file
from podkit.admission.validation.claim import check_claim_template
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.file_path import check_descending_path, check_no_backsteps
from podkit.admission.validation.resources import read_quantity
from podkit.model.quantity import Quantity
from podkit.model.storage import CSIVolumeSource, GitRepoVolumeSource, NFSVolumeSource
from podkit.model.volume import (
    EmptyDirVolumeSource,
    EphemeralVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    PersistentVolumeClaimVolumeSource,
    Volume,
)

_HOST_PATH_TYPES = frozenset(
    {
        "",
        "DirectoryOrCreate",
        "Directory",
        "FileOrCreate",
        "File",
        "Socket",
        "CharDevice",
        "BlockDevice",
    }
)
_PULL_POLICIES = frozenset({"Always", "IfNotPresent", "Never"})


def check_volumes(
    errors: Errors, path: str, volumes: list[Volume], pod_name: str | None, *, is_pod: bool
) -> dict[str, Volume]:
    """Check the volumes of a Pod or template.

    Args:
        errors: where what is found goes.
        path: the path of the list.
        volumes: the volumes.
        pod_name: the Pod's name, which ephemeral claims are named after; None in a template.
        is_pod: whether this is a Pod and not a template.

    Returns:
        The volumes that are right, by name: what containers can mount.
    """
    right: dict[str, Volume] = {}
    made_claims = {f"{pod_name}-{volume.name}" for volume in volumes if volume.ephemeral and pod_name}
    for index, volume in enumerate(volumes):
        at = f"{path}[{index}]"
        before = len(errors.found)
        _check_source(errors, at, volume, is_pod=is_pod)
        if volume.ephemeral is not None and pod_name and volume.name:
            claim = f"{pod_name}-{volume.name}"
            errors.problem(f"{at}.name", volume.name, names.dns_subdomain(claim))
        errors.well_formed(f"{at}.name", volume.name, names.dns_label)
        if volume.name in right:
            errors.duplicate(f"{at}.name", volume.name)
        if len(errors.found) == before:
            right[volume.name] = volume
        claim_source = volume.persistent_volume_claim
        if claim_source is not None and claim_source.claim_name in made_claims:
            errors.invalid(
                f"{at}.persistentVolumeClaim.claimName",
                claim_source.claim_name,
                "may not be a claim that is made for an ephemeral volume",
            )
    return right


def _check_source(errors: Errors, path: str, volume: Volume, *, is_pod: bool) -> None:
    """There is exactly one source: the first one is checked, every further one is refused."""
    found = False
    for attribute, name, check in _SOURCES:
        source = getattr(volume, attribute)
        if source is None:
            continue
        if found:
            errors.forbidden(f"{path}.{name}", "a volume may have one source only")
        else:
            found = True
            check(errors, f"{path}.{name}", source)
    iscsi = volume.iscsi
    if iscsi is not None and iscsi.initiator_name is not None and len(f"{volume.name}:{iscsi.target_portal}") > 64:
        errors.invalid(f"{path}.name", volume.name, "name and iscsi.targetPortal together may have 63 characters")
    if is_pod and volume.image is not None and not volume.image.reference:
        errors.required(f"{path}.image.reference")
    if not found:
        errors.required(path, "a source is needed")


def _check_empty_dir(errors: Errors, path: str, source: EmptyDirVolumeSource) -> None:
    if source.size_limit is not None:
        limit = read_quantity(errors, f"{path}.sizeLimit", source.size_limit)
        if limit is not None and limit < Quantity(0):
            errors.forbidden(f"{path}.sizeLimit", "may not be negative")


def _check_host_path(errors: Errors, path: str, source: HostPathVolumeSource) -> None:
    if not source.path:
        errors.required(f"{path}.path")
        return
    check_no_backsteps(errors, f"{path}.path", source.path)
    errors.optional_member(f"{path}.type", source.type, _HOST_PATH_TYPES)


def _check_git_repo(errors: Errors, path: str, source: GitRepoVolumeSource) -> None:
    if not source.repository:
        errors.required(f"{path}.repository")
    check_descending_path(errors, f"{path}.directory", source.directory or "")


def _check_nfs(errors: Errors, path: str, source: NFSVolumeSource) -> None:
    if not source.server:
        errors.required(f"{path}.server")
    if not source.path:
        errors.required(f"{path}.path")
    if not source.path.startswith("/"):
        errors.invalid(f"{path}.path", source.path, "must be an absolute path")


def _check_claim_source(errors: Errors, path: str, source: PersistentVolumeClaimVolumeSource) -> None:
    if not source.claim_name:
        errors.required(f"{path}.claimName")


def _check_ephemeral(errors: Errors, path: str, source: EphemeralVolumeSource) -> None:
    if source.volume_claim_template is None:
        errors.required(f"{path}.volumeClaimTemplate")
    else:
        check_claim_template(errors, f"{path}.volumeClaimTemplate", source.volume_claim_template)


def _check_csi(errors: Errors, path: str, source: CSIVolumeSource) -> None:
    if not source.driver:
        errors.required(f"{path}.driver")
    else:
        if len(source.driver) > 63:
            errors.too_long(f"{path}.driver", source.driver, 63)
        errors.problem(f"{path}.driver", source.driver, names.dns_subdomain(source.driver.lower()))
    secret = source.node_publish_secret_ref
    if secret is not None:
        errors.well_formed(f"{path}.nodePublishSecretRef.name", secret.name, names.dns_subdomain)


def _check_image(errors: Errors, path: str, source: ImageVolumeSource) -> None:
    errors.member(f"{path}.pullPolicy", source.pull_policy, _PULL_POLICIES)


_Check = Callable[[Errors, str, Any], None]

# In the API server's order, which decides which of two sources is the one too many.
_SOURCES: Final[tuple[tuple[str, str, _Check], ...]] = (
    ("empty_dir", "emptyDir", _check_empty_dir),
    ("host_path", "hostPath", _check_host_path),
    ("git_repo", "gitRepo", _check_git_repo),
    ("gce_persistent_disk", "gcePersistentDisk", volume_disk.check_gce_disk),
    ("aws_elastic_block_store", "awsElasticBlockStore", volume_disk.check_aws_disk),
    ("secret", "secret", volume_file.check_secret),
    ("nfs", "nfs", _check_nfs),
    ("iscsi", "iscsi", volume_disk.check_iscsi),
    ("glusterfs", "glusterfs", volume_disk.check_glusterfs),
    ("flocker", "flocker", volume_disk.check_flocker),
    ("persistent_volume_claim", "persistentVolumeClaim", _check_claim_source),
    ("rbd", "rbd", volume_disk.check_rbd),
    ("cinder", "cinder", volume_disk.check_cinder),
    ("cephfs", "cephfs", volume_disk.check_cephfs),
    ("quobyte", "quobyte", volume_disk.check_quobyte),
    ("downward_api", "downwardAPI", volume_file.check_downward_api),
    ("fc", "fc", volume_disk.check_fibre_channel),
    ("flex_volume", "flexVolume", volume_disk.check_flex_volume),
    ("config_map", "configMap", volume_file.check_config_map),
    ("azure_file", "azureFile", volume_disk.check_azure_file),
    ("vsphere_volume", "vsphereVolume", volume_disk.check_vsphere),
    ("photon_persistent_disk", "photonPersistentDisk", volume_disk.check_photon),
    ("portworx_volume", "portworxVolume", volume_disk.check_portworx),
    ("azure_disk", "azureDisk", volume_disk.check_azure_disk),
    ("storageos", "storageos", volume_disk.check_storageos),
    ("projected", "projected", volume_file.check_projected),
    ("scale_io", "scaleIO", volume_disk.check_scale_io),
    ("csi", "csi", _check_csi),
    ("ephemeral", "ephemeral", _check_ephemeral),
    ("image", "image", _check_image),
)
