"""The environment variables of a container and where their values come from."""

from __future__ import annotations

from attrs import define

from podkit.model.scalars import QuantityText


@define
class EnvVar:
    """The Kubernetes EnvVar."""

    name: str
    value: str | None = None
    value_from: EnvVarSource | None = None


@define
class EnvVarSource:
    """The Kubernetes EnvVarSource."""

    config_map_key_ref: ConfigMapKeySelector | None = None
    field_ref: ObjectFieldSelector | None = None
    file_key_ref: FileKeySelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    secret_key_ref: SecretKeySelector | None = None


@define
class EnvFromSource:
    """The Kubernetes EnvFromSource."""

    config_map_ref: ConfigMapEnvSource | None = None
    prefix: str | None = None
    secret_ref: SecretEnvSource | None = None


@define
class ConfigMapKeySelector:
    """The Kubernetes ConfigMapKeySelector."""

    key: str
    name: str | None = None
    optional: bool | None = None


@define
class SecretKeySelector:
    """The Kubernetes SecretKeySelector."""

    key: str
    name: str | None = None
    optional: bool | None = None


@define
class ObjectFieldSelector:
    """The Kubernetes ObjectFieldSelector."""

    field_path: str
    api_version: str | None = None


@define
class ResourceFieldSelector:
    """The Kubernetes ResourceFieldSelector."""

    resource: str
    container_name: str | None = None
    divisor: QuantityText | None = None


@define
class FileKeySelector:
    """The Kubernetes FileKeySelector."""

    key: str
    path: str
    volume_name: str
    optional: bool | None = None


@define
class ConfigMapEnvSource:
    """The Kubernetes ConfigMapEnvSource."""

    name: str | None = None
    optional: bool | None = None


@define
class SecretEnvSource:
    """The Kubernetes SecretEnvSource."""

    name: str | None = None
    optional: bool | None = None
