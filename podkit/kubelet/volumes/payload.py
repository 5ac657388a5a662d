"""What files a volume of data consists of: ConfigMaps, Secrets, the downward API, and projections of them.

`pkg/volume/{configmap,secret,downwardapi,projected}` of Kubernetes; pure functions from objects to files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from podkit.kubelet.downward import NodeFacts, field_value, resource_value
from podkit.kubelet.filesystem.base import DEFAULT_MODE, File, Payload, VolumeError
from podkit.kubelet.sources import ConfigError, Sources, config_map_data, secret_data
from podkit.kubelet.tokens import TokenIssuer
from podkit.model import (
    ConfigMapProjection,
    ConfigMapVolumeSource,
    Container,
    DownwardAPIVolumeFile,
    KeyToPath,
    Pod,
    PodSecurityContext,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)


@frozen
class PayloadMaker:
    """Makes the payloads of the volumes of one Pod.

    Attributes:
        pod: the Pod.
        node: where it runs.
        pod_ips: its addresses, as far as known.
        sources: where ConfigMaps and Secrets come from.
        tokens: where service account tokens come from.
    """

    pod: Pod
    node: NodeFacts
    pod_ips: Sequence[str]
    sources: Sources
    tokens: TokenIssuer

    def make(self, volume: Volume) -> Payload | None:
        """The files of a volume; None when it is not one of data.

        Raises:
            VolumeError: something that it refers to is missing and not optional.
        """
        try:
            return self._payload(volume)
        except ConfigError as error:
            raise VolumeError(str(error)) from error

    def _payload(self, volume: Volume) -> Payload | None:
        if (config_map := volume.config_map) is not None:
            return self._config_map(config_map, config_map.default_mode)
        if (secret := volume.secret) is not None:
            return self._secret(secret.secret_name, secret, secret.default_mode)
        if (downward := volume.downward_api) is not None:
            return self._downward(downward.items, downward.default_mode)
        if volume.projected is not None:
            return self._projected(volume.projected)
        return None

    def _projected(self, projected: ProjectedVolumeSource) -> Payload:
        """All sources in one tree; of two files at one path the later wins."""
        payload: Payload = {}
        for source in projected.sources:
            payload.update(self._projection(source, projected.default_mode))
        return payload

    def _projection(self, source: VolumeProjection, mode: int | None) -> Payload:
        if (config_map := source.config_map) is not None:
            return self._config_map(config_map, mode)
        if (secret := source.secret) is not None:
            return self._secret(secret.name, secret, mode)
        if source.downward_api is not None:
            return self._downward(source.downward_api.items, mode)
        if (token := source.service_account_token) is not None:
            return {token.path: self._token(token, DEFAULT_MODE if mode is None else mode)}
        raise VolumeError(
            "this kind of projection is not supported: use configMap, secret, downwardAPI or serviceAccountToken"
        )

    def _token(self, source: ServiceAccountTokenProjection, mode: int) -> File:
        """A token, for the user that all containers run as, and for the Pod's group, if there are such; else for all.

        Source of the rule: `pkg/volume/projected`, `FsUserFrom`.
        """
        shared = self.pod.spec.security_context or PodSecurityContext()
        containers = [*self.pod.spec.init_containers, *self.pod.spec.containers]
        users = {_user(container, shared) for container in containers}
        owner = users.pop() if len(users) == 1 else None
        private = owner is not None or shared.fs_group is not None
        return File(self.tokens.token(self.pod, source), 0o600 if private else mode, owner)

    def _config_map(self, source: ConfigMapVolumeSource | ConfigMapProjection, mode: int | None) -> Payload:
        namespace, optional = self.pod.metadata.namespace, bool(source.optional)
        data = config_map_data(self.sources, namespace, source.name, optional=optional)
        return _select(
            data or {}, source.items, mode, optional=optional, what="configmap references non-existent config key"
        )

    def _secret(self, name: str | None, source: SecretVolumeSource | SecretProjection, mode: int | None) -> Payload:
        optional = bool(source.optional)
        data = secret_data(self.sources, self.pod.metadata.namespace, name, optional=optional)
        return _select(data or {}, source.items, mode, optional=optional, what="references non-existent secret key")

    def _downward(self, items: Iterable[DownwardAPIVolumeFile], default: int | None) -> Payload:
        payload: Payload = {}
        for item in items:
            mode = item.mode if item.mode is not None else default
            payload[item.path] = File(self._downward_value(item).encode(), DEFAULT_MODE if mode is None else mode)
        return payload

    def _downward_value(self, item: DownwardAPIVolumeFile) -> str:
        if item.field_ref is not None:
            return field_value(self.pod, self.pod_ips, self.node, item.field_ref)
        if item.resource_field_ref is not None:
            return resource_value(self.pod, Container(name=""), self.node, item.resource_field_ref)
        return ""


def _select(
    data: Mapping[str, bytes], items: Iterable[KeyToPath], default: int | None, *, optional: bool, what: str
) -> Payload:
    """All keys, or those that are asked for, at the paths that are asked for."""
    mode = DEFAULT_MODE if default is None else default
    items = list(items)
    if not items:
        return {key: File(content, mode) for key, content in data.items()}
    payload: Payload = {}
    for item in items:
        if item.key in data:
            payload[item.path] = File(data[item.key], mode if item.mode is None else item.mode)
        elif not optional:
            raise VolumeError(f"{what}: {item.key}")
    return payload


def _user(container: Container, shared: PodSecurityContext) -> int | None:
    own = container.security_context
    return own.run_as_user if own is not None and own.run_as_user is not None else shared.run_as_user
