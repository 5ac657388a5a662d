"""How many Pods an object keeps, whatever its kind calls them."""

from __future__ import annotations

from podkit import (
    ConfigMap,
    DaemonSet,
    DaemonSetStatus,
    Deployment,
    DeploymentStatus,
    Job,
    ReplicaSet,
    ReplicaSetStatus,
    StatefulSet,
)
from podkit.cluster.replicas import Replicas, replicas_of


def test_a_deployment_counts_new_and_old() -> None:
    web = Deployment.new("web", containers=[], replicas=3)
    web.status = DeploymentStatus(replicas=4, updated_replicas=2, ready_replicas=3, available_replicas=1)
    assert replicas_of(web) == Replicas(wanted=3, present=4, updated=2, ready=3, available=1)


def test_a_daemon_set_counts_nodes() -> None:
    agent = DaemonSet.new("agent", containers=[])
    agent.status = DaemonSetStatus(
        desired_number_scheduled=3,
        current_number_scheduled=2,
        number_misscheduled=0,
        updated_number_scheduled=1,
        number_ready=2,
        number_available=1,
    )
    assert replicas_of(agent) == Replicas(wanted=3, present=2, updated=1, ready=2, available=1)


def test_all_pods_of_what_does_not_roll_are_as_new_as_they_get() -> None:
    web = ReplicaSet.new("web", containers=[], replicas=2)
    web.status = ReplicaSetStatus(replicas=2, ready_replicas=1)
    assert replicas_of(web) == Replicas(wanted=2, present=2, updated=2, ready=1, available=0)


def test_one_is_wanted_where_nothing_is_said() -> None:
    found = replicas_of(StatefulSet())
    assert found is not None
    assert found.wanted == 1


def test_what_keeps_no_pods_has_none() -> None:
    assert replicas_of(ConfigMap.new("settings", {})) is None
    assert replicas_of(Job.new("work", containers=[])) is None
