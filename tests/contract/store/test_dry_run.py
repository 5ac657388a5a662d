"""Everything but the writing."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from podkit.errors import AlreadyExists, Conflict, NotFound, ValidationError
from podkit.loop.clock import VirtualClock
from podkit.model import ConfigMap, Deployment, Namespace, Pod, PodTemplate, Scale, ScaleSpec
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.store.base import Store
from podkit.store.memory import MemoryStore

from .objects import config, pod


class TestDryRun:
    def test_a_new_object_is_returned_as_it_would_be_stored(self, store: Store) -> None:
        tried = store.create(pod(namespace="fresh"), dry_run=True)

        assert (tried.spec.restart_policy, tried.status.phase) == ("Always", "Pending")
        assert store.list(Pod) == []
        assert [space.metadata.name for space in store.list(Namespace)] == ["default"]

    def test_what_would_be_refused_is_refused(self, store: Store) -> None:
        store.create(pod())
        broken = pod("broken")
        broken.spec.containers = []

        with pytest.raises(AlreadyExists):
            store.create(pod(), dry_run=True)
        with pytest.raises(ValidationError):
            store.create(broken, dry_run=True)
        with pytest.raises(NotFound):
            store.delete(Pod, "other", dry_run=True)
        with pytest.raises(Conflict):
            store.delete(Pod, "web", uid="another", dry_run=True)

    def test_nothing_is_changed_and_nobody_is_told(self, store: Store) -> None:
        made = store.create(pod())
        scaled = store.create(Deployment.new("web", containers=[Container("app", image="nginx")]))
        watches = [store.watch(kind, since=scaled.metadata.resource_version) for kind in (Pod, Deployment)]
        image = {"spec": {"containers": [{"name": "app", "image": "nginx:2"}]}}
        changed = store.get(Pod, "web")
        changed.metadata.labels["tier"] = "front"
        changed.status.phase = "Running"

        tried: list[Any] = [
            store.patch(Pod, "web", image, dry_run=True),
            store.update(changed, dry_run=True),
            store.update_status(changed, dry_run=True),
            store.update_scale(Deployment, Scale(metadata=ObjectMeta(name="web"), spec=ScaleSpec(3)), dry_run=True),
        ]
        store.delete(Pod, "web", dry_run=True)
        store.evict("web", dry_run=True)
        store.delete_collection(Pod, dry_run=True)

        assert tried[0].spec.containers[0].image == "nginx:2"
        assert tried[1].metadata.labels["tier"] == "front"
        assert (tried[2].status.phase, tried[3].spec.replicas) == ("Running", 3)
        assert store.get(Pod, "web") == made
        assert [watch.poll() for watch in watches] == [None, None]


class TestDeleteCollection:
    @pytest.fixture(autouse=True)
    def objects(self, store: Store) -> None:
        for namespace, name, tier in (("a", "x", "db"), ("a", "y", "web"), ("b", "z", "db")):
            given = PodTemplate(metadata=ObjectMeta(name=name, namespace=namespace, labels={"tier": tier}))
            given.template.spec = pod().spec
            store.create(given)

    @staticmethod
    def left(store: Store) -> list[str | None]:
        return [found.metadata.name for found in store.list(PodTemplate)]

    def test_by_label(self, store: Store) -> None:
        gone = store.delete_collection(PodTemplate, labels="tier=db")

        assert [found.metadata.name for found in gone] == ["x", "z"]
        assert self.left(store) == ["y"]

    def test_of_one_namespace(self, store: Store) -> None:
        store.delete_collection("podtemplates", namespace="a")

        assert self.left(store) == ["z"]

    def test_by_field(self, store: Store) -> None:
        store.delete_collection(PodTemplate, fields="metadata.name=y")

        assert self.left(store) == ["x", "z"]

    def test_what_has_finalizers_stays_until_they_are_gone(self, store: Store) -> None:
        store.patch(PodTemplate, "x", {"metadata": {"finalizers": ["example.com/hold"]}}, namespace="a")

        store.delete_collection(PodTemplate)

        assert self.left(store) == ["x"]


class Pressed(VirtualClock):
    """A clock that presses Ctrl-C when it is looked at, which every write does."""

    def now(self) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return super().now()


def test_a_write_is_done_as_a_whole_also_when_ctrl_c_is_pressed() -> None:
    clock = VirtualClock()
    store = MemoryStore(clock)
    watch = store.watch(ConfigMap)
    store._clock = Pressed()

    with pytest.raises(KeyboardInterrupt):
        store.create(config(a="1"))

    event = watch.poll()
    assert event is not None
    assert store.get(ConfigMap, "settings") == event.object
    store.close()
