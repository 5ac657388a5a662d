"""Whatever is done to a store, whoever only watches it knows the same as whoever lists it.

Hypothesis makes up the sequences: objects are created, changed, deleted, their finalizers taken away; watches are opened, with
selectors and from earlier versions, and read now and then. A view that has been read to its end must equal the list.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from podkit.errors import AlreadyExists, Conflict, Expired, NotFound
from podkit.loop.clock import VirtualClock
from podkit.loop.informer import Informer
from podkit.loop.watch import ChangeType, Watch
from podkit.model import ConfigMap, ObjectMeta
from podkit.store.memory import MemoryStore

names = st.sampled_from(["a", "b", "c"])
spaces = st.sampled_from(["default", "other"])
tiers = st.sampled_from(["web", "db"])


class View:
    """What somebody knows who only watches."""

    def __init__(self, store: MemoryStore, selection: dict[str, Any], since: str | None = None) -> None:
        self.store, self.selection = store, selection
        self.known: dict[tuple[str | None, str | None], ConfigMap] = {}
        if since is not None:
            self.known = {(o.metadata.namespace, o.metadata.name): o for o in store.list(ConfigMap, **selection)}
        self.watch: Watch[ConfigMap] = store.watch(ConfigMap, since=since, **selection)

    def read(self) -> None:
        while (event := self.watch.poll()) is not None:
            obj = event.object
            key = (obj.metadata.namespace, obj.metadata.name)
            if event.type is ChangeType.DELETED:
                assert self.known.pop(key).metadata.uid == obj.metadata.uid
            else:
                assert (event.type is ChangeType.MODIFIED) is (key in self.known)
                self.known[key] = obj

    def check(self) -> None:
        listed = self.store.list(ConfigMap, **self.selection)
        assert sorted(self.known.values(), key=lambda o: (o.metadata.namespace, o.metadata.name)) == listed


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore(VirtualClock())
        self.views: list[View] = []
        self.told: dict[tuple[str | None, str], ConfigMap] = {}
        self.informer: Informer[ConfigMap] = Informer(
            lambda wake: self.store.watch(ConfigMap, wake=wake),
            self.learn,
            wake=lambda: None,
            indexes={"tier": lambda obj: obj.metadata.labels.values()},
        )

    def learn(self, old: ConfigMap | None, new: ConfigMap | None) -> None:
        obj = new or old
        assert obj is not None
        key = (obj.metadata.namespace, obj.metadata.name or "")
        assert self.told.get(key) == old
        if new is None:
            del self.told[key]
        else:
            self.told[key] = new

    @rule(name=names, namespace=spaces, tier=tiers, finalizers=st.lists(st.just("example.com/hold"), max_size=1))
    def create(self, name: str, namespace: str, tier: str, finalizers: list[str]) -> None:
        meta = ObjectMeta(name=name, namespace=namespace, labels={"tier": tier}, finalizers=finalizers)
        try:
            self.store.create(ConfigMap(metadata=meta))
        except AlreadyExists:
            assert self.store.get(ConfigMap, name, namespace=namespace)

    @rule(name=names, namespace=spaces, tier=tiers, fresh=st.booleans())
    def relabel(self, name: str, namespace: str, tier: str, fresh: bool) -> None:
        try:
            obj = self.store.get(ConfigMap, name, namespace=namespace)
        except NotFound:
            return
        obj.metadata.labels["tier"] = tier
        if not fresh:
            obj.metadata.resource_version = "1"
        try:
            assert self.store.update(obj).metadata.labels == {"tier": tier}
        except Conflict:
            assert not fresh

    @rule(name=names, namespace=spaces)
    def delete(self, name: str, namespace: str) -> None:
        try:
            self.store.delete(ConfigMap, name, namespace=namespace)
        except NotFound:
            return

    @rule(name=names, namespace=spaces)
    def finalize(self, name: str, namespace: str) -> None:
        try:
            self.store.patch(ConfigMap, name, {"metadata": {"finalizers": None}}, namespace=namespace)
        except NotFound:
            return

    @rule(namespace=st.none() | spaces, labels=st.none() | st.sampled_from(["tier=web", "tier!=web"]))
    def open_view(self, namespace: str | None, labels: str | None) -> None:
        self.views.append(View(self.store, {"namespace": namespace, "labels": labels}))

    @rule(namespace=st.none() | spaces)
    def open_view_from_now(self, namespace: str | None) -> None:
        """Whoever has listed goes on from the newest version, which is that of an object just created."""
        newest = self.store.create(ConfigMap(metadata=ObjectMeta(generate_name="mark-", namespace="marks")))
        self.views.append(View(self.store, {"namespace": namespace}, since=newest.metadata.resource_version))

    @rule(index=st.integers(0, 20))
    def read_one(self, index: int) -> None:
        if self.views:
            view = self.views[index % len(self.views)]
            view.read()
            view.check()

    @rule()
    def follow_by_informer(self) -> None:
        self.informer.pump()

    @rule()
    def lose_the_watch(self) -> None:
        """The informer's watch expires, which is by too many changes at once, and it has to begin anew."""
        if self.informer._watch is not None:
            self.informer._watch = _Expired()
            self.informer._woken()

    def teardown(self) -> None:
        for view in self.views:
            view.read()
            view.check()
        self.informer.pump()
        listed = {(o.metadata.namespace, o.metadata.name): o for o in self.store.list(ConfigMap)}
        assert self.told == listed
        assert {key: self.informer.get(*key) for key in listed} == listed
        for tier in ("web", "db"):
            indexed = {(o.metadata.namespace, o.metadata.name) for o in self.informer.by_index("tier", tier)}
            assert indexed == {key for key, o in listed.items() if o.metadata.labels.get("tier") == tier}
        self.store.close()


class _Expired:
    closed = False

    def poll(self) -> None:
        raise Expired("too slow")

    def close(self) -> None:
        pass


StoreMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestStore = StoreMachine.TestCase
