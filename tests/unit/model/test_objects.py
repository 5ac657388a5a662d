"""How objects behave in Python: their repr, equality and slots, and that every class and field is described."""

from __future__ import annotations

import inspect
import re

import attrs
import pytest

import podkit.model
from podkit.model import (
    ConfigMap,
    Container,
    ContainerPort,
    ObjectMeta,
    Pod,
    PodSpec,
    Secret,
    SecretVolumeSource,
    Volume,
)

CLASSES = sorted(
    (value for value in vars(podkit.model).values() if isinstance(value, type) and attrs.has(value)),
    key=lambda cls: cls.__name__,
)


def test_repr_shows_what_is_set_and_nothing_else() -> None:
    pod = Pod.new("web", containers=[Container("app", image="nginx", ports=[80])])

    assert repr(pod) == (
        "Pod(metadata=ObjectMeta(name='web'), spec=PodSpec(containers=["
        "Container(name='app', image='nginx', ports=[ContainerPort(container_port=80)])]))"
    )
    assert repr(ContainerPort(0, protocol="")) == "ContainerPort(container_port=0, protocol='')"
    assert repr(Volume("v", secret=SecretVolumeSource())) == "Volume(name='v', secret=SecretVolumeSource())"


def test_repr_never_shows_the_values_of_a_secret() -> None:
    secret = Secret.new("s", {"password": "hunter2"})
    secret.string_data["token"] = "hunter3"

    assert repr(secret) == "Secret(metadata=ObjectMeta(name='s'), data={'password': ...}, string_data={'token': ...})"
    assert "hunter" not in f"{secret} {[secret]!r}"


def test_repr_is_python_that_makes_the_object_again() -> None:
    pod = Pod.new(
        "web", containers=[Container("app", env={"A": "b"})], labels={"a": "b"}, volumes=[Volume.from_empty_dir("d")]
    )

    assert eval(repr(pod), vars(podkit.model)) == pod


def test_objects_compare_by_value_and_can_change() -> None:
    one, two = Pod.new("web", containers=[]), Pod.new("web", containers=[])
    assert one == two

    two.spec.host_network = True
    assert one != two
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_a_misspelt_attribute_is_an_error() -> None:
    pod = Pod()

    with pytest.raises(AttributeError):
        pod.spec.restart_polizy = "Never"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        PodSpec(restart_polizy="Never")  # type: ignore[call-arg]


def test_what_every_object_has_is_always_there() -> None:
    assert Pod().metadata == ObjectMeta()
    assert Pod().spec == PodSpec()
    assert Pod().spec.containers == []
    assert Pod().spec.containers is not Pod().spec.containers
    assert ConfigMap().api_version == "v1"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_and_every_field_is_described(cls: type) -> None:
    text = inspect.getdoc(cls) or ""
    described = re.findall(r"^    (\w+): \S", text.partition("Attributes:\n")[2], re.MULTILINE)

    assert not text.startswith(cls.__name__)
    assert described == [attribute.name for attribute in attrs.fields(cls)]
