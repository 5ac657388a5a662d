"""Pods in a line, word for word as ``kubectl get pods`` has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podkit.cluster.columns import tables
from podkit.cluster.object_list import ObjectList
from podkit.cluster.pod_columns import PodSummary, pod_line, summarize
from podkit.model import (
    ConfigMap,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    ObjectMeta,
    Pod,
    PodCondition,
    Service,
    ServicePort,
)
from podkit.model.container import Container
from podkit.model.service import ServiceSpec

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = ContainerState(running=ContainerStateRunning(NOW))


def ended(code: int, reason: str | None = None, signal: int | None = None) -> ContainerState:
    return ContainerState(
        terminated=ContainerStateTerminated(code, signal, reason, finished_at=NOW - timedelta(seconds=30))
    )


def waiting(reason: str) -> ContainerState:
    return ContainerState(waiting=ContainerStateWaiting(reason))


def pod(
    *states: tuple[ContainerState, bool],
    phase: str = "Running",
    init: tuple[ContainerState, ...] = (),
    restarts: int = 0,
) -> Pod:
    names = [f"c{number}" for number in range(len(states))]
    found = Pod.new("web", containers=[Container(name) for name in names])
    found.spec.init_containers = [Container(f"i{number}") for number in range(len(init))]
    found.status.phase = phase
    found.status.container_statuses = [
        ContainerStatus(name, ready, restarts, "", "", state=state)
        for name, (state, ready) in zip(names, states, strict=True)
    ]
    found.status.init_container_statuses = [
        ContainerStatus(f"i{number}", False, 0, "", "", state=state) for number, state in enumerate(init)
    ]
    return found


@pytest.mark.parametrize(
    ("made", "status", "ready"),
    [
        (pod((RUNNING, True)), "Running", "1/1"),
        (pod((RUNNING, False)), "Running", "0/1"),
        (pod((waiting("ContainerCreating"), False), phase="Pending"), "ContainerCreating", "0/1"),
        (pod((waiting("CrashLoopBackOff"), False), (RUNNING, True)), "CrashLoopBackOff", "1/2"),
        (pod((ended(0, "Completed"), False), phase="Succeeded"), "Completed", "0/1"),
        (pod((ended(1, "Error"), False), phase="Failed"), "Error", "0/1"),
        (pod((ended(137, signal=9), False), phase="Failed"), "Signal:9", "0/1"),
        (pod((ended(4), False), phase="Failed"), "ExitCode:4", "0/1"),
        (pod((ended(0, "Completed"), False), (RUNNING, True)), "NotReady", "1/2"),
        (pod((waiting("PodInitializing"), False), phase="Pending", init=(RUNNING, RUNNING)), "Init:0/2", "0/1"),
        (pod((waiting("PodInitializing"), False), phase="Pending", init=(ended(0), RUNNING)), "Init:1/2", "0/1"),
        (pod((waiting("PodInitializing"), False), phase="Pending", init=(ended(2, "Error"),)), "Init:Error", "0/1"),
        (
            pod((waiting("PodInitializing"), False), phase="Pending", init=(waiting("CrashLoopBackOff"),)),
            "Init:CrashLoopBackOff",
            "0/1",
        ),
    ],
)
def test_a_pod_says_in_a_word_what_it_does(made: Pod, status: str, ready: str) -> None:
    found = summarize(made)
    assert (found.status, f"{found.ready}/{found.total}") == (status, ready)


def test_a_pod_that_is_being_deleted_is_terminating() -> None:
    leaving = pod((RUNNING, True))
    leaving.metadata.deletion_timestamp = NOW
    assert summarize(leaving).status == "Terminating"


def test_a_pod_that_is_held_back_says_so() -> None:
    held = pod(phase="Pending")
    held.status.conditions = [PodCondition("PodScheduled", "False", reason="SchedulingGated")]
    assert summarize(held).status == "SchedulingGated"


def test_an_evicted_pod_says_why() -> None:
    gone = pod(phase="Failed")
    gone.status.reason = "Evicted"
    assert summarize(gone).status == "Evicted"


def test_sidecars_count_among_the_containers() -> None:
    made = pod((RUNNING, True), init=(RUNNING,))
    made.spec.init_containers[0].restart_policy = "Always"
    made.status.init_container_statuses[0].started = True
    made.status.init_container_statuses[0].ready = True
    assert summarize(made) == PodSummary(2, 2, "Running", 0, None)


def test_restarts_say_when_the_last_one_was() -> None:
    made = pod((RUNNING, True), restarts=3)
    made.status.container_statuses[0].last_state = ended(1, "Error")
    assert pod_line(made, NOW)[3] == "3 (30s ago)"


def test_ports_of_a_service() -> None:
    ports = [ServicePort(80, node_port=30080), ServicePort(53, protocol="UDP")]
    spec = ServiceSpec(type="NodePort", cluster_ip="10.0.0.7", ports=ports)
    service = Service(metadata=ObjectMeta(name="web", creation_timestamp=NOW), spec=spec)
    [table] = tables([service], NOW)
    assert table.lines == [["web", "NodePort", "10.0.0.7", "<none>", "80:30080/TCP,53/UDP", "0s"]]


def test_a_list_is_printed_as_kubectl_prints_it() -> None:
    settings = [ConfigMap.new(name, {"a": "1"}) for name in ("settings", "x")]
    for one in settings:
        one.metadata.creation_timestamp = NOW - timedelta(seconds=5)

    assert str(ObjectList(settings, now=NOW)) == "NAME       DATA   AGE\nsettings   1      5s\nx          1      5s"
    assert str(ObjectList()) == "No resources found"
    assert ObjectList(settings) == settings
