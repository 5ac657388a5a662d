"""The fields of volumes."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet.support.verdict import Entry, Fields, Scene, honours, refuses, remark, warns
from podkit.model import (
    ConfigMapProjection,
    ConfigMapVolumeSource,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    EphemeralVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    KeyToPath,
    NFSVolumeSource,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
    PersistentVolumeClaimVolumeSource,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
    VolumeResourceRequirements,
)

_NO_DRIVER = "there is no driver for such volumes here: use a claim, a path of the machine or NFS"


def _is_elsewhere(scene: Scene) -> bool:
    return not scene.engine.shares_files


def _foreign(*names: str) -> dict[str, Entry]:
    return {name: refuses(_NO_DRIVER) for name in names}


VOLUMES: Mapping[type, Fields] = {
    Volume: {
        **honours("name", "emptyDir", "configMap", "secret", "projected", "downwardAPI", "hostPath"),
        **honours("persistentVolumeClaim", "ephemeral", "image"),
        "nfs": refuses(
            "only root can mount NFS: mount it on the machine, and use a hostPath",
            "used with a rootless Podman",
            lambda scene: scene.engine.rootless,
        )
        | refuses(
            "it cannot be mounted on another machine: mount it there, and use a hostPath",
            "used with Podman on another machine",
            _is_elsewhere,
        ),
        **_foreign("csi", "iscsi", "fc", "flexVolume", "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs"),
        **_foreign("cinder", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "photonPersistentDisk"),
        **_foreign("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
    },
    EmptyDirVolumeSource: {
        "medium": refuses(
            "there is no such medium here: say Memory, or nothing for the disk",
            "neither empty nor `Memory`",
            lambda scene: scene.value not in ("", "Memory"),
        )
        | refuses(
            "it is to lie in memory, which a Podman on another machine cannot be asked for: leave it out, or use a Podman on this"
            " machine",
            "`Memory`, with Podman on another machine",
            lambda scene: scene.value == "Memory" and _is_elsewhere(scene),
        ),
        "sizeLimit": warns(
            "what is in the volume is not measured on another machine",
            "used with Podman on another machine",
            _is_elsewhere,
        ),
    },
    ConfigMapVolumeSource: honours("name", "items", "defaultMode", "optional"),
    SecretVolumeSource: honours("secretName", "items", "defaultMode", "optional"),
    KeyToPath: honours("key", "path", "mode"),
    DownwardAPIVolumeSource: honours("items", "defaultMode"),
    DownwardAPIVolumeFile: honours("path", "fieldRef", "resourceFieldRef", "mode"),
    ProjectedVolumeSource: honours("sources", "defaultMode"),
    VolumeProjection: {
        **honours("configMap", "secret", "downwardAPI", "serviceAccountToken"),
        "clusterTrustBundle": refuses("there are no ClusterTrustBundles here: use a configMap"),
        "podCertificate": refuses("nobody signs certificates for Pods here: use a secret"),
    },
    ConfigMapProjection: honours("name", "items", "optional"),
    SecretProjection: honours("name", "items", "optional"),
    DownwardAPIProjection: honours("items"),
    ServiceAccountTokenProjection: {
        **honours("path"),
        "audience": remark("is in the token; nobody checks it: there is no API server"),
        **honours("expirationSeconds"),
    },
    HostPathVolumeSource: {
        **honours("path"),
        "type": refuses(
            "cannot be done on another machine: make it there, and leave out the type",
            "`DirectoryOrCreate` or `FileOrCreate`, with Podman on another machine",
            lambda scene: scene.value.endswith("OrCreate") and _is_elsewhere(scene),
        ),
    },
    PersistentVolumeClaimVolumeSource: honours("claimName", "readOnly"),
    EphemeralVolumeSource: honours("volumeClaimTemplate"),
    PersistentVolumeClaimTemplate: honours("metadata", "spec"),
    PersistentVolumeClaimSpec: {
        **honours("accessModes", "resources"),
        "storageClassName": remark("there is one kind of storage, which all classes get"),
        "volumeMode": refuses(
            "there are no block devices here: say Filesystem", "`Block`", lambda scene: scene.value == "Block"
        ),
        "volumeName": remark("the claim waits: there are no PersistentVolumes"),
        "selector": remark("the claim waits: there are no PersistentVolumes"),
        "dataSource": refuses("a volume cannot be filled from another one here"),
        "dataSourceRef": refuses("a volume cannot be filled from another one here"),
        "volumeAttributesClassName": warns("volumes have no attributes here"),
    },
    VolumeResourceRequirements: {
        "requests": warns("the size of the volume is not enforced"),
        "limits": warns("the size of the volume is not enforced"),
    },
    ImageVolumeSource: honours("reference", "pullPolicy"),
    NFSVolumeSource: honours("server", "path", "readOnly"),
}
