"""Deleting objects: at once, gracefully, and once their finalizers are gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from podkit.errors import Conflict, NotFound, ValidationError
from podkit.loop.clock import VirtualClock
from podkit.loop.watch import ChangeType
from podkit.model import ConfigMap, Job, Namespace, ObjectMeta, Pod
from podkit.store.base import Propagation, Store

from .objects import config, job, pod


def is_there(store: Store, kind: type, name: str) -> bool:
    try:
        store.get(kind, name)
    except NotFound:
        return False
    return True


def bound_pod(store: Store) -> Pod:
    return store.bind(store.create(pod()), "node-1")


class TestAtOnce:
    def test_what_has_no_reason_to_stay_is_gone(self, store: Store) -> None:
        store.create(config())

        store.delete(ConfigMap, "settings")

        assert not is_there(store, ConfigMap, "settings")

    def test_a_pod_that_runs_nowhere_is_gone(self, store: Store) -> None:
        store.create(pod())

        store.delete(Pod, "web")

        assert not is_there(store, Pod, "web")

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_a_pod_that_has_finished_is_gone(self, store: Store, phase: str) -> None:
        made = bound_pod(store)
        made.status.phase = phase
        store.update_status(made)

        store.delete(Pod, "web", grace_period=20)

        assert not is_there(store, Pod, "web")

    def test_grace_period_0_means_now(self, store: Store) -> None:
        bound_pod(store)

        store.delete(Pod, "web", grace_period=0)

        assert not is_there(store, Pod, "web")

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.delete(Pod, "web")

    def test_only_the_one_that_is_meant(self, store: Store) -> None:
        made = store.create(config())

        with pytest.raises(Conflict):
            store.delete(ConfigMap, "settings", uid="another")
        store.delete(ConfigMap, "settings", uid=made.metadata.uid)

        assert not is_there(store, ConfigMap, "settings")

    def test_the_name_is_free_again(self, store: Store) -> None:
        first = store.create(config())
        store.delete(ConfigMap, "settings")

        assert store.create(config()).metadata.uid != first.metadata.uid


class TestGracePeriod:
    def test_a_running_pod_is_marked(self, store: Store, clock: VirtualClock) -> None:
        made = bound_pod(store)

        store.delete(Pod, "web")

        found = store.get(Pod, "web").metadata
        assert found.deletion_grace_period_seconds == 30
        assert found.deletion_timestamp == clock.now() + timedelta(seconds=30)
        assert found.generation == (made.metadata.generation or 0) + 1

    def test_the_kubelet_ends_it(self, store: Store) -> None:
        made = bound_pod(store)
        store.delete(Pod, "web")

        store.delete(Pod, "web", grace_period=0, uid=made.metadata.uid)

        assert not is_there(store, Pod, "web")

    def test_the_request_overrules_the_pod(self, store: Store) -> None:
        bound_pod(store)

        store.delete(Pod, "web", grace_period=300)

        assert store.get(Pod, "web").metadata.deletion_grace_period_seconds == 300

    def test_it_can_be_shortened(self, store: Store, clock: VirtualClock) -> None:
        bound_pod(store)
        store.delete(Pod, "web")
        requested = clock.now()
        clock.advance(4)

        store.delete(Pod, "web", grace_period=10)

        found = store.get(Pod, "web").metadata
        assert found.deletion_grace_period_seconds == 10
        assert found.deletion_timestamp == requested + timedelta(seconds=10)
        assert found.generation == 2

    @pytest.mark.parametrize("grace_period", [None, 30, 60])
    def test_it_cannot_be_prolonged(self, store: Store, clock: VirtualClock, grace_period: int | None) -> None:
        bound_pod(store)
        store.delete(Pod, "web")
        marked = store.get(Pod, "web")
        clock.advance(4)

        store.delete(Pod, "web", grace_period=grace_period)

        assert store.get(Pod, "web") == marked

    def test_less_than_0_means_1(self, store: Store) -> None:
        bound_pod(store)

        store.delete(Pod, "web", grace_period=-5)

        assert store.get(Pod, "web").metadata.deletion_grace_period_seconds == 1

    def test_only_pods_have_one(self, store: Store) -> None:
        store.create(config())

        store.delete(ConfigMap, "settings", grace_period=30)

        assert not is_there(store, ConfigMap, "settings")

    def test_an_update_cannot_take_the_mark_away(self, store: Store) -> None:
        bound_pod(store)
        store.delete(Pod, "web")
        found = store.get(Pod, "web")
        marked = found.metadata.deletion_timestamp
        found.metadata.deletion_timestamp = None
        found.metadata.deletion_grace_period_seconds = None
        found.metadata.labels["tier"] = "web"

        updated = store.update(found)

        assert (updated.metadata.deletion_timestamp, updated.metadata.deletion_grace_period_seconds) == (marked, 30)

    def test_a_status_update_does_not_end_it(self, store: Store) -> None:
        bound_pod(store)
        store.delete(Pod, "web")
        found = store.get(Pod, "web")
        found.status.phase = "Succeeded"

        store.update_status(found)

        assert is_there(store, Pod, "web")


class TestFinalizers:
    def held(self, store: Store, *finalizers: str) -> ConfigMap:
        given = config()
        given.metadata.finalizers = list(finalizers)
        return store.create(given)

    def test_they_hold_an_object(self, store: Store, clock: VirtualClock) -> None:
        self.held(store, "example.com/a")

        store.delete(ConfigMap, "settings")

        found = store.get(ConfigMap, "settings").metadata
        assert (found.deletion_timestamp, found.deletion_grace_period_seconds) == (clock.now(), 0)

    def test_asking_again_changes_nothing(self, store: Store, clock: VirtualClock) -> None:
        self.held(store, "example.com/a")
        store.delete(ConfigMap, "settings")
        marked = store.get(ConfigMap, "settings")
        clock.advance(5)

        store.delete(ConfigMap, "settings")

        assert store.get(ConfigMap, "settings") == marked

    def test_the_last_one_that_goes_takes_it_along(self, store: Store) -> None:
        self.held(store, "example.com/a", "example.com/b")
        store.delete(ConfigMap, "settings")
        watch = store.watch(ConfigMap, since=store.get(ConfigMap, "settings").metadata.resource_version)

        remove_a = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
        left = store.patch(ConfigMap, "settings", remove_a)
        assert left.metadata.finalizers == ["example.com/b"]
        left.metadata.finalizers = []
        store.update(left)

        assert not is_there(store, ConfigMap, "settings")
        told = [watch.poll() for _ in range(2)]
        assert [event.type for event in told if event] == [ChangeType.MODIFIED, ChangeType.DELETED]
        assert watch.poll() is None

    def test_before_a_deletion_they_are_just_there(self, store: Store) -> None:
        made = self.held(store, "example.com/a")
        made.metadata.finalizers = []

        store.update(made)

        assert is_there(store, ConfigMap, "settings")

    def test_a_pod_has_to_end_first(self, store: Store) -> None:
        given = pod()
        given.metadata.finalizers = ["example.com/a"]
        store.bind(store.create(given), "node-1")
        store.delete(Pod, "web")

        store.patch(Pod, "web", {"metadata": {"finalizers": None}})
        assert is_there(store, Pod, "web")
        store.delete(Pod, "web", grace_period=0)

        assert not is_there(store, Pod, "web")

    def test_a_pod_that_has_ended_waits_for_them(self, store: Store) -> None:
        given = pod()
        given.metadata.finalizers = ["example.com/a"]
        store.bind(store.create(given), "node-1")
        store.delete(Pod, "web")

        store.delete(Pod, "web", grace_period=0)
        assert store.get(Pod, "web").metadata.deletion_grace_period_seconds == 0
        store.patch(Pod, "web", {"metadata": {"finalizers": None}})

        assert not is_there(store, Pod, "web")


class TestPropagation:
    @pytest.mark.parametrize(
        ("propagation", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])]
    )
    def test_the_garbage_collector_is_told_by_a_finalizer(
        self, store: Store, propagation: Propagation, finalizers: list[str]
    ) -> None:
        store.create(job())

        store.delete(Job, "sums", propagation=propagation)

        found = store.get(Job, "sums").metadata
        assert found.finalizers == finalizers
        assert found.deletion_timestamp is not None

    def test_another_wish_replaces_the_first(self, store: Store) -> None:
        store.create(job())
        store.delete(Job, "sums", propagation="Foreground")

        store.delete(Job, "sums", propagation="Orphan")

        assert store.get(Job, "sums").metadata.finalizers == ["orphan"]

    def test_in_the_background_nothing_holds_it(self, store: Store) -> None:
        store.create(job())

        store.delete(Job, "sums")

        assert not is_there(store, Job, "sums")

    def test_a_kubelet_that_ends_a_pod_leaves_it_to_the_garbage_collector(self, store: Store) -> None:
        bound_pod(store)
        store.delete(Pod, "web", propagation="Foreground")

        store.delete(Pod, "web", grace_period=0)

        assert store.get(Pod, "web").metadata.finalizers == ["foregroundDeletion"]

    def test_a_word_that_is_none_is_refused(self, store: Store) -> None:
        store.create(job())

        with pytest.raises(ValueError, match="Sideways"):
            store.delete(Job, "sums", propagation="Sideways")  # type: ignore[arg-type]

        assert is_there(store, Job, "sums")


class TestNamespaces:
    def test_one_is_emptied_first(self, store: Store) -> None:
        store.create(pod(namespace="other"))

        store.delete(Namespace, "other")

        found = store.get(Namespace, "other")
        assert found.status.phase == "Terminating"
        assert found.metadata.deletion_timestamp is not None

    def test_whoever_has_emptied_it_lets_it_go(self, store: Store) -> None:
        store.create(Namespace(metadata=ObjectMeta(name="other")))
        store.delete(Namespace, "other")
        found = store.get(Namespace, "other")
        found.spec.finalizers = []

        store.update(found)

        assert not is_there(store, Namespace, "other")

    def test_the_default_one_stays(self, store: Store) -> None:
        with pytest.raises(ValidationError, match="this namespace may not be deleted"):
            store.delete(Namespace, "default")
