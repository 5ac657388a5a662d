"""Rules for volumes: one source each, and what each source needs."""

from __future__ import annotations

import pytest

from tests.unit.admission.manifests import pod, volume, wrong

V = "spec.volumes[0]"
P = f"{V}.projected.sources[0]"
CLAIM = "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{emptyDir: {sizeLimit: -1}}", {f"{V}.emptyDir.sizeLimit: Forbidden"}),
        ("{emptyDir: {}, hostPath: {path: /a}}", {f"{V}.hostPath: Forbidden"}),
        ("{hostPath: {path: ''}}", {f"{V}.hostPath.path: Required"}),
        (
            "{gitRepo: {repository: '', directory: ../a}}",
            {f"{V}.gitRepo.repository: Required", f"{V}.gitRepo.directory: Invalid"},
        ),
        ("{nfs: {server: a, path: b}}", {f"{V}.nfs.path: Invalid"}),
        ("{configMap: {}}", {f"{V}.configMap.name: Required"}),
        ("{configMap: {name: a, defaultMode: 512}}", {f"{V}.configMap.defaultMode: Invalid"}),
        (
            "{secret: {secretName: a, items: [{key: '', path: ..a, mode: -1}]}}",
            {
                f"{V}.secret.items[0].key: Required",
                f"{V}.secret.items[0].path: Invalid",
                f"{V}.secret.items[0].mode: Invalid",
            },
        ),
        (
            (
                "{downwardAPI: {items: [{path: a}, {path: b, resourceFieldRef: {resource: limits.cpu}},"
                " {path: c, fieldRef: {fieldPath: metadata.labels}}, {path: d, fieldRef: {fieldPath: spec.nodeName}}]}}"
            ),
            {
                f"{V}.downwardAPI.items[0]: Required",
                f"{V}.downwardAPI.items[1].resourceFieldRef.containerName: Required",
                f"{V}.downwardAPI.items[3].fieldRef.fieldPath: NotSupported",
            },
        ),
        (
            "{projected: {sources: [{secret: {}, configMap: {name: a}}]}}",
            {f"{P}: Forbidden", f"{P}.secret.name: Required"},
        ),
        (
            (
                "{projected: {sources: [{secret: {name: a, items: [{key: k, path: p}]}},"
                " {configMap: {name: a, items: [{key: k, path: p}]}}]}}"
            ),
            {f"{V}.projected: Invalid"},
        ),
        ("{projected: {sources: [{clusterTrustBundle: {path: a}}]}}", {f"{P}.clusterTrustBundle: Required"}),
        (
            "{projected: {sources: [{clusterTrustBundle: {path: a, name: 'x.y/z:n', signerName: x.y/z}}]}}",
            {f"{P}.clusterTrustBundle: Invalid"},
        ),
        (
            "{projected: {sources: [{clusterTrustBundle: {path: a, signerName: x}}]}}",
            {f"{P}.clusterTrustBundle.signerName: Invalid"},
        ),
        (
            "{projected: {sources: [{podCertificate: {signerName: a.b/c, keyType: RSA1, maxExpirationSeconds: 1}}]}}",
            {
                f"{P}.podCertificate: Required",
                f"{P}.podCertificate.keyType: NotSupported",
                f"{P}.podCertificate.maxExpirationSeconds: Invalid",
            },
        ),
        ("{projected: {sources: [{podCertificate: {signerName: a.b/c, keyType: ED25519, keyPath: k}}]}}", set()),
        (f"{{ephemeral: {{volumeClaimTemplate: {{spec: {CLAIM}}}}}}}", set()),
        (
            f"{{ephemeral: {{volumeClaimTemplate: {{metadata: {{name: a}}, spec: {CLAIM}}}}}}}",
            {f"{V}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden"},
        ),
        ("{image: {reference: ''}}", {f"{V}.image.reference: Required"}),
        ("{image: {reference: a, pullPolicy: Now}}", {f"{V}.image.pullPolicy: NotSupported"}),
        ("{csi: {driver: ''}}", {f"{V}.csi.driver: Required"}),
        ("{csi: {driver: a.b, nodePublishSecretRef: {}}}", {f"{V}.csi.nodePublishSecretRef.name: Required"}),
        (
            "{iscsi: {targetPortal: '', iqn: x, lun: 256}}",
            {f"{V}.iscsi.targetPortal: Required", f"{V}.iscsi.iqn: Invalid", f"{V}.iscsi.lun: Invalid"},
        ),
        (
            "{iscsi: {targetPortal: a, iqn: 'iqn.2015-02.example.com:a', lun: 0, chapAuthSession: true}}",
            {f"{V}.iscsi.secretRef: Required"},
        ),
        ("{fc: {targetWWNs: [a]}}", {f"{V}.fc.lun: Required"}),
        ("{fc: {}}", {f"{V}.fc.targetWWNs: Required"}),
        ("{flocker: {}}", {f"{V}.flocker: Required"}),
        (
            "{glusterfs: {endpoints: '', path: ''}}",
            {f"{V}.glusterfs.endpoints: Required", f"{V}.glusterfs.path: Required"},
        ),
        ("{quobyte: {registry: a, volume: ''}}", {f"{V}.quobyte.registry: Invalid", f"{V}.quobyte.volume: Required"}),
        (
            "{cinder: {volumeID: '', secretRef: {}}}",
            {f"{V}.cinder.volumeID: Required", f"{V}.cinder.secretRef.name: Required"},
        ),
        ("{flexVolume: {driver: a, options: {x.k8s.io/a: b}}}", {f"{V}.flexVolume.options[x.k8s.io/a]: Invalid"}),
        ("{azureDisk: {diskName: a, diskURI: b}}", {f"{V}.azureDisk.diskURI: NotSupported"}),
        (
            "{awsElasticBlockStore: {volumeID: '', partition: 300}}",
            {f"{V}.awsElasticBlockStore.volumeID: Required", f"{V}.awsElasticBlockStore.partition: Invalid"},
        ),
        ("{vsphereVolume: {volumePath: ''}}", {f"{V}.vsphereVolume.volumePath: Required"}),
        ("{photonPersistentDisk: {pdID: ''}}", {f"{V}.photonPersistentDisk.pdID: Required"}),
        ("{portworxVolume: {volumeID: ''}}", {f"{V}.portworxVolume.volumeID: Required"}),
        ("{scaleIO: {gateway: a, system: b}}", {f"{V}.scaleIO.volumeName: Required"}),
        ("{storageos: {volumeName: A}}", {f"{V}.storageos.volumeName: Invalid"}),
    ],
)
def test_a_volume(source: str, expected: set[str]) -> None:
    assert wrong(volume(source)) == expected


def test_names_of_volumes_are_unique_labels() -> None:
    volumes = "{volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}, {name: A.b, emptyDir: {}}, {name: '', emptyDir: {}}]}"

    assert wrong(pod(volumes)) == {
        "spec.volumes[1].name: Duplicate",
        "spec.volumes[2].name: Invalid",
        "spec.volumes[3].name: Required",
    }


def test_a_volume_that_is_wrong_cannot_be_mounted() -> None:
    spec = "{volumes: [{name: v, secret: {}}], containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /a}]}]}"

    assert wrong(pod(spec)) == {
        "spec.volumes[0].secret.secretName: Required",
        "spec.containers[0].volumeMounts[0].name: NotFound",
    }
