"""StatefulSets keep Pods with an identity, one after the other."""

from __future__ import annotations

import pytest

from podkit.controllers.controller_ref import controller_of
from podkit.errors import NotFound
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodSpec
from podkit.model.statefulset import (
    ControllerRevision,
    StatefulSet,
    StatefulSetOrdinals,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetUpdateStrategy,
)
from podkit.model.volume import EmptyDirVolumeSource, Volume
from tests.unit.controllers.sets import Sets, claim_template, stateful_set
from tests.unit.controllers.workloads import image_of, template

HASH = "controller-revision-hash"


@pytest.fixture
def world() -> Sets:
    return Sets()


# identity


def test_a_pod_has_a_name_with_its_number_and_labels_that_say_so(world: Sets) -> None:
    made = world.started(stateful_set(2))
    first, second = world.pod(0), world.pod(1)
    assert second.metadata.labels == {
        "app": "web",
        "statefulset.kubernetes.io/pod-name": "web-1",
        "apps.kubernetes.io/pod-index": "1",
        HASH: made.status.current_revision,
    }
    assert (first.spec.hostname, first.spec.subdomain) == ("web-0", "web")
    assert controller_of(first).uid == made.metadata.uid
    messages = sorted(event.message for event in world.events("SuccessfulCreate"))
    assert messages == [f"create Pod web-{number} in StatefulSet web successful" for number in (0, 1)]


def test_numbers_begin_where_the_set_says(world: Sets) -> None:
    world.started(stateful_set(2, ordinals=StatefulSetOrdinals(start=5)))
    assert world.names() == ["web-5", "web-6"]
    world.patch(ordinals={"start": 6})
    world.finish()
    assert world.names() == ["web-6", "web-7"]


def test_lost_labels_of_the_identity_come_back(world: Sets) -> None:
    world.started(stateful_set(1))
    gone = {"statefulset.kubernetes.io/pod-name": None, "apps.kubernetes.io/pod-index": None}
    world.store.patch(Pod, "web-0", {"metadata": {"labels": gone}})
    world.settle()
    labels = world.pod(0).metadata.labels
    assert (labels["statefulset.kubernetes.io/pod-name"], labels["apps.kubernetes.io/pod-index"]) == ("web-0", "0")


# coming and going in order


def test_each_pod_waits_until_the_one_before_it_is_ready(world: Sets) -> None:
    world.store.create(stateful_set(3))
    world.settle()
    assert world.names() == ["web-0"]
    world.run(world.pod(0))
    assert world.names() == ["web-0", "web-1"]
    world.unready(0)
    world.run(world.pod(1))
    assert world.names() == ["web-0", "web-1"]
    world.run(world.pod(0))
    assert world.names() == ["web-0", "web-1", "web-2"]


def test_each_pod_waits_until_the_one_before_it_is_available(world: Sets) -> None:
    world.store.create(stateful_set(2, min_ready_seconds=10))
    world.settle()
    world.run(world.pod(0))
    assert (world.web().status.ready_replicas, world.web().status.available_replicas) == (1, 0)
    world.advance(9)
    assert world.names() == ["web-0"]
    world.advance(1)
    assert world.names() == ["web-0", "web-1"]
    assert world.web().status.available_replicas == 1


def test_pods_go_from_the_highest_number_down_one_at_a_time(world: Sets) -> None:
    world.started(stateful_set(3))
    world.patch(replicas=0)
    for left in (2, 1, 0):
        going = [pod.metadata.name for pod in world.pods() if pod.metadata.deletion_timestamp]
        assert going == [f"web-{left}"]
        world.stop_deleted()
    assert world.names() == []
    assert sorted(event.message for event in world.events("SuccessfulDelete")) == [
        f"delete Pod web-{number} in StatefulSet web successful" for number in (0, 1, 2)
    ]


def test_scaling_down_waits_while_a_pod_is_unready(world: Sets) -> None:
    world.started(stateful_set(3))
    world.unready(0)
    world.patch(replicas=1)
    assert world.active_names() == ["web-0", "web-1", "web-2"]
    world.run(world.pod(0))
    assert world.active_names() == ["web-0", "web-1"]


def test_of_those_that_are_too_many_the_first_unready_one_does_not_wait_for_itself(world: Sets) -> None:
    world.started(stateful_set(3))
    world.unready(2)
    world.patch(replicas=1)
    assert world.active_names() == ["web-0", "web-1"]


def test_parallel_pods_come_and_go_all_at_once(world: Sets) -> None:
    world.store.create(stateful_set(3, pod_management_policy="Parallel"))
    world.settle()
    assert world.names() == ["web-0", "web-1", "web-2"]
    world.patch(replicas=1)
    assert world.active_names() == ["web-0"]


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_has_ended_is_replaced_by_one_of_the_same_name(world: Sets, phase: str) -> None:
    world.started(stateful_set(2))
    before = world.pod(0).metadata.uid
    world.end([world.pod(0)], phase, 1)
    world.stop_deleted()
    assert world.pod(0).metadata.uid != before
    assert world.pod(0).status.phase == "Pending"


def test_a_pod_that_is_being_stopped_is_not_replaced_before_it_is_gone(world: Sets) -> None:
    world.started(stateful_set(2, pod_management_policy="Parallel"))
    before = world.pod(1)
    world.store.delete(Pod, "web-1")
    world.settle()
    assert world.pod(1).metadata.uid == before.metadata.uid
    world.stop_deleted()
    assert world.pod(1).metadata.uid != before.metadata.uid


def test_a_strange_pod_of_that_name_is_in_the_way_and_an_event_says_so(world: Sets) -> None:
    world.store.create(Pod(metadata=ObjectMeta(name="web-0"), spec=PodSpec(containers=[Container("c", image="i")])))
    world.store.create(stateful_set(1))
    world.settle()
    (event,) = world.events("FailedCreate")
    assert event.message.startswith("create Pod web-0 in StatefulSet web failed error: ")
    world.store.delete(Pod, "web-0", grace_period=0)
    world.advance(1000)
    assert controller_of(world.pod(0)).name == "web"


def test_a_pod_without_controller_is_adopted_if_it_is_named_as_one_of_the_set(world: Sets) -> None:
    for name in ("web-0", "stranger"):
        made = template()
        made.metadata.name = name
        world.store.create(Pod(metadata=made.metadata, spec=made.spec))
    world.store.create(stateful_set(1))
    world.settle()
    assert controller_of(world.pod(0)).name == "web"
    assert controller_of(world.store.get(Pod, "stranger")) is None


def test_a_set_that_is_being_deleted_makes_no_pods(world: Sets) -> None:
    world.started(stateful_set(2))
    world.store.delete(StatefulSet, "web", propagation="Foreground")
    world.settle()
    world.stop_deleted()
    assert world.names() == []
    with pytest.raises(NotFound):
        world.web()


# claims


def test_each_pod_has_claims_of_its_own_which_stay(world: Sets) -> None:
    made = stateful_set(2, volume_claim_templates=[claim_template()])
    made.spec.template.spec.volumes = [Volume("data", empty_dir=EmptyDirVolumeSource()), Volume("tmp")]
    made.spec.template.spec.volumes[1].empty_dir = EmptyDirVolumeSource()
    world.started(made)
    assert world.claims() == ["data-web-0", "data-web-1"]
    assert world.claim("data-web-0").metadata.labels == {"app": "web"}
    volumes = {volume.name: volume for volume in world.pod(1).spec.volumes}
    assert volumes["data"].persistent_volume_claim.claim_name == "data-web-1"
    assert volumes["data"].empty_dir is None
    assert "tmp" in volumes
    message = "create Claim data-web-0 Pod web-0 in StatefulSet web success"
    assert message in [event.message for event in world.events("SuccessfulCreate")]
    world.patch(replicas=0)
    world.finish()
    world.store.delete(StatefulSet, "web")
    world.settle()
    assert world.claims() == ["data-web-0", "data-web-1"]


def test_a_claim_that_has_gone_is_made_again_while_its_pod_waits_for_it(world: Sets) -> None:
    world.store.create(stateful_set(1, volume_claim_templates=[claim_template()]))
    world.settle()
    world.store.delete("pvc", "data-web-0")
    world.settle()
    assert world.claims() == ["data-web-0"]


def retention(deleted: str, scaled: str) -> StatefulSetPersistentVolumeClaimRetentionPolicy:
    return StatefulSetPersistentVolumeClaimRetentionPolicy(deleted, scaled)


def test_claims_go_with_pods_that_are_too_many_if_the_set_says_so(world: Sets) -> None:
    policy = retention("Retain", "Delete")
    made = stateful_set(3, volume_claim_templates=[claim_template()], persistent_volume_claim_retention_policy=policy)
    world.started(made)
    assert world.claim("data-web-0").metadata.owner_references == []
    world.patch(replicas=1)
    world.finish()
    assert world.claims() == ["data-web-0"]
    world.store.delete(StatefulSet, "web")
    world.settle()
    assert world.claims() == ["data-web-0"]


def test_claims_go_with_the_set_if_it_says_so_even_later(world: Sets) -> None:
    made = stateful_set(2, volume_claim_templates=[claim_template()])
    world.started(made)
    world.patch(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete", "whenScaled": "Retain"})
    assert [owner.name for owner in world.claim("data-web-1").metadata.owner_references] == ["web"]
    world.patch(replicas=1)
    world.finish()
    assert world.claims() == ["data-web-0", "data-web-1"]
    world.store.delete(StatefulSet, "web")
    world.settle()
    world.stop_deleted()
    assert world.claims() == []


def test_a_new_pod_waits_until_the_claim_of_the_former_one_is_gone(world: Sets) -> None:
    policy = retention("Retain", "Delete")
    made = stateful_set(2, volume_claim_templates=[claim_template()], persistent_volume_claim_retention_policy=policy)
    world.started(made)
    claim = world.claim("data-web-1")
    world.store.patch("pvc", "data-web-1", {"metadata": {"finalizers": ["example.com/keep"]}})
    world.patch(replicas=1)
    world.stop_deleted()
    world.patch(replicas=2)
    assert world.names() == ["web-0"]
    world.store.patch("pvc", "data-web-1", {"metadata": {"$patch": "merge", "finalizers": None}})
    world.settle()
    assert world.names() == ["web-0", "web-1"]
    assert world.claim("data-web-1").metadata.uid != claim.metadata.uid


# rolling


def test_an_update_goes_from_the_highest_number_down_and_waits_for_each(world: Sets) -> None:
    first = world.started(stateful_set(3)).status
    world.set_image("v2")
    status = world.web().status
    assert status.current_revision == first.current_revision != status.update_revision
    world.stop_deleted()
    assert world.images() == ["v1", "v1", "v2"]
    status = world.web().status
    assert (status.current_replicas, status.updated_replicas, status.ready_replicas) == (2, 1, 2)
    world.stop_deleted()
    assert world.images() == ["v1", "v1", "v2"]
    world.run(world.pod(2))
    world.stop_deleted()
    assert world.images() == ["v1", "v2", "v2"]
    world.finish()
    status = world.web().status
    assert world.images() == ["v2", "v2", "v2"]
    assert status.current_revision == status.update_revision
    assert (status.current_replicas, status.updated_replicas, status.available_replicas) == (3, 3, 3)
    assert world.pod(0).metadata.labels[HASH] == status.update_revision


def test_going_back_finds_the_former_revision_and_numbers_it_anew(world: Sets) -> None:
    first = world.started(stateful_set(1)).status.update_revision
    world.set_image("v2")
    world.finish()
    assert [one.revision for one in world.revisions()] == [1, 2]
    world.set_image("v1")
    world.finish()
    assert world.web().status.update_revision == first
    assert [(one.metadata.name == first, one.revision) for one in world.revisions()] == [(False, 2), (True, 3)]
    assert world.images() == ["v1"]


def test_pods_below_the_partition_keep_their_revision_even_when_they_are_replaced(world: Sets) -> None:
    world.started(stateful_set(3, partition=2))
    world.set_image("v2")
    world.finish()
    assert world.images() == ["v1", "v1", "v2"]
    world.store.delete(Pod, "web-0", grace_period=0)
    world.store.delete(Pod, "web-2", grace_period=0)
    world.settle()
    world.finish()
    assert world.images() == ["v1", "v1", "v2"]
    status = world.web().status
    assert (status.current_replicas, status.updated_replicas) == (2, 1)
    world.patch(updateStrategy={"rollingUpdate": {"partition": 0}})
    world.finish()
    assert world.images() == ["v2", "v2", "v2"]


def test_several_pods_may_be_replaced_at_a_time(world: Sets) -> None:
    world.started(stateful_set(5, unavailable="50%"))
    world.set_image("v2")
    assert world.active_names() == ["web-0", "web-1", "web-2"]
    world.finish()
    assert world.images() == ["v2"] * 5


def test_with_on_delete_only_deleted_pods_get_the_new_template(world: Sets) -> None:
    world.started(stateful_set(2, update_strategy=StatefulSetUpdateStrategy("OnDelete")))
    world.set_image("v2")
    world.finish()
    assert world.images() == ["v1", "v1"]
    world.store.delete(Pod, "web-0", grace_period=0)
    world.settle()
    world.finish()
    assert world.images() == ["v2", "v1"]


def test_a_template_that_does_not_work_stops_at_one_pod(world: Sets) -> None:
    """In order, going back then needs somebody to delete that Pod; in parallel it does not, as in Kubernetes."""
    world.started(stateful_set(3))
    world.set_image("bad")
    world.stop_deleted()
    world.set_image("v1")
    world.stop_deleted()
    assert world.images() == ["v1", "v1", "bad"]
    world.store.delete(Pod, "web-2", grace_period=0)
    world.settle()
    world.finish()
    assert world.images() == ["v1", "v1", "v1"]


def test_in_parallel_a_pod_that_does_not_work_is_replaced_on_the_way_back(world: Sets) -> None:
    world.started(stateful_set(3, pod_management_policy="Parallel"))
    world.set_image("bad")
    world.stop_deleted()
    world.set_image("v1")
    world.stop_deleted()
    assert world.images() == ["v1", "v1", "v1"]


def test_several_pods_that_do_not_work_do_not_hold_up_an_update_with_a_limit(world: Sets) -> None:
    world.store.create(stateful_set(3, unavailable=1, pod_management_policy="Parallel"))
    world.set_image("v2")
    world.finish()
    assert world.images() == ["v2", "v2", "v2"]


# revisions


def test_a_revision_remembers_the_template_and_what_the_set_says_of_it(world: Sets) -> None:
    made = stateful_set(1)
    made.metadata.annotations["kubernetes.io/change-cause"] = "first"
    world.started(made)
    (one,) = world.revisions()
    assert one.revision == 1
    assert controller_of(one).name == "web"
    assert one.metadata.annotations["kubernetes.io/change-cause"] == "first"
    assert one.metadata.labels["app"] == "web"
    assert one.metadata.name == f"web-{one.metadata.labels['controller.kubernetes.io/hash']}"
    assert one.data["spec"]["template"]["$patch"] == "replace"
    assert one.data["spec"]["template"]["spec"]["containers"][0]["image"] == "v1"


def test_old_revisions_beyond_the_limit_are_forgotten_unless_pods_have_them(world: Sets) -> None:
    world.started(stateful_set(2, partition=1, revision_history_limit=1))
    for image in ("v2", "v3", "v4", "v5"):
        world.set_image(image)
        world.finish()
    assert world.images() == ["v1", "v5"]
    assert [one.revision for one in world.revisions()] == [1, 4, 5]


def test_a_name_that_is_taken_by_something_else_is_evaded(world: Sets) -> None:
    world.started(stateful_set(1))
    (one,) = world.revisions()
    world.store.delete(StatefulSet, "web")
    world.settle()
    world.stop_deleted()
    meta = ObjectMeta(name=one.metadata.name)
    world.store.create(ControllerRevision(metadata=meta, data={"other": "thing"}, revision=7))
    status = world.started(stateful_set(1)).status
    assert status.update_revision != one.metadata.name
    assert status.collision_count == 1
    assert image_of(world.pod(0)) == "v1"


def test_a_pod_that_the_node_does_not_take_is_made_anew_with_a_pause(world: Sets) -> None:
    world.store.create(stateful_set(1))
    world.settle()
    uids = [world.pod(0).metadata.uid]
    for _ in range(100):
        pod = world.pod(0)
        pod.status.phase = "Failed"
        world.store.update_status(pod)
        world.advance(1)
        if world.pod(0).metadata.uid != uids[-1]:
            uids.append(world.pod(0).metadata.uid)
    assert 8 < len(uids) < 20
