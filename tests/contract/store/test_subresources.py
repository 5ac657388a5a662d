"""Writing one part of an object: its scale, a Pod's resources, its ephemeral containers; and evicting a Pod."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.errors import Conflict, DecodeError, NotFound, PodkitError, ValidationError
from podkit.loop.clock import VirtualClock
from podkit.model import (
    ConfigMap,
    Container,
    Deployment,
    EphemeralContainer,
    Job,
    ObjectMeta,
    Pod,
    PodTemplateSpec,
    ReplicaSet,
    ReplicationController,
    ReplicationControllerSpec,
    ResourceRequirements,
    Scale,
    ScaleSpec,
    StatefulSet,
)
from podkit.store.base import Store

from .objects import config, job, pod

APP = [Container("app", image="nginx")]


def replication_controller() -> ReplicationController:
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=pod().spec)
    spec = ReplicationControllerSpec(replicas=1, selector={"app": "web"}, template=template)
    return ReplicationController(metadata=ObjectMeta(name="web"), spec=spec)


SCALED: list[Any] = [
    Deployment.new("web", containers=APP, replicas=1),
    ReplicaSet.new("web", containers=APP, replicas=1),
    StatefulSet.new("web", containers=APP, replicas=1),
    replication_controller(),
]


class TestScale:
    @pytest.mark.parametrize("obj", SCALED, ids=lambda obj: obj.kind)
    def test_it_is_read_written_and_patched(self, store: Store, obj: Any) -> None:
        made = store.create(obj)

        scale = store.get_scale(type(obj), "web")
        scale.spec.replicas = 2
        written = store.update_scale(type(obj), scale)
        patched = store.patch(obj.kind, "web", {"spec": {"replicas": 4}}, subresource="scale")

        assert (scale.metadata.uid, scale.status.selector) == (made.metadata.uid, "app=web")
        assert [one.spec.replicas for one in (written, patched)] == [2, 4]
        assert isinstance(patched, Scale)
        found = store.get(type(obj), "web")
        assert (found.spec.replicas, found.metadata.generation) == (4, 3)
        assert found.metadata.resource_version == patched.metadata.resource_version

    def test_an_update_of_the_scale_changes_nothing_else(self, store: Store) -> None:
        made = store.create(Deployment.new("web", containers=APP))
        made.spec.replicas, made.spec.paused = 5, True

        updated = store.update(made, subresource="scale")

        assert (updated.spec.replicas, updated.spec.paused) == (5, None)

    def test_the_number_of_pods_that_there_are_is_told(self, store: Store) -> None:
        made = store.create(Deployment.new("web", containers=APP))
        made.status.replicas = 3
        store.update_status(made)

        assert store.get_scale(Deployment, "web").status.replicas == 3

    def test_a_stale_one_is_refused(self, store: Store) -> None:
        store.create(Deployment.new("web", containers=APP))
        scale = store.get_scale(Deployment, "web")
        store.patch(Deployment, "web", {"metadata": {"labels": {"a": "b"}}})

        with pytest.raises(Conflict):
            store.update_scale(Deployment, scale)

    def test_less_than_none_is_refused(self, store: Store) -> None:
        store.create(Deployment.new("web", containers=APP))
        given = Scale(metadata=ObjectMeta(name="web"), spec=ScaleSpec(replicas=-1))

        with pytest.raises(ValidationError, match=r"spec\.replicas"):
            store.update_scale(Deployment, given)

    def test_a_patch_of_something_else_is_refused(self, store: Store) -> None:
        store.create(Deployment.new("web", containers=APP))

        with pytest.raises(DecodeError):
            store.patch(Deployment, "web", {"spec": {"paused": True}}, subresource="scale")

    def test_a_kind_without_one_is_refused(self, store: Store) -> None:
        store.create(job())

        with pytest.raises(ValidationError, match="a Job has no scale"):
            store.get_scale(Job, "sums")


class TestPodParts:
    def test_an_ephemeral_container_is_added(self, store: Store) -> None:
        made = store.create(pod())
        made.spec.ephemeral_containers.append(EphemeralContainer("debugger", image="busybox"))
        made.spec.hostname = "other"

        updated = store.update(made, subresource="ephemeralcontainers")

        assert [one.name for one in updated.spec.ephemeral_containers] == ["debugger"]
        assert (updated.spec.hostname, updated.metadata.generation) == (None, 2)

    def test_so_it_is_by_a_patch(self, store: Store) -> None:
        store.create(pod())
        patch = {"spec": {"ephemeralContainers": [{"name": "debugger", "image": "busybox"}]}}

        with pytest.raises(ValidationError):
            store.patch(Pod, "web", patch)
        patched = store.patch(Pod, "web", patch, subresource="ephemeralcontainers")

        assert [one.name for one in patched.spec.ephemeral_containers] == ["debugger"]

    def test_a_container_is_resized(self, store: Store) -> None:
        given = pod()
        given.spec.containers[0].resources = ResourceRequirements(requests={"cpu": "100m"})
        store.create(given)
        patch = {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "200m"}}}]}}

        with pytest.raises(ValidationError):
            store.patch(Pod, "web", patch)
        patched = store.patch(Pod, "web", patch, subresource="resize")

        assert patched.spec.containers[0].resources.requests == {"cpu": "200m"}
        assert patched.metadata.generation == 2

    def test_only_pods_have_them(self, store: Store) -> None:
        store.create(config())

        with pytest.raises(ValidationError, match="a ConfigMap has no resize"):
            store.patch(ConfigMap, "settings", {}, subresource="resize")

    def test_one_that_does_not_exist_is_refused(self, store: Store) -> None:
        store.create(pod())

        with pytest.raises(PodkitError, match="no subresource 'logs'"):
            store.patch(Pod, "web", {}, subresource="logs")  # type: ignore[arg-type]  # this is the mistake


class TestEvict:
    def test_a_pod_says_so_and_is_deleted(self, store: Store, clock: VirtualClock) -> None:
        made = store.bind(store.create(pod()), "node-1")
        clock.advance(5)

        store.evict("web", grace_period=7)

        found = store.get(Pod, "web")
        told = [(c.type, c.status, c.reason) for c in found.status.conditions if c.last_transition_time == clock.now()]
        assert told == [("DisruptionTarget", "True", "EvictionByEvictionAPI")]
        assert found.metadata.deletion_grace_period_seconds == 7
        assert found.metadata.uid == made.metadata.uid

    def test_whoever_watches_sees_the_condition_of_one_that_goes_at_once(self, store: Store) -> None:
        made = store.create(pod())
        watch = store.watch(Pod, since=made.metadata.resource_version)

        store.evict("web")

        events = list(iter(watch.poll, None))
        assert [event.type for event in events] == ["MODIFIED", "DELETED"]
        assert [c.type for c in events[-1].object.status.conditions] == ["DisruptionTarget"]

    def test_not_another_one_of_its_name(self, store: Store) -> None:
        store.create(pod())

        with pytest.raises(Conflict):
            store.evict("web", uid="another")
        with pytest.raises(NotFound):
            store.evict("other")
        assert store.get(Pod, "web").status.conditions == []
