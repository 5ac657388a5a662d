"""Rules for volumes on disks and file systems elsewhere: what each kind needs to be found.

Source of the rules: core, one ``validate…VolumeSource`` a kind.
"""

from __future__ import annotations

import re

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.meta import LocalObjectReference
from podkit.model.storage import (
    AWSElasticBlockStoreVolumeSource,
    AzureDiskVolumeSource,
    AzureFileVolumeSource,
    CephFSVolumeSource,
    CinderVolumeSource,
    FCVolumeSource,
    FlexVolumeSource,
    FlockerVolumeSource,
    GCEPersistentDiskVolumeSource,
    GlusterfsVolumeSource,
    ISCSIVolumeSource,
    PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource,
    QuobyteVolumeSource,
    RBDVolumeSource,
    ScaleIOVolumeSource,
    StorageOSVolumeSource,
    VsphereVirtualDiskVolumeSource,
)

_ISCSI_NAMES = {
    "iqn": re.compile(r".*?iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)", re.ASCII),
    "eui": re.compile(r"eui.[a-zA-Z0-9]{16}"),
    "naa": re.compile(r"naa.[a-zA-Z0-9]{32}"),
}
_CACHING_MODES = frozenset({"None", "ReadOnly", "ReadWrite"})
_AZURE_DISK_KINDS = frozenset({"Shared", "Dedicated", "Managed"})
_HOST_AND_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:]*")


def _need(errors: Errors, path: str, /, **values: object) -> None:
    """Report every value that is empty; the names are those of the fields."""
    for name, value in values.items():
        if not value:
            errors.required(f"{path}.{name}")


def _check_secret_ref(errors: Errors, path: str, secret: LocalObjectReference | None) -> None:
    if secret is not None and not secret.name:
        errors.required(f"{path}.secretRef.name")


def _check_partition(errors: Errors, path: str, partition: int | None) -> None:
    if partition is not None and not 0 <= partition <= 255:
        errors.invalid(f"{path}.partition", partition, "must be between 1 and 255, inclusive")


def check_gce_disk(errors: Errors, path: str, source: GCEPersistentDiskVolumeSource) -> None:
    """Check a ``gcePersistentDisk`` volume."""
    _need(errors, path, pdName=source.pd_name)
    _check_partition(errors, path, source.partition)


def check_aws_disk(errors: Errors, path: str, source: AWSElasticBlockStoreVolumeSource) -> None:
    """Check an ``awsElasticBlockStore`` volume."""
    _need(errors, path, volumeID=source.volume_id)
    _check_partition(errors, path, source.partition)


def check_iscsi(errors: Errors, path: str, source: ISCSIVolumeSource) -> None:
    """Check an ``iscsi`` volume."""
    _need(errors, path, targetPortal=source.target_portal, iqn=source.iqn)
    if source.iqn:
        errors.problem(f"{path}.iqn", source.iqn, _iscsi_name(source.iqn))
    if not 0 <= source.lun <= 255:
        errors.invalid(f"{path}.lun", source.lun, "must be between 0 and 255, inclusive")
    if (source.chap_auth_discovery or source.chap_auth_session) and source.secret_ref is None:
        errors.required(f"{path}.secretRef")
    if source.initiator_name is not None:
        errors.problem(f"{path}.initiatorName", source.initiator_name, _iscsi_name(source.initiator_name))


def _iscsi_name(name: str) -> str | None:
    form = _ISCSI_NAMES.get(name[:3])
    if form is None:
        return "must start with iqn, eui or naa"
    return None if form.fullmatch(name) else f"is no name of the form {name[:3]}"


def check_glusterfs(errors: Errors, path: str, source: GlusterfsVolumeSource) -> None:
    """Check a ``glusterfs`` volume."""
    _need(errors, path, endpoints=source.endpoints, path=source.path)


def check_flocker(errors: Errors, path: str, source: FlockerVolumeSource) -> None:
    """Check a ``flocker`` volume."""
    if not source.dataset_name and not source.dataset_uuid:
        errors.required(path, "one of datasetName and datasetUUID is needed")
    if source.dataset_name and source.dataset_uuid:
        errors.invalid(path, source.dataset_name, "datasetName and datasetUUID exclude each other")
    if "/" in (source.dataset_name or ""):
        errors.invalid(f"{path}.datasetName", source.dataset_name, "may not contain '/'")


def check_rbd(errors: Errors, path: str, source: RBDVolumeSource) -> None:
    """Check an ``rbd`` volume."""
    _need(errors, path, monitors=source.monitors, image=source.image)


def check_cinder(errors: Errors, path: str, source: CinderVolumeSource) -> None:
    """Check a ``cinder`` volume."""
    _need(errors, path, volumeID=source.volume_id)
    _check_secret_ref(errors, path, source.secret_ref)


def check_cephfs(errors: Errors, path: str, source: CephFSVolumeSource) -> None:
    """Check a ``cephfs`` volume."""
    _need(errors, path, monitors=source.monitors)


def check_quobyte(errors: Errors, path: str, source: QuobyteVolumeSource) -> None:
    """Check a ``quobyte`` volume."""
    pairs = "must be host:port, or several of them with commas between"
    if not source.registry:
        errors.required(f"{path}.registry", pairs)
    elif len(source.tenant or "") >= 65:
        errors.required(f"{path}.tenant", "must be a UUID of at most 64 characters")
    elif not all(map(_HOST_AND_PORT.fullmatch, source.registry.split(","))):
        errors.invalid(f"{path}.registry", source.registry, pairs)
    _need(errors, path, volume=source.volume)


def check_fibre_channel(errors: Errors, path: str, source: FCVolumeSource) -> None:
    """Check an ``fc`` volume."""
    if not source.target_wwns and not source.wwids:
        errors.required(f"{path}.targetWWNs", "one of targetWWNs and wwids is needed")
    if source.target_wwns and source.wwids:
        errors.invalid(f"{path}.targetWWNs", source.target_wwns, "targetWWNs and wwids exclude each other")
    if source.target_wwns:
        if source.lun is None:
            errors.required(f"{path}.lun", "is needed beside targetWWNs")
        elif not 0 <= source.lun <= 255:
            errors.invalid(f"{path}.lun", source.lun, "must be between 0 and 255, inclusive")


def check_flex_volume(errors: Errors, path: str, source: FlexVolumeSource) -> None:
    """Check a ``flexVolume`` volume."""
    _need(errors, path, driver=source.driver)
    for key in source.options:
        owner = "." + key.partition("/")[0].lower()
        if owner.endswith((".kubernetes.io", ".k8s.io")):
            errors.invalid(f"{path}.options[{key}]", key, "kubernetes.io and k8s.io are reserved")


def check_azure_file(errors: Errors, path: str, source: AzureFileVolumeSource) -> None:
    """Check an ``azureFile`` volume."""
    _need(errors, path, secretName=source.secret_name, shareName=source.share_name)


def check_vsphere(errors: Errors, path: str, source: VsphereVirtualDiskVolumeSource) -> None:
    """Check a ``vsphereVolume`` volume."""
    _need(errors, path, volumePath=source.volume_path)


def check_photon(errors: Errors, path: str, source: PhotonPersistentDiskVolumeSource) -> None:
    """Check a ``photonPersistentDisk`` volume."""
    _need(errors, path, pdID=source.pd_id)


def check_portworx(errors: Errors, path: str, source: PortworxVolumeSource) -> None:
    """Check a ``portworxVolume`` volume."""
    _need(errors, path, volumeID=source.volume_id)


def check_azure_disk(errors: Errors, path: str, source: AzureDiskVolumeSource) -> None:
    """Check an ``azureDisk`` volume."""
    _need(errors, path, diskName=source.disk_name, diskURI=source.disk_uri)
    errors.optional_member(f"{path}.cachingMode", source.caching_mode, _CACHING_MODES)
    errors.optional_member(f"{path}.kind", source.kind, _AZURE_DISK_KINDS)
    start = "/subscriptions/" if source.kind == "Managed" else "https://"
    if not source.disk_uri.startswith(start):
        errors.not_supported(f"{path}.diskURI", source.disk_uri, [f"{start}…"])


def check_storageos(errors: Errors, path: str, source: StorageOSVolumeSource) -> None:
    """Check a ``storageos`` volume."""
    errors.well_formed(f"{path}.volumeName", source.volume_name, names.dns_label)
    if source.volume_namespace:
        errors.problem(f"{path}.volumeNamespace", source.volume_namespace, names.dns_label(source.volume_namespace))
    _check_secret_ref(errors, path, source.secret_ref)


def check_scale_io(errors: Errors, path: str, source: ScaleIOVolumeSource) -> None:
    """Check a ``scaleIO`` volume."""
    _need(errors, path, gateway=source.gateway, system=source.system, volumeName=source.volume_name)
