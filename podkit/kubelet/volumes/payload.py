"""What files a volume of data consists of: ConfigMaps, Secrets, the downward API, and projections of them.

`pkg/volume/{configmap,secret,downwardapi,projected}` of Kubernetes; pure functions from objects to files.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from podkit.errors import PodkitError
from podkit.kubelet.downward import NodeFacts, field_value, resource_value
from podkit.kubelet.sources import ConfigError, Sources, config_map_data
from podkit.model import (
    Container,
    DownwardAPIVolumeFile,
    KeyToPath,
    Pod,
    ProjectedVolumeSource,
    Volume,
    VolumeProjection,
)

DEFAULT_MODE = 0o644


class VolumeError(PodkitError):
    """A volume cannot be set up, which becomes an event ``FailedMount``, or cannot be removed, which is tried again."""


def remove_tree(directory: Path) -> None:
    """Remove a directory with all that is in it. One that is gone is no error.

    Raises:
        VolumeError: something in it cannot be removed.
    """
    try:
        if directory.is_dir():
            shutil.rmtree(directory)
    except OSError as error:
        raise VolumeError(f"cannot remove {error.filename or directory}: {error.strerror}") from error


@frozen
class File:
    """One file of a volume.

    Attributes:
        content: its bytes.
        mode: its permission bits.
    """

    content: bytes
    mode: int = DEFAULT_MODE


Payload = dict[str, File]
"""The files of a volume by their relative path."""


@frozen
class PayloadMaker:
    """Makes the payloads of the volumes of one Pod.

    Attributes:
        pod: the Pod.
        node: where it runs.
        pod_ips: its addresses, as far as known.
        sources: where ConfigMaps and Secrets come from.
    """

    pod: Pod
    node: NodeFacts
    pod_ips: Sequence[str]
    sources: Sources

    def make(self, volume: Volume) -> Payload | None:
        """The files of a volume; None when it is not one of data.

        Raises:
            VolumeError: something that it refers to is missing and not optional.
        """
        if (config_map := volume.config_map) is not None:
            return self._config_map(
                config_map.name, config_map.items, config_map.default_mode, optional=bool(config_map.optional)
            )
        if (secret := volume.secret) is not None:
            return self._secret(secret.secret_name, secret.items, secret.default_mode, optional=bool(secret.optional))
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
            return self._config_map(config_map.name, config_map.items, mode, optional=bool(config_map.optional))
        if (secret := source.secret) is not None:
            return self._secret(secret.name, secret.items, mode, optional=bool(secret.optional))
        if source.downward_api is not None:
            return self._downward(source.downward_api.items, mode)
        if (token := source.service_account_token) is not None:
            return {token.path: File(self._token(token.audience), DEFAULT_MODE if mode is None else mode)}
        raise VolumeError(
            "this kind of projection is not supported: use configMap, secret, downwardAPI or serviceAccountToken"
        )

    def _token(self, audience: str | None) -> bytes:
        """An opaque word that is the same for as long as the Pod lives. There is no API server that would check it."""
        return hashlib.sha256(f"{self.pod.metadata.uid}/{audience or ''}".encode()).hexdigest().encode()

    def _config_map(self, name: str | None, items: Iterable[KeyToPath], mode: int | None, *, optional: bool) -> Payload:
        found = self.sources.config_map(self.pod.metadata.namespace or "default", name or "")
        if found is None and not optional:
            raise VolumeError(f'configmap "{name}" not found')
        data = config_map_data(found) if found is not None else {}
        return _select(data, items, mode, optional=optional, what=f"configmap {name}")

    def _secret(self, name: str | None, items: Iterable[KeyToPath], mode: int | None, *, optional: bool) -> Payload:
        found = self.sources.secret(self.pod.metadata.namespace or "default", name or "")
        if found is None and not optional:
            raise VolumeError(f'secret "{name}" not found')
        return _select(found.data if found is not None else {}, items, mode, optional=optional, what=f"secret {name}")

    def _downward(self, items: Iterable[DownwardAPIVolumeFile], default: int | None) -> Payload:
        payload: Payload = {}
        for item in items:
            mode = item.mode if item.mode is not None else default
            payload[item.path] = File(self._downward_value(item).encode(), DEFAULT_MODE if mode is None else mode)
        return payload

    def _downward_value(self, item: DownwardAPIVolumeFile) -> str:
        try:
            if item.field_ref is not None:
                return field_value(self.pod, self.pod_ips, self.node, item.field_ref)
            if item.resource_field_ref is not None:
                return resource_value(self.pod, Container(name=""), self.node, item.resource_field_ref)
        except ConfigError as error:
            raise VolumeError(str(error)) from error
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
            raise VolumeError(f"{what} references non-existent key: {item.key}")
    return payload
