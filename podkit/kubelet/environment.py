"""The environment variables of a container.

The kubelet's `makeEnvironmentVariables` (`kubelet_pods.go`): first ``envFrom`` in its order, where a later source wins, then
``env`` in its order, which wins over all. A value may refer to what was set before it, and to the variables of Services, which are
there where nothing else has their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import field, frozen

from podkit.kubelet import env_file
from podkit.kubelet.downward import NodeFacts, field_value, resource_value
from podkit.kubelet.expansion import expand
from podkit.kubelet.sources import ConfigError, Sources, config_map_data, secret_data
from podkit.model import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    Container,
    EnvFromSource,
    EnvVar,
    EphemeralContainer,
    FileKeySelector,
    Pod,
    SecretEnvSource,
    SecretKeySelector,
)


@frozen
class EnvironmentMaker:
    """Makes the environments of the containers of one Pod.

    Attributes:
        pod: the Pod.
        pod_ips: its addresses.
        node: where it runs.
        sources: where ConfigMaps and Secrets come from.
        read: a file of a volume, by the volume's name and the path in it; None if there is none.
        links: the variables of the Services of its namespace.
    """

    pod: Pod
    pod_ips: Sequence[str]
    node: NodeFacts
    sources: Sources
    read: Callable[[str, str], bytes | None]
    links: Mapping[str, str] = field(factory=dict)

    def make(self, container: Container | EphemeralContainer) -> dict[str, str]:
        """The whole environment of a container, beside what its image sets.

        Raises:
            ConfigError: something that it refers to is missing and not optional.
        """
        environment: dict[str, str] = {}
        for source in container.env_from:
            environment.update(self._from_source(source))
        for variable in container.env:
            value = self._value(container, variable, environment)
            if value is not None:
                environment[variable.name] = value
        return {**self.links, **environment}

    def _from_source(self, source: EnvFromSource) -> dict[str, str]:
        prefix = source.prefix or ""
        if (config_map := source.config_map_ref) is not None:
            data = self._config_map(config_map)
        elif (secret := source.secret_ref) is not None:
            data = self._secret(secret)
        else:
            data = {}
        return {prefix + key: _text(value) for key, value in sorted((data or {}).items())}

    def _value(self, container: Container | EphemeralContainer, variable: EnvVar, before: dict[str, str]) -> str | None:
        """The value of a variable; None when it is not to be set at all."""
        source = variable.value_from
        if variable.value or source is None:
            return expand(variable.value or "", {**self.links, **before})
        if source.field_ref is not None:
            return field_value(self.pod, self.pod_ips, self.node, source.field_ref)
        if source.resource_field_ref is not None and isinstance(container, Container):
            return resource_value(self.pod, container, self.node, source.resource_field_ref)
        if source.config_map_key_ref is not None:
            return self._config_map_key(source.config_map_key_ref)
        if source.secret_key_ref is not None:
            return self._secret_key(source.secret_key_ref)
        if source.file_key_ref is not None:
            return self._file_key(source.file_key_ref)
        raise ConfigError(f"environment variable {variable.name} has a source that is not supported")

    def _config_map_key(self, selector: ConfigMapKeySelector) -> str | None:
        data = self._config_map(selector)
        return self._key(data, selector, f"ConfigMap {self.pod.metadata.namespace}/{selector.name}")

    def _secret_key(self, selector: SecretKeySelector) -> str | None:
        data = self._secret(selector)
        return self._key(data, selector, f"Secret {self.pod.metadata.namespace}/{selector.name}")

    def _file_key(self, selector: FileKeySelector) -> str | None:
        content = self.read(selector.volume_name, selector.path)
        where = f"file {selector.path} of volume {selector.volume_name}"
        value = None
        if content is not None:
            try:
                value = env_file.value_of(content.decode(), selector.key)
            except (ConfigError, UnicodeDecodeError) as error:
                raise ConfigError(f"couldn't parse {where}: {error}") from error
        if value is None and not selector.optional:
            missing = "there is no such file" if content is None else f"couldn't find key {selector.key}"
            raise ConfigError(f"{missing}: {where}")
        return value

    def _config_map(self, reference: ConfigMapEnvSource | ConfigMapKeySelector) -> dict[str, bytes] | None:
        namespace = self.pod.metadata.namespace
        return config_map_data(self.sources, namespace, reference.name, optional=reference.optional)

    def _secret(self, reference: SecretEnvSource | SecretKeySelector) -> dict[str, bytes] | None:
        return secret_data(self.sources, self.pod.metadata.namespace, reference.name, optional=reference.optional)

    @staticmethod
    def _key(
        data: dict[str, bytes] | None, selector: ConfigMapKeySelector | SecretKeySelector, owner: str
    ) -> str | None:
        if data is None:
            return None
        if selector.key not in data:
            if selector.optional:
                return None
            raise ConfigError(f"couldn't find key {selector.key} in {owner}")
        return _text(data[selector.key])


def _text(value: bytes) -> str:
    """Bytes as an environment takes them; what is no UTF-8 goes through unchanged."""
    return value.decode(errors="surrogateescape")
