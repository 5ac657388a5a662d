"""The ConfigMaps, Secrets and claims that a Pod uses, as a kubelet gets them."""

from __future__ import annotations

from typing import Protocol

from podkit.admission.pod_claims import ClaimUse, claims_of
from podkit.model import ConfigMap, PersistentVolumeClaim, Pod, Secret
from podkit.model.pod_containers import all_containers


class Sources(Protocol):
    """Where ConfigMaps, Secrets and claims come from."""

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """The ConfigMap of this name; None if there is none."""

    def secret(self, namespace: str, name: str) -> Secret | None:
        """The Secret of this name; None if there is none."""

    def claim(self, namespace: str, name: str) -> PersistentVolumeClaim | None:
        """The claim for storage of this name; None if there is none."""


class ConfigError(Exception):
    """A container's configuration cannot be made; becomes ``CreateContainerConfigError``."""


def config_map_data(
    sources: Sources, namespace: str | None, name: str | None, *, optional: bool | None
) -> dict[str, bytes] | None:
    """All entries of a ConfigMap, the textual ones in UTF-8; None if there is no such ConfigMap, and that is no error.

    Raises:
        ConfigError: there is none, and it is not optional.
    """
    found = sources.config_map(namespace or "default", name or "")
    if found is not None:
        return {**{key: value.encode() for key, value in found.data.items()}, **found.binary_data}
    if optional:
        return None
    raise ConfigError(f'configmap "{name}" not found')


def secret_data(
    sources: Sources, namespace: str | None, name: str | None, *, optional: bool | None
) -> dict[str, bytes] | None:
    """All entries of a Secret; None if there is no such Secret, and that is no error.

    Raises:
        ConfigError: there is none, and it is not optional.
    """
    found = sources.secret(namespace or "default", name or "")
    if found is not None:
        return dict(found.data)
    if optional:
        return None
    raise ConfigError(f'secret "{name}" not found')


def references(pod: Pod) -> set[tuple[str, str]]:
    """The ConfigMaps, Secrets and claims that a Pod refers to: pairs of kind and name."""
    found: list[tuple[str, object]] = []
    for container in all_containers(pod.spec):
        for source in container.env_from:
            found += [("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)]
        for variable in container.env:
            if (value := variable.value_from) is not None:
                found += [("ConfigMap", value.config_map_key_ref), ("Secret", value.secret_key_ref)]
    for volume in pod.spec.volumes:
        found += [("ConfigMap", volume.config_map), ("Secret", volume.secret)]
        for projection in volume.projected.sources if volume.projected else []:
            found += [("ConfigMap", projection.config_map), ("Secret", projection.secret)]
    found += [("Secret", reference) for reference in pod.spec.image_pull_secrets]
    found += [("PersistentVolumeClaim", use) for use in claims_of(pod)]
    return {(kind, name) for kind, reference in found if (name := _name(reference))}


def _name(reference: object) -> str | None:
    if isinstance(reference, ClaimUse):
        return reference.claim
    return getattr(reference, "secret_name", None) or getattr(reference, "name", None)
