"""The environment of a container: sources, order, references, the downward API."""

from __future__ import annotations

from typing import Any

import pytest
from builders import container, pod

from podkit.kubelet.downward import NodeFacts, format_map
from podkit.kubelet.environment import EnvironmentMaker
from podkit.kubelet.sources import ConfigError, references
from podkit.model import (
    ConfigMap,
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    Container,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    ObjectFieldSelector,
    ObjectMeta,
    Pod,
    ResourceFieldSelector,
    ResourceRequirements,
    Secret,
    SecretEnvSource,
    SecretKeySelector,
)

NODE = NodeFacts("node-1", ("192.0.2.1", "2001:db8::1"), {"cpu": "4", "memory": "8Gi"})


class Sources:
    def __init__(self, *objects: ConfigMap | Secret) -> None:
        self._objects = {(type(obj), obj.metadata.name): obj for obj in objects}

    def config_map(self, namespace: str, name: str) -> Any:
        return self._objects.get((ConfigMap, name))

    def secret(self, namespace: str, name: str) -> Any:
        return self._objects.get((Secret, name))


SETTINGS = ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1", "data-2": "two"})
LOGIN = Secret(metadata=ObjectMeta(name="login"), data={"user": b"root", "a": b"secret"})


def environment(of: Container, web: Pod | None = None, *objects: ConfigMap | Secret) -> dict[str, str]:
    sources = Sources(*(objects or (SETTINGS, LOGIN)))
    return EnvironmentMaker(web or pod(of), ("10.88.0.2", "fd00::2"), NODE, sources, read).make(of)


def read(volume: str, path: str) -> bytes | None:
    """A file of the only volume."""
    return {"a.env": b"A='1'\n", "latin.env": b"A='\xe4'"}.get(path) if volume == "v" else None


def from_source(**source: Any) -> EnvVar:
    return EnvVar(name="X", value_from=EnvVarSource(**source))


def test_values_refer_to_what_was_set_before_them() -> None:
    variables = [
        EnvVar(name="FOO", value="foo-value"),
        EnvVar(name="BAR", value="bar-value"),
        EnvVar(name="FOOBAR", value="$(FOO);;$(BAR)"),
        EnvVar(name="EARLY", value="$(LATE)"),
        EnvVar(name="LATE", value="$$(FOO)"),
    ]
    found = environment(container(env=variables))
    assert found["FOOBAR"] == "foo-value;;bar-value"
    assert found["EARLY"] == "$(LATE)"
    assert found["LATE"] == "$(FOO)"


def test_whole_sources_come_first_the_later_wins_and_single_variables_win_over_all() -> None:
    of = container(
        env_from=[
            EnvFromSource(config_map_ref=ConfigMapEnvSource(name="settings")),
            EnvFromSource(prefix="p-", config_map_ref=ConfigMapEnvSource(name="settings")),
            EnvFromSource(secret_ref=SecretEnvSource(name="login")),
        ],
        env=[EnvVar(name="user", value="me"), EnvVar(name="BOTH", value="$(a)+$(p-data-2)")],
    )
    assert environment(of) == {
        "a": "secret",
        "data-2": "two",
        "p-a": "1",
        "p-data-2": "two",
        "user": "me",
        "BOTH": "secret+two",
    }


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"config_map_key_ref": ConfigMapKeySelector(name="settings", key="a")}, "1"),
        ({"secret_key_ref": SecretKeySelector(name="login", key="user")}, "root"),
        ({"field_ref": ObjectFieldSelector(field_path="metadata.name")}, "web"),
        ({"field_ref": ObjectFieldSelector(field_path="metadata.namespace")}, "default"),
        ({"field_ref": ObjectFieldSelector(field_path="metadata.uid")}, "u-1"),
        ({"field_ref": ObjectFieldSelector(field_path="metadata.labels['app']")}, "shop"),
        ({"field_ref": ObjectFieldSelector(field_path="metadata.annotations['none']")}, ""),
        ({"field_ref": ObjectFieldSelector(field_path="spec.nodeName")}, "node-1"),
        ({"field_ref": ObjectFieldSelector(field_path="status.podIP")}, "10.88.0.2"),
        ({"field_ref": ObjectFieldSelector(field_path="status.podIPs")}, "10.88.0.2,fd00::2"),
        ({"field_ref": ObjectFieldSelector(field_path="status.hostIP")}, "192.0.2.1"),
        ({"resource_field_ref": ResourceFieldSelector(resource="limits.cpu")}, "2"),
        ({"resource_field_ref": ResourceFieldSelector(resource="requests.cpu")}, "1"),
        ({"resource_field_ref": ResourceFieldSelector(resource="requests.cpu", divisor="1m")}, "250"),
        ({"resource_field_ref": ResourceFieldSelector(resource="limits.memory")}, "67108864"),
        ({"resource_field_ref": ResourceFieldSelector(resource="requests.memory", divisor="1Mi")}, "32"),
    ],
)
def test_a_value_comes_from(source: dict[str, Any], value: str) -> None:
    resources = ResourceRequirements(
        limits={"cpu": "1250m", "memory": "64Mi"}, requests={"cpu": "250m", "memory": "32Mi"}
    )
    of = container(env=[from_source(**source)], resources=resources)
    web = pod(of)
    web.metadata.labels = {"app": "shop"}
    assert environment(of, web)["X"] == value


def test_without_a_limit_the_node_is_the_limit() -> None:
    of = container(env=[from_source(resource_field_ref=ResourceFieldSelector(resource="limits.memory"))])
    assert environment(of)["X"] == str(8 * 2**30)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"config_map_key_ref": ConfigMapKeySelector(name="no", key="a")}, 'configmap "no" not found'),
        (
            {"config_map_key_ref": ConfigMapKeySelector(name="settings", key="b")},
            "couldn't find key b in ConfigMap default/settings",
        ),
        ({"secret_key_ref": SecretKeySelector(name="no", key="a")}, 'secret "no" not found'),
    ],
)
def test_what_is_missing_is_an_error_unless_it_is_optional(source: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        environment(container(env=[from_source(**source)]))
    [reference] = source.values()
    reference.optional = True
    assert "X" not in environment(container(env=[from_source(**source)]))


def test_a_missing_source_of_all_variables_is_an_error_unless_it_is_optional() -> None:
    with pytest.raises(ConfigError, match='configmap "no" not found'):
        environment(container(env_from=[EnvFromSource(config_map_ref=ConfigMapEnvSource(name="no"))]))
    optional = EnvFromSource(config_map_ref=ConfigMapEnvSource(name="no", optional=True))
    assert environment(container(env_from=[optional])) == {}


def test_labels_as_text_are_sorted_and_quoted() -> None:
    assert format_map({"b": 'say "hi"', "a": "1\n2"}) == 'a="1\\n2"\nb="say \\"hi\\""'


def test_a_pod_knows_what_it_reads() -> None:
    of = container(
        env=[from_source(secret_key_ref=SecretKeySelector(name="login", key="user"))],
        env_from=[EnvFromSource(config_map_ref=ConfigMapEnvSource(name="settings"))],
    )
    assert references(pod(of)) == {("Secret", "login"), ("ConfigMap", "settings")}
