"""Creating, reading, listing, updating and patching objects."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime

import pytest

from podkit.errors import AlreadyExists, Conflict, DecodeError, NotFound, StoreError, ValidationError
from podkit.loop.clock import VirtualClock
from podkit.model import ConfigMap, Event, Namespace, Node, ObjectMeta, Pod, PodCondition, PodSchedulingGate
from podkit.model.kinds import UnknownKind
from podkit.model.selector import SelectorError
from podkit.store.base import Store

from .objects import config, job, pod


class TestCreate:
    def test_the_server_sets_what_is_the_servers(self, store: Store, clock: VirtualClock) -> None:
        clock.advance(1.5)

        made = store.create(pod())

        meta = made.metadata
        assert (meta.name, meta.namespace, meta.generation) == ("web", "default", 1)
        assert meta.creation_timestamp == clock.now()
        assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", meta.uid or "")
        assert int(meta.resource_version or "") > 0

    def test_defaults_are_filled_in(self, store: Store) -> None:
        made = store.create(pod())

        assert made.spec.restart_policy == "Always"
        assert made.status.phase == "Pending"

    def test_what_is_given_is_not_changed(self, store: Store) -> None:
        given = pod()

        store.create(given)

        assert given == pod()

    def test_what_is_returned_is_the_callers(self, store: Store) -> None:
        made = store.create(pod())

        made.metadata.labels["app"] = "changed"
        made.spec.containers.clear()

        assert store.get(Pod, "web").metadata.labels == {"app": "web"}
        assert len(store.get(Pod, "web").spec.containers) == 1

    def test_what_is_given_stays_the_callers(self, store: Store) -> None:
        given = config(a="1")
        store.create(given)

        given.data["a"] = "2"

        assert store.get(ConfigMap, "settings").data == {"a": "1"}

    def test_a_name_is_made_of_generate_name(self, store: Store) -> None:
        names = set()
        for _ in range(20):
            given = pod(None)
            given.metadata.generate_name = "web-"
            names.add(store.create(given).metadata.name)

        assert len(names) == 20
        assert all(re.fullmatch("web-[bcdfghjklmnpqrstvwxz2456789]{5}", name or "") for name in names)

    def test_a_long_generate_name_is_cut(self, store: Store) -> None:
        given = pod(None)
        given.metadata.labels = {}
        given.metadata.generate_name = "w" * 100

        assert re.fullmatch("w{58}[a-z0-9]{5}", store.create(given).metadata.name or "")

    def test_without_a_name_it_is_refused(self, store: Store) -> None:
        with pytest.raises(ValidationError) as caught:
            store.create(pod(None))

        assert ("metadata.name", "Required") in {(error.path, error.reason) for error in caught.value.errors}

    def test_a_second_one_of_the_name_is_refused(self, store: Store) -> None:
        store.create(pod())

        with pytest.raises(AlreadyExists) as caught:
            store.create(pod())

        assert (caught.value.kind, caught.value.namespace, caught.value.name) == ("Pod", "default", "web")

    def test_the_same_name_in_another_namespace_or_kind_is_another_object(self, store: Store) -> None:
        made = [store.create(obj) for obj in (pod(), pod(namespace="other"), config("web"))]

        assert len({obj.metadata.uid for obj in made}) == 3

    def test_one_that_was_read_from_a_store_is_refused(self, store: Store) -> None:
        made = store.create(pod())
        made.metadata.name = "copy"

        with pytest.raises(ValidationError) as caught:
            store.create(made)

        assert [error.path for error in caught.value.errors] == ["metadata.resourceVersion"]

    def test_an_invalid_object_leaves_nothing_behind(self, store: Store) -> None:
        with pytest.raises(ValidationError):
            store.create(Pod(metadata=ObjectMeta(name="empty", namespace="fresh")))

        assert store.list(Pod) == []
        assert [space.metadata.name for space in store.list(Namespace)] == ["default"]

    def test_a_kind_that_does_not_exist_is_refused(self, store: Store) -> None:
        with pytest.raises(UnknownKind):
            store.get("pud", "web")


class TestNamespaces:
    def test_the_default_one_is_there(self, store: Store) -> None:
        assert store.get(Namespace, "default").status.phase == "Active"

    def test_one_is_made_when_it_is_needed(self, store: Store) -> None:
        store.create(pod(namespace="other"))

        assert store.get(Namespace, "other").status.phase == "Active"

    def test_one_that_is_there_stays(self, store: Store) -> None:
        made = store.create(Namespace(metadata=ObjectMeta(name="other", labels={"team": "a"})))

        store.create(pod(namespace="other"))

        assert store.get(Namespace, "other") == made

    def test_a_node_has_none(self, store: Store) -> None:
        store.create(Node(metadata=ObjectMeta(name="node-1")))

        assert store.get(Node, "node-1", namespace="whatever").metadata.namespace is None
        assert len(store.list(Node, namespace="whatever")) == 1

    def test_a_node_can_have_none(self, store: Store) -> None:
        with pytest.raises(ValidationError) as caught:
            store.create(Node(metadata=ObjectMeta(name="node-1", namespace="other")))

        assert [error.path for error in caught.value.errors] == ["metadata.namespace"]

    def test_one_that_is_being_deleted_takes_nothing_new(self, store: Store) -> None:
        store.create(Namespace(metadata=ObjectMeta(name="other", finalizers=["example.com/hold"])))
        store.delete(Namespace, "other")

        with pytest.raises(ValidationError, match="it is being terminated"):
            store.create(pod(namespace="other"))


class TestGet:
    @pytest.mark.parametrize("kind", [Pod, "Pod", "pod", "pods", "po", "PODS"])
    def test_a_kind_goes_by_any_of_its_names(self, store: Store, kind: type[Pod] | str) -> None:
        made = store.create(pod())

        assert store.get(kind, "web") == made

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        store.create(pod(namespace="other"))

        with pytest.raises(NotFound) as caught:
            store.get(Pod, "web")

        assert (caught.value.kind, caught.value.namespace, caught.value.name) == ("Pod", "default", "web")


class TestList:
    @pytest.fixture(autouse=True)
    def objects(self, store: Store) -> None:
        for namespace, name, tier in (("b", "z", "db"), ("b", "a", "web"), ("a", "m", "web"), ("default", "k", "db")):
            given = pod(name, namespace=namespace)
            given.metadata.labels = {"tier": tier}
            store.create(given)

    @staticmethod
    def names(pods: list[Pod]) -> list[str]:
        return [f"{found.metadata.namespace}/{found.metadata.name}" for found in pods]

    def test_all_are_ordered_by_namespace_and_name(self, store: Store) -> None:
        assert self.names(store.list(Pod)) == ["a/m", "b/a", "b/z", "default/k"]

    def test_of_one_namespace(self, store: Store) -> None:
        assert self.names(store.list(Pod, namespace="b")) == ["b/a", "b/z"]
        assert store.list(Pod, namespace="none") == []

    def test_by_label(self, store: Store) -> None:
        assert self.names(store.list(Pod, labels="tier=web")) == ["a/m", "b/a"]
        assert self.names(store.list(Pod, labels="tier notin (web)", namespace="b")) == ["b/z"]

    def test_by_field(self, store: Store) -> None:
        assert self.names(store.list(Pod, fields="metadata.name!=m,status.phase=Pending")) == [
            "b/a",
            "b/z",
            "default/k",
        ]
        assert self.names(store.list(Pod, fields="metadata.namespace=b", labels="tier=db")) == ["b/z"]

    def test_a_field_that_the_kind_does_not_have_is_refused_also_when_there_is_no_object(self, store: Store) -> None:
        with pytest.raises(SelectorError, match="did you mean 'metadata'"):
            store.list(ConfigMap, fields="metadta.name=x")

    def test_a_selector_that_is_none_is_refused(self, store: Store) -> None:
        with pytest.raises(SelectorError):
            store.list(Pod, labels="tier in web")

    def test_what_is_returned_is_the_callers(self, store: Store) -> None:
        store.list(Pod)[0].metadata.labels.clear()

        assert store.list(Pod)[0].metadata.labels == {"tier": "web"}


class TestUpdate:
    def test_a_change_gets_a_newer_version(self, store: Store) -> None:
        made = store.create(config(a="1"))
        made.data["a"] = "2"

        updated = store.update(made)

        assert updated.data == {"a": "2"}
        assert int(updated.metadata.resource_version or "") > int(made.metadata.resource_version or "")
        assert store.get(ConfigMap, "settings") == updated

    def test_a_stale_version_is_refused(self, store: Store) -> None:
        made = store.create(config(a="1"))
        store.patch(ConfigMap, "settings", {"data": {"a": "2"}})
        made.data["a"] = "3"

        with pytest.raises(Conflict):
            store.update(made)

        assert store.get(ConfigMap, "settings").data == {"a": "2"}

    def test_without_a_version_it_replaces_whatever_is_there(self, store: Store) -> None:
        store.create(config(a="1"))
        store.patch(ConfigMap, "settings", {"data": {"b": "2"}})

        assert store.update(config(c="3")).data == {"c": "3"}

    def test_an_object_created_anew_is_another_one(self, store: Store) -> None:
        made = store.create(config(a="1"))
        store.delete(ConfigMap, "settings")
        store.create(config(a="1"))
        made.metadata.resource_version = None

        with pytest.raises(Conflict):
            store.update(made)

    def test_without_a_change_nothing_happens(self, store: Store) -> None:
        made = store.create(pod())
        watch = store.watch(Pod, since=made.metadata.resource_version)

        assert store.update(made) == made
        assert store.update_status(made) == made
        assert store.patch(Pod, "web", {"metadata": {"labels": {"app": "web"}}}) == made
        assert watch.poll() is None

    def test_identity_cannot_be_changed(self, store: Store) -> None:
        made = store.create(config(a="1"))
        given = config(a="2")
        given.metadata.creation_timestamp = datetime(2000, 1, 1, tzinfo=UTC)

        updated = store.update(given)

        assert updated.metadata.creation_timestamp == made.metadata.creation_timestamp
        assert updated.metadata.uid == made.metadata.uid

    def test_the_status_is_left_alone(self, store: Store) -> None:
        made = store.create(pod())
        made.status.phase = "Running"
        made.metadata.labels["tier"] = "web"

        updated = store.update(made)

        assert (updated.status.phase, updated.metadata.labels["tier"]) == ("Pending", "web")

    def test_a_change_of_the_spec_counts_the_generation_up(self, store: Store) -> None:
        made = store.create(job())
        made.spec.suspend = True

        assert store.update(made).metadata.generation == 2

    def test_what_validation_refuses_is_not_stored(self, store: Store) -> None:
        made = store.create(pod())
        made.spec.containers = []

        with pytest.raises(ValidationError):
            store.update(made)

        assert len(store.get(Pod, "web").spec.containers) == 1

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.update(config())


class TestUpdateStatus:
    def test_only_the_status_is_changed(self, store: Store) -> None:
        made = store.create(job())
        made.status.active = 2
        made.spec.suspend = True

        updated = store.update_status(made)

        assert (updated.status.active, updated.spec.suspend, updated.metadata.generation) == (2, False, 1)

    def test_a_stale_version_is_refused(self, store: Store) -> None:
        made = store.create(job())
        store.patch(type(made), "sums", {"metadata": {"labels": {"a": "b"}}})
        made.status.active = 2

        with pytest.raises(Conflict):
            store.update_status(made)

    def test_a_kind_without_status_is_refused(self, store: Store) -> None:
        with pytest.raises(ValidationError, match="a ConfigMap has no status"):
            store.update_status(store.create(config()))


class TestPatch:
    def test_maps_are_merged_and_none_removes(self, store: Store) -> None:
        store.create(config(a="1", b="2"))

        patched = store.patch(ConfigMap, "settings", {"data": {"a": None, "c": "3"}})

        assert patched.data == {"b": "2", "c": "3"}

    def test_lists_are_merged_by_their_key(self, store: Store) -> None:
        store.create(pod())

        patched = store.patch("po", "web", {"spec": {"containers": [{"name": "app", "image": "nginx:2"}]}})

        assert [(c.name, c.image, c.termination_message_path) for c in patched.spec.containers] == [
            ("app", "nginx:2", "/dev/termination-log")
        ]

    def test_the_status_is_a_subresource(self, store: Store) -> None:
        store.create(pod())
        patch = {"status": {"phase": "Running"}, "metadata": {"labels": {"app": "changed"}}}

        assert store.patch(Pod, "web", patch).status.phase == "Pending"
        assert store.patch(Pod, "web", patch, subresource="status").status.phase == "Running"

    def test_it_is_made_to_what_is_there(self, store: Store) -> None:
        made = store.create(config(a="1"))
        version = {"resourceVersion": made.metadata.resource_version}
        store.patch(ConfigMap, "settings", {"data": {"b": "2"}})

        store.patch(ConfigMap, "settings", {"data": {"c": "3"}})
        with pytest.raises(Conflict):
            store.patch(ConfigMap, "settings", {"metadata": version, "data": {"d": "4"}})

        assert store.get(ConfigMap, "settings").data == {"a": "1", "b": "2", "c": "3"}

    def test_an_unknown_field_is_refused(self, store: Store) -> None:
        store.create(pod())

        with pytest.raises(DecodeError):
            store.patch(Pod, "web", {"spec": {"contaners": []}})

    def test_it_cannot_make_another_object_of_it(self, store: Store) -> None:
        store.create(config())

        with pytest.raises(ValidationError):
            store.patch(ConfigMap, "settings", {"metadata": {"name": "other"}})

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.patch(ConfigMap, "settings", {"data": {}})


class TestBind:
    def test_a_pod_gets_its_node(self, store: Store, clock: VirtualClock) -> None:
        made = store.create(pod())
        clock.advance(5)

        bound = store.bind(made, "node-1")

        assert bound.spec.node_name == "node-1"
        assert bound.status.conditions == [
            PodCondition(type="PodScheduled", status="True", last_transition_time=clock.now())
        ]
        assert bound == store.get(Pod, "web")
        assert bound.metadata.generation == 1

    def test_it_replaces_the_condition_that_said_unschedulable(self, store: Store) -> None:
        made = store.create(pod())
        made.status.conditions = [PodCondition(type="PodScheduled", status="False", reason="Unschedulable")]
        made.status.nominated_node_name = "node-2"
        made = store.update_status(made)

        bound = store.bind(made, "node-1")

        assert [(c.type, c.status, c.reason) for c in bound.status.conditions] == [("PodScheduled", "True", None)]
        assert bound.status.nominated_node_name is None

    def test_a_condition_that_is_true_already_keeps_its_time(self, store: Store, clock: VirtualClock) -> None:
        made = store.create(pod())
        before = clock.now()
        made.status.conditions = [PodCondition(type="PodScheduled", status="True", last_transition_time=before)]
        made = store.update_status(made)
        clock.advance(5)

        bound = store.bind(made, "node-1")

        assert [c.last_transition_time for c in bound.status.conditions] == [before]

    def test_not_before_its_gates_are_open(self, store: Store) -> None:
        made = store.create(pod(scheduling_gates=[PodSchedulingGate(name="example.com/wait")]))

        with pytest.raises(Conflict, match="schedulingGates"):
            store.bind(made, "node-1")

    def test_only_once(self, store: Store) -> None:
        made = store.create(pod())
        store.bind(made, "node-1")

        with pytest.raises(Conflict):
            store.bind(made, "node-2")

        assert store.get(Pod, "web").spec.node_name == "node-1"

    def test_not_another_one_of_its_name(self, store: Store) -> None:
        made = store.create(pod())
        store.delete(Pod, "web")
        store.create(pod())

        with pytest.raises(Conflict):
            store.bind(made, "node-1")

    def test_not_one_that_is_gone_or_going(self, store: Store) -> None:
        made = store.create(pod())
        store.patch(Pod, "web", {"metadata": {"finalizers": ["example.com/hold"]}})
        store.delete(Pod, "web")

        with pytest.raises(Conflict):
            store.bind(made, "node-1")
        store.patch(Pod, "web", {"metadata": {"finalizers": None}})
        with pytest.raises(NotFound):
            store.bind(made, "node-1")


def test_of_many_writers_each_change_counts_once(store: Store) -> None:
    """Optimistic concurrency: eight threads count to 25 each, repeating what has come into conflict."""
    store.create(config(count="0"))
    conflicts = []

    def count() -> None:
        for _ in range(25):
            while True:
                found = store.get(ConfigMap, "settings")
                found.data["count"] = str(int(found.data["count"]) + 1)
                try:
                    store.update(found)
                except Conflict as conflict:
                    conflicts.append(conflict)
                else:
                    break

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get(ConfigMap, "settings").data == {"count": "200"}


def test_a_closed_store_says_so(store: Store) -> None:
    store.create(pod())
    store.close()
    store.close()

    with pytest.raises(StoreError, match="closed"):
        store.get(Pod, "web")
    with pytest.raises(StoreError, match="closed"):
        store.create(pod())
    with pytest.raises(StoreError, match="closed"):
        store.watch(Event)
