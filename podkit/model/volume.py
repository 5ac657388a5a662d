"""Volumes and where their content comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self, TypeAlias

from attrs import field

from podkit.model.claim import PersistentVolumeClaimTemplate
from podkit.model.container import PullPolicy
from podkit.model.definition import define
from podkit.model.environment import ObjectFieldSelector, ResourceFieldSelector
from podkit.model.meta import LabelSelector
from podkit.model.scalars import Int64, QuantityText
from podkit.model.storage import (
    AWSElasticBlockStoreVolumeSource,
    AzureDiskVolumeSource,
    AzureFileVolumeSource,
    CephFSVolumeSource,
    CinderVolumeSource,
    CSIVolumeSource,
    FCVolumeSource,
    FlexVolumeSource,
    FlockerVolumeSource,
    GCEPersistentDiskVolumeSource,
    GitRepoVolumeSource,
    GlusterfsVolumeSource,
    ISCSIVolumeSource,
    NFSVolumeSource,
    PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource,
    QuobyteVolumeSource,
    RBDVolumeSource,
    ScaleIOVolumeSource,
    StorageOSVolumeSource,
    VsphereVirtualDiskVolumeSource,
)

HostPathType: TypeAlias = Literal[
    "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"
]
"""What must be at a path of the Node, or is made there; empty: no check."""


@define
class Volume:
    """Something that containers of a Pod can mount: a name and exactly one source.

    Attributes:
        name: its name, unique in the Pod.
        empty_dir: an empty directory that lives as long as the Pod.
        config_map: the content of a ConfigMap.
        secret: the content of a Secret.
        projected: the content of several sources in one directory.
        downward_api: fields of the Pod itself.
        host_path: a file or directory of the Node.
        persistent_volume_claim: the storage that a claim is bound to.
        ephemeral: storage of a claim that lives as long as the Pod.
        image: the content of a container image, read-only.
        csi: storage of a CSI driver that lives as long as the Pod.
        nfs: an NFS share.
        iscsi: an iSCSI disk.
        fc: a Fibre Channel disk.
        flex_volume: storage of a Flexvolume driver; deprecated.
        aws_elastic_block_store: an AWS disk; deprecated.
        azure_disk: an Azure disk; deprecated.
        azure_file: an Azure file share; deprecated.
        cephfs: a CephFS file system; no longer supported by Kubernetes.
        cinder: an OpenStack disk; deprecated.
        flocker: a Flocker dataset; no longer supported by Kubernetes.
        gce_persistent_disk: a Google disk; deprecated.
        git_repo: a git repository, cloned at the start; deprecated.
        glusterfs: a GlusterFS volume; no longer supported by Kubernetes.
        photon_persistent_disk: a Photon disk; no longer supported by Kubernetes.
        portworx_volume: a Portworx volume; deprecated.
        quobyte: a Quobyte volume; no longer supported by Kubernetes.
        rbd: a Ceph block device; no longer supported by Kubernetes.
        scale_io: a ScaleIO volume; no longer supported by Kubernetes.
        storageos: a StorageOS volume; no longer supported by Kubernetes.
        vsphere_volume: a vSphere disk; deprecated.

    Example:
        ::

            Volume.from_empty_dir("scratch", medium="Memory", size_limit="64Mi")
            Volume.from_config_map("settings", "settings")
            Volume.from_host_path("data", "/srv/data", type="Directory")
    """

    name: str
    empty_dir: EmptyDirVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    secret: SecretVolumeSource | None = None
    projected: ProjectedVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = field(default=None, metadata={"json": "downwardAPI"})
    host_path: HostPathVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    image: ImageVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    nfs: NFSVolumeSource | None = None
    iscsi: ISCSIVolumeSource | None = None
    fc: FCVolumeSource | None = None
    flex_volume: FlexVolumeSource | None = None
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    azure_file: AzureFileVolumeSource | None = None
    cephfs: CephFSVolumeSource | None = None
    cinder: CinderVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    git_repo: GitRepoVolumeSource | None = None
    glusterfs: GlusterfsVolumeSource | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    rbd: RBDVolumeSource | None = None
    scale_io: ScaleIOVolumeSource | None = field(default=None, metadata={"json": "scaleIO"})
    storageos: StorageOSVolumeSource | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None

    @classmethod
    def from_empty_dir(cls, name: str, *, medium: str | None = None, size_limit: str | None = None) -> Self:
        """An empty directory that lives as long as the Pod.

        Args:
            name: the name of the volume.
            medium: ``Memory`` for a tmpfs. Default: the Node's disk.
            size_limit: how much it may hold, such as ``64Mi``. Default: no limit.
        """
        return cls(name, empty_dir=EmptyDirVolumeSource(medium, size_limit))

    @classmethod
    def from_config_map(
        cls,
        name: str,
        config_map: str,
        *,
        items: Mapping[str, str] | None = None,
        default_mode: int | None = None,
        optional: bool | None = None,
    ) -> Self:
        """The content of a ConfigMap.

        Args:
            name: the name of the volume.
            config_map: the name of the ConfigMap.
            items: which keys, each with its path in the volume. Default: all, under their names.
            default_mode: the permissions of the files. Default: 0o644.
            optional: whether the Pod starts without it when it is missing. Default: false.
        """
        return cls(name, config_map=ConfigMapVolumeSource(config_map, _as_items(items), default_mode, optional))

    @classmethod
    def from_secret(
        cls,
        name: str,
        secret: str,
        *,
        items: Mapping[str, str] | None = None,
        default_mode: int | None = None,
        optional: bool | None = None,
    ) -> Self:
        """The content of a Secret; the arguments are those of ``from_config_map``."""
        return cls(name, secret=SecretVolumeSource(secret, _as_items(items), default_mode, optional))

    @classmethod
    def from_host_path(cls, name: str, path: str, *, type: HostPathType | None = None) -> Self:
        """A file or directory of the Node.

        Args:
            name: the name of the volume.
            path: its path on the Node.
            type: what must be there, or is made. Default: no check.
        """
        return cls(name, host_path=HostPathVolumeSource(path, type))

    @classmethod
    def from_claim(cls, name: str, claim: str, *, read_only: bool | None = None) -> Self:
        """The storage that a PersistentVolumeClaim is bound to."""
        return cls(name, persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim, read_only))

    @classmethod
    def from_image(cls, name: str, reference: str, *, pull_policy: PullPolicy | None = None) -> Self:
        """The content of a container image, read-only."""
        return cls(name, image=ImageVolumeSource(reference, pull_policy))


def _as_items(paths: Mapping[str, str] | None) -> list[KeyToPath]:
    return [KeyToPath(key, path) for key, path in (paths or {}).items()]


@define
class EmptyDirVolumeSource:
    """An empty directory that is there when the Pod starts and gone when it ends.

    Attributes:
        medium: where it is kept: empty for the Node's disk, ``Memory`` for a tmpfs, or ``HugePages``. Default:
            the disk.
        size_limit: how much it may hold. Default: no limit.
    """

    medium: str | None = None
    size_limit: QuantityText | None = None


@define
class ConfigMapVolumeSource:
    """The keys of a ConfigMap as files; they follow its changes.

    Attributes:
        name: the name of the ConfigMap.
        items: which keys, and under which paths. Default: all, under their names.
        default_mode: the permissions of the files, such as ``0o644``. Default: 0o644.
        optional: whether the Pod starts without it when it is missing. Default: false.
    """

    name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    default_mode: int | None = None
    optional: bool | None = None


@define
class SecretVolumeSource:
    """The keys of a Secret as files on a tmpfs; they follow its changes.

    Attributes:
        secret_name: the name of the Secret.
        items: which keys, and under which paths. Default: all, under their names.
        default_mode: the permissions of the files, such as ``0o600``. Default: 0o644.
        optional: whether the Pod starts without it when it is missing. Default: false.
    """

    secret_name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    default_mode: int | None = None
    optional: bool | None = None


@define
class KeyToPath:
    """A key and the file that it becomes.

    Attributes:
        key: the key.
        path: the path in the volume, relative and without ``..``.
        mode: the permissions of the file. Default: the volume's.
    """

    key: str
    path: str
    mode: int | None = None


@define
class DownwardAPIVolumeSource:
    """Fields of the Pod as files; they follow its changes.

    Attributes:
        items: the files.
        default_mode: the permissions of the files. Default: 0o644.
    """

    items: list[DownwardAPIVolumeFile] = field(factory=list)
    default_mode: int | None = None


@define
class DownwardAPIVolumeFile:
    """A file with a field of the Pod: exactly one of the two sources.

    Attributes:
        path: the path in the volume, relative and without ``..``.
        field_ref: a field of the Pod: name, namespace, uid, labels or annotations.
        resource_field_ref: a resource limit or request of a container.
        mode: the permissions of the file. Default: the volume's.
    """

    path: str
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    mode: int | None = None


@define
class ProjectedVolumeSource:
    """Several sources in one directory.

    Attributes:
        sources: the sources; their paths must differ.
        default_mode: the permissions of the files. Default: 0o644.
    """

    sources: list[VolumeProjection] = field(factory=list)
    default_mode: int | None = None


@define
class VolumeProjection:
    """One source of a projected volume: exactly one of these.

    Attributes:
        config_map: keys of a ConfigMap.
        secret: keys of a Secret.
        downward_api: fields of the Pod itself.
        service_account_token: a token of the Pod's service account.
        cluster_trust_bundle: trusted certificates of the cluster.
        pod_certificate: a certificate for the Pod.
    """

    config_map: ConfigMapProjection | None = None
    secret: SecretProjection | None = None
    downward_api: DownwardAPIProjection | None = field(default=None, metadata={"json": "downwardAPI"})
    service_account_token: ServiceAccountTokenProjection | None = None
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    pod_certificate: PodCertificateProjection | None = None


@define
class ConfigMapProjection:
    """Keys of a ConfigMap as files.

    Attributes:
        name: the name of the ConfigMap.
        items: which keys, and under which paths. Default: all, under their names.
        optional: whether the Pod starts without it when it is missing. Default: false.
    """

    name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None


@define
class SecretProjection:
    """Keys of a Secret as files.

    Attributes:
        name: the name of the Secret.
        items: which keys, and under which paths. Default: all, under their names.
        optional: whether the Pod starts without it when it is missing. Default: false.
    """

    name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None


@define
class DownwardAPIProjection:
    """Fields of the Pod as files.

    Attributes:
        items: the files.
    """

    items: list[DownwardAPIVolumeFile] = field(factory=list)


@define
class ServiceAccountTokenProjection:
    """A token of the Pod's service account as a file.

    Attributes:
        path: the path in the volume, relative.
        audience: whom the token is for. Default: the API server.
        expiration_seconds: seconds that the token is valid for, at least 600. Default: 3600.
    """

    path: str
    audience: str | None = None
    expiration_seconds: Int64 | None = None


@define
class ClusterTrustBundleProjection:
    """Trusted certificates as a file.

    Attributes:
        path: the path in the volume, relative.
        name: the bundle; excludes the signer.
        signer_name: the signer whose bundles are taken; excludes the name.
        label_selector: which bundles of the signer. Default: none.
        optional: whether the Pod starts without it when it is missing. Default: false.
    """

    path: str
    name: str | None = None
    signer_name: str | None = None
    label_selector: LabelSelector | None = None
    optional: bool | None = None


@define
class PodCertificateProjection:
    """A key and a certificate for the Pod as files.

    Attributes:
        signer_name: who signs it.
        key_type: the type of the key, such as ``ED25519``.
        max_expiration_seconds: seconds that the certificate is valid for at most. Default: 86400.
        credential_bundle_path: the path of the file with key and certificates in one.
        key_path: the path of the file with the key.
        certificate_chain_path: the path of the file with the certificates.
        user_annotations: more for the signer.
    """

    signer_name: str
    key_type: str
    max_expiration_seconds: int | None = None
    credential_bundle_path: str | None = None
    key_path: str | None = None
    certificate_chain_path: str | None = None
    user_annotations: dict[str, str] = field(factory=dict)


@define
class HostPathVolumeSource:
    """A file or directory of the Node.

    Attributes:
        path: its path on the Node.
        type: what must be there, or is made; empty: no check. Default: empty.
    """

    path: str
    type: HostPathType | None = None


@define
class PersistentVolumeClaimVolumeSource:
    """The storage that a claim in the Pod's namespace is bound to.

    Attributes:
        claim_name: the name of the claim.
        read_only: whether it is mounted read-only. Default: false.
    """

    claim_name: str
    read_only: bool | None = None


@define
class EphemeralVolumeSource:
    """Storage of a claim that is made for the Pod and goes with it.

    Attributes:
        volume_claim_template: the claim; its name will be the Pod's and the volume's, with a hyphen between.
    """

    volume_claim_template: PersistentVolumeClaimTemplate | None = None


@define
class ImageVolumeSource:
    """The content of a container image or artifact, read-only.

    Attributes:
        reference: the image.
        pull_policy: when to pull it. Default: Always for the tag ``latest``, else IfNotPresent.
    """

    reference: str | None = None
    pull_policy: PullPolicy | None = None
