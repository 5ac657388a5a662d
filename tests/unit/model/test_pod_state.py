"""What is asked of Pods and of any object's owners and conditions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from podkit import Container, EphemeralContainer, ObjectMeta, OwnerReference, Pod, PodCondition
from podkit.model.conditions import is_true
from podkit.model.owners import controller_of
from podkit.model.pod_containers import all_containers, find_container, is_sidecar
from podkit.model.pod_state import is_active, is_ready, is_terminal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(phase: str = "Running", *, ending: bool = False, ready: str | None = None) -> Pod:
    made = Pod.new("web", containers=[Container("main")])
    made.status.phase = phase
    made.metadata.deletion_timestamp = NOW if ending else None
    made.status.conditions = [] if ready is None else [PodCondition(type="Ready", status=ready)]
    return made


@pytest.mark.parametrize(
    ("phase", "terminal"), [("Pending", False), ("Running", False), ("Succeeded", True), ("Failed", True)]
)
def test_a_pod_that_has_ended_is_terminal_and_not_active(phase: str, terminal: bool) -> None:
    assert is_terminal(pod(phase)) is terminal
    assert is_active(pod(phase)) is not terminal


def test_a_pod_that_is_being_deleted_is_not_active_and_not_terminal() -> None:
    assert not is_active(pod(ending=True))
    assert not is_terminal(pod(ending=True))


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False), ("Unknown", False), (None, False)])
def test_a_pod_is_ready_when_its_condition_is_true(status: str | None, ready: bool) -> None:
    assert is_ready(pod(ready=status)) is ready


def test_a_condition_of_another_type_does_not_count() -> None:
    assert not is_true([PodCondition(type="Initialized", status="True")], "Ready")


def test_containers_come_in_the_order_in_which_they_are_started() -> None:
    found = pod()
    found.spec.init_containers = [Container("first"), Container("beside", restart_policy="Always")]
    found.spec.ephemeral_containers = [EphemeralContainer(name="tools")]
    assert [one.name for one in all_containers(found.spec)] == ["first", "beside", "main", "tools"]
    assert find_container(found.spec, "tools") is found.spec.ephemeral_containers[0]
    assert [is_sidecar(one) for one in found.spec.init_containers] == [False, True]


def test_of_several_owners_one_is_the_controller() -> None:
    owners = [
        OwnerReference(api_version="v1", kind="ConfigMap", name="a", uid="1"),
        OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="b", uid="2", controller=True),
    ]
    assert controller_of(Pod(metadata=ObjectMeta(name="web", owner_references=owners))) is owners[1]
    assert controller_of(Pod(metadata=ObjectMeta(name="web", owner_references=owners[:1]))) is None
