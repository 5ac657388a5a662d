"""ServiceAccount: what the service account of a Pod adds to it: its token as a file, and its Secrets to pull images.

In Kubernetes every Pod gets a token, with which its programs ask the API server. There is no API server here, so an ordinary Pod
stays as it is written. A Pod gets a token when somebody has asked for one: it names a service account other than ``default``, or
says ``automountServiceAccountToken: true``, or there is a ServiceAccount ``default`` in its namespace. From there on the rules
are Kubernetes'. An account that does not exist is taken for one without settings, as namespaces too are made on demand.

Source of the rules: ``plugin/pkg/admission/serviceaccount/admission.go``.
"""

from __future__ import annotations

from podkit.admission.mirror_pods import is_mirror
from podkit.admission.plugins.known import Known
from podkit.admission.random_name import random_suffix
from podkit.model.config import ConfigMap
from podkit.model.container import VolumeMount
from podkit.model.copying import clone
from podkit.model.environment import ObjectFieldSelector
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodSpec
from podkit.model.service_account import ServiceAccount
from podkit.model.volume import (
    ConfigMapProjection,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    KeyToPath,
    ProjectedVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)

DEFAULT = "default"
"""The account of Pods that name none."""

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where containers find the token (``DefaultAPITokenMountPath``)."""

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap of each namespace that holds the certificate of the API server."""

_VOLUME = "kube-api-access-"
_LIFETIME = 60 * 60 + 7
_READABLE = 0o644


def admit(pod: Pod, known: Known) -> None:
    """Give a new Pod what its service account says."""
    if is_mirror(pod):
        return
    spec = pod.spec
    if not spec.service_account_name:
        spec.service_account_name = spec.service_account = DEFAULT
    account = known.find(ServiceAccount, spec.service_account_name, pod.metadata.namespace or "default")
    if _wants_token(pod, account):
        _mount_token(pod)
    if account is not None and not spec.image_pull_secrets:
        spec.image_pull_secrets = [clone(secret) for secret in account.image_pull_secrets]


def keep(spec: PodSpec, old: PodSpec) -> None:
    """Keep the account of a Pod where a change leaves it out."""
    if not spec.service_account_name:
        spec.service_account_name, spec.service_account = old.service_account_name, old.service_account


def root_ca(namespace: str) -> ConfigMap:
    """The ConfigMap that stands for the certificate of the API server. There is none here, and it says so."""
    text = "# podkit has no API server, and so no certificate for one\n"
    return ConfigMap(metadata=ObjectMeta(name=ROOT_CA, namespace=namespace), data={"ca.crt": text})


def reads_root_ca(pod: Pod) -> bool:
    """Whether a Pod has a volume with the certificate of the API server."""
    return any(
        source.config_map is not None and source.config_map.name == ROOT_CA
        for volume in pod.spec.volumes
        if volume.projected is not None
        for source in volume.projected.sources
    )


def _wants_token(pod: Pod, account: ServiceAccount | None) -> bool:
    """The Pod says so, else its account; and where neither does, everybody who has an account at all."""
    if pod.spec.automount_service_account_token is not None:
        return pod.spec.automount_service_account_token
    if account is None:
        return pod.spec.service_account_name != DEFAULT
    return account.automount_service_account_token is not False


def _mount_token(pod: Pod) -> None:
    """Let every container see the token, unless it has something else in that place."""
    there = next((volume.name for volume in pod.spec.volumes if volume.name.startswith(_VOLUME)), None)
    name = there or _VOLUME + random_suffix()
    needed = False
    for container in [*pod.spec.init_containers, *pod.spec.containers]:
        if all(mount.mount_path != MOUNT_PATH for mount in container.volume_mounts):
            container.volume_mounts.append(VolumeMount(name=name, mount_path=MOUNT_PATH, read_only=True))
            needed = True
    if needed and there is None:
        pod.spec.volumes.append(_token_volume(name))


def _token_volume(name: str) -> Volume:
    """A volume with the token, the certificate of the API server, and the namespace."""
    namespace = ObjectFieldSelector(api_version="v1", field_path="metadata.namespace")
    sources = [
        VolumeProjection(
            service_account_token=ServiceAccountTokenProjection(expiration_seconds=_LIFETIME, path="token")
        ),
        VolumeProjection(config_map=ConfigMapProjection(name=ROOT_CA, items=[KeyToPath(key="ca.crt", path="ca.crt")])),
        VolumeProjection(
            downward_api=DownwardAPIProjection(items=[DownwardAPIVolumeFile(path="namespace", field_ref=namespace)])
        ),
    ]
    return Volume(name=name, projected=ProjectedVolumeSource(default_mode=_READABLE, sources=sources))
