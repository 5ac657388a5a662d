"""The environment variables of a container and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from podkit.model.definition import define
from podkit.model.scalars import QuantityText


@define
class EnvVar:
    """An environment variable.

    Attributes:
        name: its name.
        value: its value; ``$(NAME)`` is replaced by variables defined before, ``$$`` by a dollar. Default: empty.
        value_from: where its value comes from, in place of ``value``.

    Example:
        ::

            EnvVar("MODE", "prod")
            EnvVar("PASSWORD", value_from=EnvVarSource.from_secret("login", "password"))
    """

    name: str
    value: str | None = None
    value_from: EnvVarSource | None = None


def as_env(env: Mapping[str, str | EnvVarSource] | Sequence[EnvVar]) -> list[EnvVar]:
    """Environment variables from a list of them, or from a mapping of names to texts or sources."""
    if isinstance(env, list):
        return env
    if not isinstance(env, Mapping):
        return list(env)
    return [
        EnvVar(name, value_from=value) if isinstance(value, EnvVarSource) else EnvVar(name, value)
        for name, value in env.items()
    ]


@define
class EnvVarSource:
    """Where the value of an environment variable comes from: exactly one of these.

    Attributes:
        field_ref: a field of the Pod itself.
        resource_field_ref: a resource limit or request of a container.
        config_map_key_ref: a key of a ConfigMap.
        secret_key_ref: a key of a Secret.
        file_key_ref: a key in a file of variables on a volume.

    Example:
        ::

            Container("main", image="busybox", env={"NAME": EnvVarSource.from_field("metadata.name")})
    """

    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: ConfigMapKeySelector | None = None
    secret_key_ref: SecretKeySelector | None = None
    file_key_ref: FileKeySelector | None = None

    @classmethod
    def from_field(cls, path: str) -> Self:
        """The value of a field of the Pod, such as ``metadata.name`` or ``status.podIP``."""
        return cls(field_ref=ObjectFieldSelector(path))

    @classmethod
    def from_resource(cls, resource: str, *, container: str | None = None, divisor: str | None = None) -> Self:
        """A limit or request, such as ``limits.memory``, of a container (by default the one that has the variable)."""
        return cls(resource_field_ref=ResourceFieldSelector(resource, container, divisor))

    @classmethod
    def from_config_map(cls, name: str, key: str, *, optional: bool | None = None) -> Self:
        """The value of a key of a ConfigMap."""
        return cls(config_map_key_ref=ConfigMapKeySelector(key, name, optional))

    @classmethod
    def from_secret(cls, name: str, key: str, *, optional: bool | None = None) -> Self:
        """The value of a key of a Secret."""
        return cls(secret_key_ref=SecretKeySelector(key, name, optional))


@define
class EnvFromSource:
    """A set of environment variables: one for each key of a ConfigMap or Secret.

    Attributes:
        prefix: what stands before each key to make the variable's name. Default: nothing.
        config_map_ref: the ConfigMap.
        secret_ref: the Secret.

    Example:
        ::

            Container("main", image="busybox", env_from=[EnvFromSource(config_map_ref=ConfigMapEnvSource("settings"))])
    """

    prefix: str | None = None
    config_map_ref: ConfigMapEnvSource | None = None
    secret_ref: SecretEnvSource | None = None


@define
class ConfigMapKeySelector:
    """A key of a ConfigMap in the Pod's namespace.

    Attributes:
        key: the key.
        name: the name of the ConfigMap.
        optional: whether the container starts without it when it is missing. Default: false.
    """

    key: str
    name: str | None = None
    optional: bool | None = None


@define
class SecretKeySelector:
    """A key of a Secret in the Pod's namespace.

    Attributes:
        key: the key.
        name: the name of the Secret.
        optional: whether the container starts without it when it is missing. Default: false.
    """

    key: str
    name: str | None = None
    optional: bool | None = None


@define
class ObjectFieldSelector:
    """A field of the Pod.

    Attributes:
        field_path: its path, such as ``metadata.name`` or ``metadata.labels['app']``.
        api_version: the version that the path is for. Default: v1.
    """

    field_path: str
    api_version: str | None = None


@define
class ResourceFieldSelector:
    """A resource limit or request of a container.

    Attributes:
        resource: which, such as ``limits.cpu`` or ``requests.memory``.
        container_name: the container; needed in volumes, and by default in variables the one that has the variable.
        divisor: the unit to express the amount in; the result is rounded up. Default: 1.
    """

    resource: str
    container_name: str | None = None
    divisor: QuantityText | None = None


@define
class FileKeySelector:
    """A variable in a file of variables (``NAME=value`` lines) on a volume.

    Attributes:
        key: the variable in the file.
        path: the path of the file in the volume, relative.
        volume_name: the volume; it must be an emptyDir.
        optional: whether the container starts without it when it is missing. Default: false.
    """

    key: str
    path: str
    volume_name: str
    optional: bool | None = None


@define
class ConfigMapEnvSource:
    """A ConfigMap whose keys become variables.

    Attributes:
        name: the name of the ConfigMap.
        optional: whether the container starts without it when it is missing. Default: false.
    """

    name: str | None = None
    optional: bool | None = None


@define
class SecretEnvSource:
    """A Secret whose keys become variables.

    Attributes:
        name: the name of the Secret.
        optional: whether the container starts without it when it is missing. Default: false.
    """

    name: str | None = None
    optional: bool | None = None
