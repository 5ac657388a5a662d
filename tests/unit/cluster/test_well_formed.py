"""What is not an object of the model all through is refused, with the field."""

from __future__ import annotations

from typing import Any

import pytest

from podkit import Cluster, ConfigMap, Container, Pod, Secret, ValidationError
from podkit.cluster.well_formed import require_object
from podkit.model.meta import KubernetesObject


def pod(**fields: Any) -> Pod:
    return Pod.new("web", containers=[Container("main", **{"image": "busybox", **fields})])


@pytest.mark.parametrize("thing", ["web.yaml", {"kind": "Pod"}, [pod()], None, Container("main", image="busybox")])
def test_only_an_object_can_be_created(cluster: Cluster, thing: Any) -> None:
    with pytest.raises(
        TypeError, match=rf"create\(\) takes one object, such as a Pod, and not an? {type(thing).__name__}; apply"
    ):
        cluster.create(thing)


def mistaken() -> Pod:
    found = pod()
    found.spec.containers = [found]  # type: ignore[list-item]  # this is the mistake
    return found


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (pod(command="sleep 5"), "spec.containers[0].command: must be a list, not a str"),
        (pod(image=5), "spec.containers[0].image: must be a string, not an int"),
        (pod(ports=["80"]), "spec.containers[0].ports[0]: must be a ContainerPort, not a str"),
        (pod(env={"A": 1}), "spec.containers[0].env[0].value: must be a string, not an int"),
        (ConfigMap.new("web", {"a": 1}), "data[a]: must be a string, not an int"),  # type: ignore[dict-item]
        (Secret.new("web", {"a": 1}), "data[a]: must be bytes (or a text, in Secret.new()), not an int"),  # type: ignore[dict-item]
        (Secret(data={"a": "hunter2"}), "data[a]: must be bytes (or a text, in Secret.new()), not a str"),  # type: ignore[dict-item]
        (pod(tty="yes"), "spec.containers[0].tty: must be a boolean, not a str"),
        (mistaken(), "spec.containers[0]: must be a Container, not a Pod"),
        (Pod.new("web", containers="busybox"), "spec.containers[0]: must be a Container, not a str"),  # type: ignore[arg-type]
        (Pod.new("web", containers=[], labels={"a": 1}), "metadata.labels[a]: must be a string, not an int"),  # type: ignore[dict-item]
        (
            Pod.new("web", containers=[], active_deadline_seconds=True),
            "spec.activeDeadlineSeconds: must be an integer, not a bool",
        ),
    ],
)
def test_a_value_of_another_type_is_named(cluster: Cluster, obj: KubernetesObject, message: str) -> None:
    with pytest.raises(ValidationError) as problem:
        cluster.create(obj)
    assert message in str(problem.value)
    assert problem.value.errors[0].reason == "TypeInvalid"
    assert cluster.list(Pod) == []


def test_what_is_right_passes() -> None:
    require_object(pod(command=["sleep", "5"], ports=[80], env={"A": "b"}), "create")
    require_object(ConfigMap.new("settings", {"a": "b", "c": b"\xff"}), "create")


def test_an_address_is_no_engine() -> None:
    with pytest.raises(TypeError, match=r"such as PodmanRuntime\('unix:///podman.sock'\), and not a str"):
        Cluster("unix:///podman.sock")  # type: ignore[arg-type]  # this is the mistake


def test_the_value_of_a_secret_is_not_in_the_error(cluster: Cluster) -> None:
    with pytest.raises(ValidationError) as problem:
        cluster.create(Secret(data={"a": "hunter2"}))  # type: ignore[dict-item]
    assert "hunter2" not in repr(problem.value.errors)


def test_a_container_that_is_no_list_is_named() -> None:
    with pytest.raises(TypeError, match=r"containers is a list, also if there is only one"):
        Pod.new("web", containers=Container("main", image="busybox"))  # type: ignore[arg-type]
