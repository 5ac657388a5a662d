"""Volumes on storage systems: a CSI driver, the network, a cloud.

Most of them are of another time: Kubernetes keeps their fields and has left their work to CSI drivers. podkit reads, checks and
writes them all; what a runtime honours, it says itself (``podkit.support``).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import LocalObjectReference

AzureDiskKind: TypeAlias = Literal["Shared", "Dedicated", "Managed"]
"""How an Azure disk is managed."""

AzureDiskCachingMode: TypeAlias = Literal["None", "ReadOnly", "ReadWrite"]
"""How an Azure disk is cached."""


@define
class CSIVolumeSource:
    """Storage of a CSI driver that lives as long as the Pod.

    Attributes:
        driver: the name of the driver.
        fs_type: the filesystem to mount. Default: the driver's.
        read_only: whether it is mounted read-only. Default: false.
        volume_attributes: settings for the driver.
        node_publish_secret_ref: the Secret that the driver gets.
    """

    driver: str
    fs_type: str | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = field(factory=dict)
    node_publish_secret_ref: LocalObjectReference | None = None


@define
class NFSVolumeSource:
    """An NFS share.

    Attributes:
        server: the server.
        path: the path that it exports.
        read_only: whether it is mounted read-only. Default: false.
    """

    server: str
    path: str
    read_only: bool | None = None


@define
class ISCSIVolumeSource:
    """An iSCSI disk.

    Attributes:
        target_portal: the target's address and port.
        iqn: the target's name.
        lun: the number of the disk.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
        portals: further addresses of the target.
        iscsi_interface: the interface that is used. Default: default.
        initiator_name: the name of the initiator.
        chap_auth_discovery: whether discovery uses CHAP. Default: false.
        chap_auth_session: whether sessions use CHAP. Default: false.
        secret_ref: the Secret for CHAP.
    """

    target_portal: str
    iqn: str
    lun: int
    fs_type: str | None = None
    read_only: bool | None = None
    portals: list[str] = field(factory=list)
    iscsi_interface: str | None = None
    initiator_name: str | None = None
    chap_auth_discovery: bool | None = None
    chap_auth_session: bool | None = None
    secret_ref: LocalObjectReference | None = None


@define
class FCVolumeSource:
    """A Fibre Channel disk: by target and number, or by its own name.

    Attributes:
        target_wwns: the names of the targets.
        lun: the number of the disk.
        wwids: the names of the disk; exclude targets and number.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    target_wwns: list[str] = field(factory=list, metadata={"json": "targetWWNs"})
    lun: int | None = None
    wwids: list[str] = field(factory=list)
    fs_type: str | None = None
    read_only: bool | None = None


@define
class FlexVolumeSource:
    """Storage of a Flexvolume driver.

    Attributes:
        driver: the name of the driver.
        fs_type: the filesystem to mount. Default: the driver's.
        read_only: whether it is mounted read-only. Default: false.
        options: settings for the driver.
        secret_ref: the Secret that the driver gets.
    """

    driver: str
    fs_type: str | None = None
    read_only: bool | None = None
    options: dict[str, str] = field(factory=dict)
    secret_ref: LocalObjectReference | None = None


@define
class AWSElasticBlockStoreVolumeSource:
    """An AWS disk.

    Attributes:
        volume_id: the identity of the disk.
        partition: the partition on it. Default: the whole disk.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    volume_id: str = field(metadata={"json": "volumeID"})
    partition: int | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class AzureDiskVolumeSource:
    """An Azure disk.

    Attributes:
        disk_name: the name of the disk.
        disk_uri: the address of the disk.
        kind: how it is managed. Default: Shared.
        caching_mode: how the host caches it. Default: ReadWrite.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    disk_name: str
    disk_uri: str = field(metadata={"json": "diskURI"})
    kind: AzureDiskKind | None = None
    caching_mode: AzureDiskCachingMode | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class AzureFileVolumeSource:
    """An Azure file share.

    Attributes:
        secret_name: the Secret with the account's name and key.
        share_name: the name of the share.
        read_only: whether it is mounted read-only. Default: false.
    """

    secret_name: str
    share_name: str
    read_only: bool | None = None


@define
class CephFSVolumeSource:
    """A CephFS file system.

    Attributes:
        monitors: the addresses of the monitors.
        path: the path that is mounted. Default: ``/``.
        user: the user. Default: admin.
        secret_file: the file with the user's key. Default: /etc/ceph/user.secret.
        secret_ref: the Secret with the user's key; wins over the file.
        read_only: whether it is mounted read-only. Default: false.
    """

    monitors: list[str] = field(factory=list)
    path: str | None = None
    user: str | None = None
    secret_file: str | None = None
    secret_ref: LocalObjectReference | None = None
    read_only: bool | None = None


@define
class CinderVolumeSource:
    """An OpenStack disk.

    Attributes:
        volume_id: the identity of the disk.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
        secret_ref: the Secret with the connection's settings.
    """

    volume_id: str = field(metadata={"json": "volumeID"})
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None


@define
class FlockerVolumeSource:
    """A Flocker dataset: by name or by identity.

    Attributes:
        dataset_name: the name; deprecated.
        dataset_uuid: the identity.
    """

    dataset_name: str | None = None
    dataset_uuid: str | None = field(default=None, metadata={"json": "datasetUUID"})


@define
class GCEPersistentDiskVolumeSource:
    """A Google disk.

    Attributes:
        pd_name: the name of the disk.
        partition: the partition on it. Default: the whole disk.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    pd_name: str
    partition: int | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class GitRepoVolumeSource:
    """A git repository, cloned when the Pod starts.

    Attributes:
        repository: its address.
        revision: the commit to check out. Default: the head.
        directory: the directory to clone into; must not contain ``..``. Default: one named as the repository.
    """

    repository: str
    revision: str | None = None
    directory: str | None = None


@define
class GlusterfsVolumeSource:
    """A GlusterFS volume.

    Attributes:
        endpoints: the Endpoints object with the servers.
        path: the volume.
        read_only: whether it is mounted read-only. Default: false.
    """

    endpoints: str
    path: str
    read_only: bool | None = None


@define
class PhotonPersistentDiskVolumeSource:
    """A Photon disk.

    Attributes:
        pd_id: the identity of the disk.
        fs_type: the filesystem on it. Default: ext4.
    """

    pd_id: str = field(metadata={"json": "pdID"})
    fs_type: str | None = None


@define
class PortworxVolumeSource:
    """A Portworx volume.

    Attributes:
        volume_id: the identity of the volume.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    volume_id: str = field(metadata={"json": "volumeID"})
    fs_type: str | None = None
    read_only: bool | None = None


@define
class QuobyteVolumeSource:
    """A Quobyte volume.

    Attributes:
        registry: addresses of the registry, with commas between.
        volume: the name of the volume.
        user: the user. Default: the service account's.
        group: the group. Default: none.
        tenant: the tenant.
        read_only: whether it is mounted read-only. Default: false.
    """

    registry: str
    volume: str
    user: str | None = None
    group: str | None = None
    tenant: str | None = None
    read_only: bool | None = None


@define
class RBDVolumeSource:
    """A Ceph block device.

    Attributes:
        image: the name of the image.
        monitors: the addresses of the monitors.
        pool: the pool. Default: rbd.
        user: the user. Default: admin.
        keyring: the file with the user's key. Default: /etc/ceph/keyring.
        secret_ref: the Secret with the user's key; wins over the file.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    image: str
    monitors: list[str] = field(factory=list)
    pool: str | None = None
    user: str | None = None
    keyring: str | None = None
    secret_ref: LocalObjectReference | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class ScaleIOVolumeSource:
    """A ScaleIO volume.

    Attributes:
        gateway: the address of the gateway.
        system: the name of the system.
        secret_ref: the Secret with the credentials; required by Kubernetes.
        volume_name: the name of the volume.
        protection_domain: the protection domain.
        storage_pool: the storage pool.
        storage_mode: ``ThickProvisioned`` or ``ThinProvisioned``. Default: ThinProvisioned.
        ssl_enabled: whether the gateway is reached by TLS. Default: false.
        fs_type: the filesystem on it. Default: xfs.
        read_only: whether it is mounted read-only. Default: false.
    """

    gateway: str
    system: str
    secret_ref: LocalObjectReference | None = None
    volume_name: str | None = None
    protection_domain: str | None = None
    storage_pool: str | None = None
    storage_mode: str | None = None
    ssl_enabled: bool | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class StorageOSVolumeSource:
    """A StorageOS volume.

    Attributes:
        volume_name: the name of the volume.
        volume_namespace: its namespace in StorageOS. Default: the Pod's.
        secret_ref: the Secret with the credentials.
        fs_type: the filesystem on it. Default: ext4.
        read_only: whether it is mounted read-only. Default: false.
    """

    volume_name: str | None = None
    volume_namespace: str | None = None
    secret_ref: LocalObjectReference | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class VsphereVirtualDiskVolumeSource:
    """A vSphere disk.

    Attributes:
        volume_path: the path of the disk.
        fs_type: the filesystem on it. Default: ext4.
        storage_policy_name: the name of the storage policy.
        storage_policy_id: the identity of the storage policy.
    """

    volume_path: str
    fs_type: str | None = None
    storage_policy_name: str | None = None
    storage_policy_id: str | None = field(default=None, metadata={"json": "storagePolicyID"})
