"""Volumes and where their content comes from."""

from __future__ import annotations

from attrs import define, field

from podkit.model.claim import PersistentVolumeClaimTemplate
from podkit.model.environment import ObjectFieldSelector, ResourceFieldSelector
from podkit.model.meta import LabelSelector, LocalObjectReference
from podkit.model.scalars import Int64, QuantityText


@define
class Volume:
    """The Kubernetes Volume."""

    name: str
    image: ImageVolumeSource | None = None
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    azure_file: AzureFileVolumeSource | None = None
    cephfs: CephFSVolumeSource | None = None
    cinder: CinderVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = field(default=None, metadata={"json": "downwardAPI"})
    empty_dir: EmptyDirVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    fc: FCVolumeSource | None = None
    flex_volume: FlexVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    git_repo: GitRepoVolumeSource | None = None
    glusterfs: GlusterfsVolumeSource | None = None
    host_path: HostPathVolumeSource | None = None
    iscsi: ISCSIVolumeSource | None = None
    nfs: NFSVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    projected: ProjectedVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    rbd: RBDVolumeSource | None = None
    scale_io: ScaleIOVolumeSource | None = field(default=None, metadata={"json": "scaleIO"})
    secret: SecretVolumeSource | None = None
    storageos: StorageOSVolumeSource | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None


@define
class AWSElasticBlockStoreVolumeSource:
    """The Kubernetes AWSElasticBlockStoreVolumeSource."""

    volume_id: str = field(metadata={"json": "volumeID"})
    fs_type: str | None = None
    partition: int | None = None
    read_only: bool | None = None


@define
class AzureDiskVolumeSource:
    """The Kubernetes AzureDiskVolumeSource."""

    disk_name: str
    disk_uri: str = field(metadata={"json": "diskURI"})
    kind: str | None = None
    caching_mode: str | None = None
    fs_type: str | None = None
    read_only: bool | None = None


@define
class AzureFileVolumeSource:
    """The Kubernetes AzureFileVolumeSource."""

    secret_name: str
    share_name: str
    read_only: bool | None = None


@define
class CSIVolumeSource:
    """The Kubernetes CSIVolumeSource."""

    driver: str
    fs_type: str | None = None
    node_publish_secret_ref: LocalObjectReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = field(factory=dict)


@define
class CephFSVolumeSource:
    """The Kubernetes CephFSVolumeSource."""

    monitors: list[str] = field(factory=list)
    path: str | None = None
    read_only: bool | None = None
    secret_file: str | None = None
    secret_ref: LocalObjectReference | None = None
    user: str | None = None


@define
class CinderVolumeSource:
    """The Kubernetes CinderVolumeSource."""

    volume_id: str = field(metadata={"json": "volumeID"})
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None


@define
class ClusterTrustBundleProjection:
    """The Kubernetes ClusterTrustBundleProjection."""

    path: str
    name: str | None = None
    label_selector: LabelSelector | None = None
    optional: bool | None = None
    signer_name: str | None = None


@define
class ConfigMapProjection:
    """The Kubernetes ConfigMapProjection."""

    name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None


@define
class ConfigMapVolumeSource:
    """The Kubernetes ConfigMapVolumeSource."""

    name: str | None = None
    default_mode: int | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None


@define
class DownwardAPIProjection:
    """The Kubernetes DownwardAPIProjection."""

    items: list[DownwardAPIVolumeFile] = field(factory=list)


@define
class DownwardAPIVolumeFile:
    """The Kubernetes DownwardAPIVolumeFile."""

    path: str
    field_ref: ObjectFieldSelector | None = None
    mode: int | None = None
    resource_field_ref: ResourceFieldSelector | None = None


@define
class DownwardAPIVolumeSource:
    """The Kubernetes DownwardAPIVolumeSource."""

    default_mode: int | None = None
    items: list[DownwardAPIVolumeFile] = field(factory=list)


@define
class EmptyDirVolumeSource:
    """The Kubernetes EmptyDirVolumeSource."""

    medium: str | None = None
    size_limit: QuantityText | None = None


@define
class EphemeralVolumeSource:
    """The Kubernetes EphemeralVolumeSource."""

    volume_claim_template: PersistentVolumeClaimTemplate | None = None


@define
class FCVolumeSource:
    """The Kubernetes FCVolumeSource."""

    fs_type: str | None = None
    lun: int | None = None
    read_only: bool | None = None
    target_wwns: list[str] = field(factory=list, metadata={"json": "targetWWNs"})
    wwids: list[str] = field(factory=list)


@define
class FlexVolumeSource:
    """The Kubernetes FlexVolumeSource."""

    driver: str
    fs_type: str | None = None
    options: dict[str, str] = field(factory=dict)
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None


@define
class FlockerVolumeSource:
    """The Kubernetes FlockerVolumeSource."""

    dataset_name: str | None = None
    dataset_uuid: str | None = field(default=None, metadata={"json": "datasetUUID"})


@define
class GCEPersistentDiskVolumeSource:
    """The Kubernetes GCEPersistentDiskVolumeSource."""

    pd_name: str
    fs_type: str | None = None
    partition: int | None = None
    read_only: bool | None = None


@define
class GitRepoVolumeSource:
    """The Kubernetes GitRepoVolumeSource."""

    repository: str
    directory: str | None = None
    revision: str | None = None


@define
class GlusterfsVolumeSource:
    """The Kubernetes GlusterfsVolumeSource."""

    endpoints: str
    path: str
    read_only: bool | None = None


@define
class HostPathVolumeSource:
    """The Kubernetes HostPathVolumeSource."""

    path: str
    type: str | None = None


@define
class ISCSIVolumeSource:
    """The Kubernetes ISCSIVolumeSource."""

    iqn: str
    lun: int
    target_portal: str
    chap_auth_discovery: bool | None = None
    chap_auth_session: bool | None = None
    fs_type: str | None = None
    initiator_name: str | None = None
    iscsi_interface: str | None = None
    portals: list[str] = field(factory=list)
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None


@define
class ImageVolumeSource:
    """The Kubernetes ImageVolumeSource."""

    pull_policy: str | None = None
    reference: str | None = None


@define
class KeyToPath:
    """The Kubernetes KeyToPath."""

    key: str
    path: str
    mode: int | None = None


@define
class NFSVolumeSource:
    """The Kubernetes NFSVolumeSource."""

    path: str
    server: str
    read_only: bool | None = None


@define
class PersistentVolumeClaimVolumeSource:
    """The Kubernetes PersistentVolumeClaimVolumeSource."""

    claim_name: str
    read_only: bool | None = None


@define
class PhotonPersistentDiskVolumeSource:
    """The Kubernetes PhotonPersistentDiskVolumeSource."""

    pd_id: str = field(metadata={"json": "pdID"})
    fs_type: str | None = None


@define
class PodCertificateProjection:
    """The Kubernetes PodCertificateProjection."""

    key_type: str
    signer_name: str
    certificate_chain_path: str | None = None
    credential_bundle_path: str | None = None
    key_path: str | None = None
    max_expiration_seconds: int | None = None
    user_annotations: dict[str, str] = field(factory=dict)


@define
class PortworxVolumeSource:
    """The Kubernetes PortworxVolumeSource."""

    volume_id: str = field(metadata={"json": "volumeID"})
    fs_type: str | None = None
    read_only: bool | None = None


@define
class ProjectedVolumeSource:
    """The Kubernetes ProjectedVolumeSource."""

    default_mode: int | None = None
    sources: list[VolumeProjection] = field(factory=list)


@define
class QuobyteVolumeSource:
    """The Kubernetes QuobyteVolumeSource."""

    registry: str
    volume: str
    group: str | None = None
    read_only: bool | None = None
    tenant: str | None = None
    user: str | None = None


@define
class RBDVolumeSource:
    """The Kubernetes RBDVolumeSource."""

    image: str
    fs_type: str | None = None
    keyring: str | None = None
    monitors: list[str] = field(factory=list)
    pool: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    user: str | None = None


@define
class ScaleIOVolumeSource:
    """The Kubernetes ScaleIOVolumeSource."""

    gateway: str
    system: str
    fs_type: str | None = None
    protection_domain: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    ssl_enabled: bool | None = None
    storage_mode: str | None = None
    storage_pool: str | None = None
    volume_name: str | None = None


@define
class SecretProjection:
    """The Kubernetes SecretProjection."""

    name: str | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None


@define
class SecretVolumeSource:
    """The Kubernetes SecretVolumeSource."""

    default_mode: int | None = None
    items: list[KeyToPath] = field(factory=list)
    optional: bool | None = None
    secret_name: str | None = None


@define
class ServiceAccountTokenProjection:
    """The Kubernetes ServiceAccountTokenProjection."""

    path: str
    audience: str | None = None
    expiration_seconds: Int64 | None = None


@define
class StorageOSVolumeSource:
    """The Kubernetes StorageOSVolumeSource."""

    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    volume_name: str | None = None
    volume_namespace: str | None = None


@define
class VolumeProjection:
    """The Kubernetes VolumeProjection."""

    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardAPIProjection | None = field(default=None, metadata={"json": "downwardAPI"})
    pod_certificate: PodCertificateProjection | None = None
    secret: SecretProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None


@define
class VsphereVirtualDiskVolumeSource:
    """The Kubernetes VsphereVirtualDiskVolumeSource."""

    volume_path: str
    fs_type: str | None = None
    storage_policy_id: str | None = field(default=None, metadata={"json": "storagePolicyID"})
    storage_policy_name: str | None = None
