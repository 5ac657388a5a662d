"""Scaling, rollouts, differences, and deleting whole manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

import podkit
from podkit import (
    Cluster,
    ConfigMap,
    Container,
    ControllerRevision,
    DaemonSet,
    Deployment,
    DeploymentStrategy,
    NotFound,
    ObjectMeta,
    OwnerReference,
    Pod,
    PodkitError,
    ReplicaSet,
    RollingUpdateDeployment,
    Secret,
    StatefulSet,
    ValidationError,
    WaitTimeout,
)
from podkit.cluster.revisions import revisions_of
from podkit.cluster.rollout_status import rollout_status

REVISION = "deployment.kubernetes.io/revision"


def web(script: str = "sleep 100000", *, image: str = "busybox", replicas: int = 2, **options) -> Deployment:
    return Deployment.new(
        "web",
        containers=[Container("main", image=image, command=["sh", "-c", script])],
        replicas=replicas,
        termination_grace_period_seconds=0,
        **options,
    )


def started(cluster: Cluster, **options) -> Deployment:
    deployment = cluster.create(web(**options))
    return cluster.rollout(deployment).wait(timeout=60)


def set_image(cluster: Cluster, image: str) -> Deployment:
    return cluster.patch(
        Deployment, "web", {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}
    )


def set_note(cluster: Cluster, note: str) -> Deployment:
    return cluster.patch(Deployment, "web", {"spec": {"template": {"metadata": {"annotations": {"note": note}}}}})


def running(cluster: Cluster) -> list[Pod]:
    return [pod for pod in cluster.list(Pod) if pod.metadata.deletion_timestamp is None]


# scale


def test_scaling_changes_the_number_of_pods(cluster: Cluster) -> None:
    deployment = started(cluster)
    scaled = cluster.scale(deployment, 3)
    assert scaled.spec.replicas == 3
    cluster.wait(scaled, "status.availableReplicas=3", timeout=60)
    assert len(running(cluster)) == 3
    cluster.scale("deploy", "web", 0)
    cluster.wait(scaled, "status.replicas=0", timeout=60)
    assert cluster.rollout("deploy/web").status().done


def test_what_has_no_replicas_cannot_be_scaled(cluster: Cluster) -> None:
    pod = cluster.create(Pod.new("alone", containers=[Container("main", image="busybox")]))
    with pytest.raises(PodkitError, match="cannot be scaled"):
        cluster.scale(pod, 2)
    started(cluster)
    with pytest.raises(ValidationError):
        cluster.scale("deploy/web", -1)
    with pytest.raises(NotFound):
        cluster.scale("deploy/other", 1)


# rollout


def test_a_rollout_tells_how_far_it_is(cluster: Cluster) -> None:
    rollout = cluster.rollout(cluster.create(web()))
    assert str(rollout.status()) == "Waiting for deployment spec update to be observed..."
    cluster.wait(Deployment, "web", lambda web: web.status.observed_generation == 1, timeout=5)
    assert not rollout.status().done
    done = rollout.wait(timeout=60)
    assert done.status.available_replicas == 2
    assert str(rollout.status()) == 'deployment "web" successfully rolled out'


def test_a_rollout_can_be_taken_back(cluster: Cluster) -> None:
    started(cluster)
    rollout = cluster.rollout(Deployment, "web")
    set_note(cluster, "two")
    rollout.wait(timeout=60)
    set_note(cluster, "three")
    rollout.wait(timeout=60)
    assert [one.revision for one in rollout.history()] == [1, 2, 3]
    assert "pod-template-hash" not in rollout.history()[0].template.metadata.labels
    assert rollout.undo().spec.template.metadata.annotations == {"note": "two"}
    rollout.wait(timeout=60)
    assert rollout.undo(revision=1).spec.template.metadata.annotations == {}
    done = rollout.wait(timeout=60)
    assert done.metadata.annotations[REVISION] == "5"
    assert [one.revision for one in rollout.history()] == [3, 4, 5]
    with pytest.raises(PodkitError, match="no revision 77; there are: 3, 4, 5"):
        rollout.undo(77)


def test_there_may_be_nothing_to_go_back_to(cluster: Cluster) -> None:
    started(cluster)
    with pytest.raises(PodkitError, match="no earlier revision"):
        cluster.rollout("deploy/web").undo()


def test_restarting_replaces_all_pods(cluster: Cluster) -> None:
    started(cluster)
    before = {pod.metadata.uid for pod in running(cluster)}
    rollout = cluster.rollout("deploy/web")
    rollout.restart()
    rollout.wait(timeout=60)
    after = {pod.metadata.uid for pod in running(cluster)}
    assert len(after) == 2
    assert not before & after


def test_a_paused_rollout_waits_until_it_is_resumed(cluster: Cluster) -> None:
    started(cluster)
    rollout = cluster.rollout("deploy/web")
    assert rollout.pause().spec.paused
    set_note(cluster, "two")
    with pytest.raises(WaitTimeout):
        rollout.wait(timeout=5)
    for verb in (rollout.undo, rollout.restart):
        with pytest.raises(PodkitError, match="paused"):
            verb()
    assert not rollout.resume().spec.paused
    rollout.wait(timeout=60)
    assert len(rollout.history()) == 2


def test_a_rollout_to_an_image_that_does_not_exist_is_given_up_and_can_be_taken_back(cluster: Cluster) -> None:
    started(cluster, replicas=3)
    old = {pod.metadata.uid for pod in running(cluster)}
    set_image(cluster, "busybox:no-such-tag")
    rollout = cluster.rollout("deploy/web")
    with pytest.raises(WaitTimeout, match=r"ErrImagePull|ImagePullBackOff") as caught:
        rollout.wait(timeout=300)
    assert caught.value.hopeless
    assert len(old & {pod.metadata.uid for pod in running(cluster)}) == 3
    rollout.undo()
    assert rollout.wait(timeout=60).status.available_replicas == 3
    assert old == {pod.metadata.uid for pod in running(cluster)}


def test_a_rollout_that_makes_no_progress_is_given_up_after_its_deadline(cluster: Cluster) -> None:
    made = web()
    made.spec.progress_deadline_seconds = 30
    cluster.create(made)
    rollout = cluster.rollout("deploy/web")
    rollout.wait(timeout=60)
    probe = {"exec": {"command": ["false"]}}
    container = {"name": "main", "readinessProbe": probe}
    cluster.patch(Deployment, "web", {"spec": {"template": {"spec": {"containers": [container]}}}})
    with pytest.raises(WaitTimeout, match="exceeded its progress deadline") as caught:
        rollout.wait(timeout=300)
    assert caught.value.hopeless
    assert rollout.status().failed


def test_waiting_for_a_deployment_whose_image_does_not_exist_ends_early(cluster: Cluster) -> None:
    cluster.create(web(image="busybox:no-such-tag"))
    with pytest.raises(WaitTimeout) as caught:
        cluster.wait("deploy/web", "Available", timeout=300)
    assert caught.value.hopeless


def test_only_some_kinds_roll(cluster: Cluster) -> None:
    started(cluster)
    (one,) = cluster.list(ReplicaSet)
    with pytest.raises(PodkitError, match="has no rollout"):
        cluster.rollout(one)


def test_the_logs_of_a_deployment_are_those_of_its_pods(cluster: Cluster) -> None:
    started(cluster, script="echo hello; sleep 100000")
    lines = cluster.logs("deploy/web").splitlines()
    assert len(lines) == 2
    assert all(line.startswith("[pod/web-") and line.endswith("hello") for line in lines)


# the other kinds that roll


def stateful(**status) -> StatefulSet:
    made = StatefulSet.new("db", containers=[Container("main", image="busybox")], service_name="db", replicas=2)
    made = podkit.set_defaults(made)
    made.metadata.generation = 1
    made.status.observed_generation = 1
    for name, value in status.items():
        setattr(made.status, name, value)
    return made


def test_a_stateful_set_is_done_when_all_pods_have_the_latest_revision() -> None:
    assert str(rollout_status(stateful())) == "Waiting for 2 pods to be ready..."
    rolling = stateful(ready_replicas=2, updated_replicas=1, current_revision="a", update_revision="b")
    assert not rollout_status(rolling).done
    done = stateful(ready_replicas=2, updated_replicas=2, current_revision="b", update_revision="b", current_replicas=2)
    assert str(rollout_status(done)) == "statefulset rolling update complete 2 pods at revision b..."


def test_a_partitioned_rollout_is_done_above_its_partition() -> None:
    made = stateful(ready_replicas=2, updated_replicas=0, current_revision="a", update_revision="b")
    made.spec.update_strategy.rolling_update.partition = 1
    assert not rollout_status(made).done
    made.status.updated_replicas = 1
    assert rollout_status(made).done


def test_a_daemon_set_is_done_when_all_pods_are_updated_and_available() -> None:
    made = DaemonSet.new("agent", containers=[Container("main", image="busybox")])
    made.metadata.generation = made.status.observed_generation = 1
    made.status.desired_number_scheduled, made.status.updated_number_scheduled = 2, 1
    assert "1 out of 2 new pods have been updated" in str(rollout_status(made))
    made.status.updated_number_scheduled, made.status.number_available = 2, 1
    assert "1 of 2 updated pods are available" in str(rollout_status(made))
    made.status.number_available = 2
    assert rollout_status(made).done


def test_the_revisions_of_other_kinds_are_controller_revisions() -> None:
    store = podkit.MemoryStore()
    made = store.create(stateful())
    owner = OwnerReference("apps/v1", "StatefulSet", "db", made.metadata.uid, controller=True)
    for number, image in ((2, "two"), (1, "one")):
        template = {"$patch": "replace", "spec": {"containers": [{"name": "main", "image": image}]}}
        meta = ObjectMeta(name=f"db-{number}", owner_references=[owner])
        store.create(ControllerRevision(metadata=meta, data={"spec": {"template": template}}, revision=number))
    found = revisions_of(store, made)
    assert [(one.revision, one.template.spec.containers[0].image) for one in found] == [(1, "one"), (2, "two")]


# diff, and deleting manifests


def test_a_difference_shows_what_applying_would_change(cluster: Cluster) -> None:
    made = web()
    added = cluster.diff(made)
    assert added.startswith("--- LIVE/apps/v1.Deployment.default.web\n+++ MERGED/") or "+kind: Deployment" in added
    cluster.apply(made)
    assert cluster.diff(made) == ""
    made.spec.replicas = 5
    changed = cluster.diff(made)
    assert "-  replicas: 2\n+  replicas: 5\n" in changed
    assert "last-applied" not in changed
    assert cluster.get(Deployment, "web").spec.replicas == 2


def test_a_difference_does_not_show_secrets(cluster: Cluster) -> None:
    cluster.apply(Secret(metadata=ObjectMeta(name="s"), string_data={"a": "hidden", "b": "same"}))
    changed = cluster.diff(Secret(metadata=ObjectMeta(name="s"), string_data={"a": "other", "b": "same"}))
    assert changed
    assert not any(podkit_text in changed for podkit_text in ("hidden", "aGlkZGVu", "other", "b3RoZXI"))


MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more, namespace: shop}
"""


@pytest.mark.parametrize("form", ["text", "path", "path as text", "objects"])
def test_a_whole_manifest_can_be_deleted(cluster: Cluster, tmp_path: Path, form: str) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(MANIFEST)
    forms = {"text": MANIFEST, "path": path, "path as text": str(path), "objects": podkit.loads_all(MANIFEST)}
    cluster.apply(path)
    cluster.delete(forms[form])
    assert cluster.list(ConfigMap) == []


def test_what_is_missing_does_not_keep_the_rest_of_a_manifest(cluster: Cluster) -> None:
    cluster.apply(MANIFEST)
    cluster.delete("cm/more", namespace="shop")
    with pytest.raises(NotFound, match="more"):
        cluster.delete(MANIFEST)
    assert cluster.list(ConfigMap) == []


def test_pruning_deletes_a_deployment_with_its_pods(cluster: Cluster) -> None:
    made = web(labels={"app": "web"})
    kept = ConfigMap(metadata=ObjectMeta(name="kept", labels={"app": "web"}))
    cluster.apply([made, kept])
    cluster.rollout("deploy/web").wait(timeout=60)
    cluster.apply([kept], prune="app=web")
    assert cluster.list(Deployment) == []
    cluster.wait(cluster.list(Pod), "deleted", timeout=60)
    assert cluster.list(ReplicaSet) == []


def test_a_deployment_is_described_with_its_strategy_and_numbers(cluster: Cluster) -> None:
    started(cluster, strategy=DeploymentStrategy("RollingUpdate", RollingUpdateDeployment("25%", 0)))
    text = " ".join(cluster.describe("deploy/web").split())
    assert "Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in text
    assert "StrategyType: RollingUpdate" in text
    assert "RollingUpdateStrategy: 0 max unavailable, 25% max surge" in text
    assert "Scaled up replica set" in text
