"""Deployments roll from one ReplicaSet to the next."""

from __future__ import annotations

import pytest

from podkit.controllers import DeploymentController, GarbageCollector
from podkit.controllers.controller_ref import controller_of
from podkit.controllers.deployment.numbers import fenceposts
from podkit.controllers.deployment.replica_sets import HASH, new_replica_set
from podkit.controllers.hashing import fnv32a, safe_encode
from podkit.errors import ValidationError
from podkit.model.deployment import Deployment, DeploymentStrategy
from podkit.model.replicaset import ReplicaSet, ReplicaSetCondition
from tests.unit.controllers.workloads import Rollouts, deployment, replica_set, template

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"


@pytest.fixture
def world() -> Rollouts:
    return Rollouts()


def started(world: Rollouts, **spec) -> Deployment:
    world.store.create(deployment(**spec))
    world.settle()
    world.run_all()
    return world.web()


def finish(world: Rollouts) -> None:
    """Let the rollout come to its end."""
    for _ in range(50):
        world.run_all()
        world.stop_deleted()


def test_a_deployment_gets_a_replica_set_named_after_its_template(world: Rollouts) -> None:
    world.store.create(deployment(3))
    world.settle()
    (one,) = world.store.list(ReplicaSet)
    label = one.metadata.labels[HASH]
    assert one.metadata.name == f"web-{label}"
    assert one.spec.selector.match_labels == {"app": "web", HASH: label}
    assert one.spec.template.metadata.labels == {"app": "web", HASH: label}
    assert controller_of(one).name == "web"
    assert one.metadata.annotations[REVISION] == world.web().metadata.annotations[REVISION] == "1"
    assert one.metadata.annotations["deployment.kubernetes.io/desired-replicas"] == "3"
    assert one.metadata.annotations["deployment.kubernetes.io/max-replicas"] == "4"
    assert world.reason("Progressing") == ("True", "ReplicaSetUpdated")
    assert world.reason("Available") == ("False", "MinimumReplicasUnavailable")


def test_it_is_complete_once_all_pods_are_available(world: Rollouts) -> None:
    status = started(world, replicas=3).status
    assert (status.replicas, status.updated_replicas, status.available_replicas) == (3, 3, 3)
    assert (status.ready_replicas, status.unavailable_replicas, status.observed_generation) == (3, 0, 1)
    assert world.reason("Progressing") == ("True", "NewReplicaSetAvailable")
    assert world.reason("Available") == ("True", "MinimumReplicasAvailable")


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "expected"),
    [
        (0, "0%", 2, (0, 1)),
        ("0%", "1%", 1, (0, 1)),
        ("1%", 0, 2, (1, 0)),
        (0, "50%", 2, (0, 1)),
        ("50%", 0, 2, (1, 0)),
        ("50%", "50%", 3, (2, 1)),
        ("25%", "25%", 10, (3, 2)),
        ("0%", "25%", 1, (0, 1)),
        ("34%", "34%", 1, (1, 0)),
        (1, 1, 1, (1, 1)),
    ],
)
def test_surge_is_rounded_up_and_unavailability_down(surge, unavailable, replicas, expected) -> None:
    assert fenceposts(surge, unavailable, replicas) == expected


def test_a_rolling_update_moves_pods_step_by_step(world: Rollouts) -> None:
    started(world, replicas=4, surge=1, unavailable=1)
    world.set_image("v2")
    assert world.sizes() == {"v1": 3, "v2": 2}
    steps = []
    while world.sizes()["v1"]:
        world.run(world.active_of("v2")[-1])
        steps.append(tuple(world.sizes().values()))
        assert len(world.active()) <= 5
        assert len(world.ready()) >= 3
    finish(world)
    assert world.sizes() == {"v1": 0, "v2": 4}
    assert world.reason("Progressing") == ("True", "NewReplicaSetAvailable")
    assert world.web().metadata.annotations[REVISION] == "2"


def test_going_back_finds_the_former_replica_set_and_keeps_its_history(world: Rollouts) -> None:
    started(world)
    names = {image: one.metadata.name for image, one in world.sets().items()}
    world.set_image("v2")
    finish(world)
    world.set_image("v1")
    finish(world)
    one = world.sets()["v1"]
    assert one.metadata.name == names["v1"]
    assert one.metadata.annotations[REVISION] == "3"
    assert one.metadata.annotations[HISTORY] == "1"
    assert world.sizes() == {"v1": 4, "v2": 0}


def test_a_rollout_that_does_not_work_leaves_the_old_pods_and_says_so_after_its_deadline(world: Rollouts) -> None:
    started(world, replicas=4, surge=1, unavailable=1, progress_deadline_seconds=60)
    world.set_image("bad")
    world.advance(50)
    assert world.reason("Progressing") == ("True", "ReplicaSetUpdated")
    world.advance(15)
    assert world.reason("Progressing") == ("False", "ProgressDeadlineExceeded")
    assert world.reason("Available") == ("True", "MinimumReplicasAvailable")
    assert len(world.ready()) == 3
    world.set_image("v1")
    finish(world)
    assert world.sizes() == {"v1": 4, "bad": 0}
    assert world.reason("Progressing") == ("True", "NewReplicaSetAvailable")


def test_while_it_is_paused_nothing_rolls_but_it_scales(world: Rollouts) -> None:
    started(world, replicas=4)
    world.patch(paused=True)
    assert world.reason("Progressing") == ("Unknown", "DeploymentPaused")
    world.set_image("v2")
    assert world.sizes() == {"v1": 4}
    world.patch(replicas=6)
    assert world.sizes() == {"v1": 6}
    world.patch(paused=False)
    assert "v2" in world.sizes()
    finish(world)
    assert world.sizes() == {"v1": 0, "v2": 6}


def test_one_that_is_paused_from_the_beginning_makes_nothing_until_it_is_resumed(world: Rollouts) -> None:
    world.store.create(deployment(2, paused=True))
    world.settle()
    assert world.sizes() == {}
    assert world.web().status.observed_generation == 1
    world.patch(paused=False)
    assert world.sizes() == {"v1": 2}


def test_resuming_restarts_the_clock_of_the_deadline(world: Rollouts) -> None:
    started(world, progress_deadline_seconds=60)
    world.set_image("bad")
    world.advance(50)
    world.patch(paused=True)
    world.advance(600)
    assert world.reason("Progressing") == ("Unknown", "DeploymentPaused")
    world.patch(paused=False)
    world.advance(55)
    assert world.reason("Progressing")[1] == "DeploymentResumed"
    world.advance(10)
    assert world.reason("Progressing") == ("False", "ProgressDeadlineExceeded")


def test_a_template_that_overtakes_a_rollout_shrinks_all_older_ones(world: Rollouts) -> None:
    started(world, replicas=4, surge=1, unavailable=0)
    world.set_image("bad")
    world.set_image("v3")
    finish(world)
    assert world.sizes() == {"v1": 0, "bad": 0, "v3": 4}
    assert world.web().metadata.annotations[REVISION] == "3"


def test_only_as_many_old_revisions_are_kept_as_wanted(world: Rollouts) -> None:
    started(world, revision_history_limit=1)
    for image in ("v2", "v3", "v4"):
        world.set_image(image)
        finish(world)
    assert set(world.sizes()) == {"v3", "v4"}


def test_a_matching_replica_set_is_adopted_as_an_older_revision(world: Rollouts) -> None:
    older = replica_set("older", replicas=4)
    older.metadata.labels, older.metadata.annotations = {"app": "web"}, {REVISION: "41"}
    older.spec.template = template("older")
    world.store.create(older)
    world.settle()
    world.run_all()
    world.store.create(deployment(4))
    world.settle()
    finish(world)
    assert controller_of(world.sets()["older"]).name == "web"
    assert world.sizes() == {"older": 0, "v1": 4}
    assert world.web().metadata.annotations[REVISION] == "42"


def test_scaling_in_the_midst_of_a_rollout_keeps_the_proportions(world: Rollouts) -> None:
    started(world, replicas=10, surge=3, unavailable=2)
    world.set_image("bad")
    world.run_all(but="bad")
    assert world.sizes() == {"v1": 8, "bad": 5}
    world.patch(replicas=30)
    assert world.sizes() == {"v1": 20, "bad": 13}
    world.run_all(but="bad")
    world.patch(replicas=10)
    assert world.sizes() == {"v1": 8, "bad": 5}


def test_what_an_orphaned_deployment_leaves_runs_on(world: Rollouts) -> None:
    started(world, replicas=2)
    world.loops.append(GarbageCollector(world.store, clock=world.clock))
    world.settle()
    world.store.delete(Deployment, "web", propagation="Orphan")
    world.advance(60)
    assert world.store.list(Deployment) == []
    (one,) = world.store.list(ReplicaSet)
    assert controller_of(one) is None
    assert len(world.ready()) == 2
    world.store.create(deployment(2))
    world.settle()
    assert controller_of(world.store.list(ReplicaSet)[0]).name == "web"
    assert len(world.pods()) == 2


def test_without_a_progress_deadline_there_is_no_progress_to_tell(world: Rollouts) -> None:
    started(world, progress_deadline_seconds=2**31 - 1)
    assert [condition.type for condition in world.web().status.conditions] == ["Available"]


def test_new_pods_count_only_after_min_ready_seconds(world: Rollouts) -> None:
    started(world, replicas=2, surge=1, unavailable=0, min_ready_seconds=10)
    world.advance(10)
    world.set_image("v2")
    world.run_all()
    assert world.sizes() == {"v1": 2, "v2": 1}
    world.advance(10)
    assert world.sizes() == {"v1": 1, "v2": 2}


def test_changing_only_the_scale_is_no_rollout(world: Rollouts) -> None:
    started(world, replicas=2)
    world.patch(replicas=5)
    assert len(world.store.list(ReplicaSet)) == 1
    world.run_all()
    assert world.web().status.available_replicas == 5
    assert world.web().metadata.annotations[REVISION] == "1"


def test_a_replica_set_that_somebody_has_scaled_is_scaled_back(world: Rollouts) -> None:
    started(world, replicas=2)
    world.store.patch(ReplicaSet, world.sets()["v1"].metadata.name, {"spec": {"replicas": 7}})
    world.settle()
    assert world.sizes() == {"v1": 2}


def test_a_name_that_is_taken_is_evaded(world: Rollouts) -> None:
    wanted = deployment(replicas=2)
    foreign = replica_set(new_replica_set(world.store.create(wanted)).metadata.name, replicas=0)
    foreign.spec.selector.match_labels = {"app": "other"}
    foreign.spec.template.metadata.labels = {"app": "other"}
    world.store.create(foreign)
    world.advance(1)
    assert world.web().status.collision_count == 1
    assert len(world.store.list(ReplicaSet)) == 2
    assert len(world.active()) == 2


def test_recreate_waits_until_the_last_old_pod_has_ended(world: Rollouts) -> None:
    started(world, replicas=2, strategy=DeploymentStrategy("Recreate"))
    world.set_image("v2")
    assert world.sizes() == {"v1": 0}
    assert world.active() == []
    world.stop_deleted()
    assert world.sizes() == {"v1": 0, "v2": 2}
    world.run_all()
    assert world.reason("Progressing") == ("True", "NewReplicaSetAvailable")


def test_a_failure_to_make_pods_is_told_by_the_deployment_too(world: Rollouts) -> None:
    started(world, replicas=1)
    one = world.sets()["v1"]
    one.status.conditions = [ReplicaSetCondition("ReplicaFailure", "True", reason="FailedCreate", message="no quota")]
    world.loops = world.loops[:1]
    world.store.update_status(one)
    world.settle()
    assert world.reason("ReplicaFailure") == ("True", "FailedCreate")


def test_annotations_are_passed_on_but_not_those_of_kubectl(world: Rollouts) -> None:
    started(world)
    world.store.patch(
        Deployment,
        "web",
        {
            "metadata": {
                "annotations": {
                    "kubernetes.io/change-cause": "because",
                    "kubectl.kubernetes.io/last-applied-configuration": "{}",
                }
            }
        },
    )
    world.settle()
    notes = world.sets()["v1"].metadata.annotations
    assert notes["kubernetes.io/change-cause"] == "because"
    assert "kubectl.kubernetes.io/last-applied-configuration" not in notes


def test_the_selector_cannot_be_changed(world: Rollouts) -> None:
    web = started(world)
    web.spec.selector.match_labels["tier"] = web.spec.template.metadata.labels["tier"] = "front"
    with pytest.raises(ValidationError, match="immutable"):
        world.store.update(web)


def test_two_deployments_with_overlapping_selectors_keep_their_own(world: Rollouts) -> None:
    one, two = deployment(2), deployment(2)
    two.metadata.name = "other"
    two.spec.template = template("v9")
    world.store.create(one)
    world.settle()
    world.store.create(two)
    world.settle()
    owners = sorted((controller_of(found).name, found.spec.replicas) for found in world.store.list(ReplicaSet))
    assert owners == [("other", 2), ("web", 2)]


def test_a_new_controller_continues_a_rollout(world: Rollouts) -> None:
    started(world)
    world.set_image("v2")
    world.loops = [DeploymentController(world.store, clock=world.clock), world.loops[1]]
    finish(world)
    assert world.sizes() == {"v1": 0, "v2": 4}


def test_the_hash_is_fnv_1a_and_its_letters_make_no_words() -> None:
    assert fnv32a(b"") == 2166136261
    assert fnv32a(b"foobar") == 0xBF9CF968
    assert safe_encode("0123456789") == "456789bcdf"
