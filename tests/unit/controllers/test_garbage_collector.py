"""Garbage collection: what goes, what stays, and in which order."""

import pytest

from podkit.controllers import GarbageCollector
from podkit.controllers.garbage_collector import Decision, OwnerState, decide
from podkit.errors import NotFound
from podkit.model.config import ConfigMap, Secret
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta, OwnerReference
from podkit.model.node import Node
from podkit.model.pod import Pod, PodSpec
from tests.unit.controllers.world import World


@pytest.fixture
def world() -> World:
    return World(GarbageCollector)


def make(
    world: World, name: str, *owners: ConfigMap, blocks: bool = False, finalizers: tuple[str, ...] = ()
) -> ConfigMap:
    """An object that some others own."""
    meta = ObjectMeta(
        name=name,
        finalizers=list(finalizers),
        owner_references=[reference(owner, blocks=blocks) for owner in owners],
    )
    made = world.store.create(ConfigMap(metadata=meta))
    world.settle()
    return made


def reference(owner, *, blocks: bool = False) -> OwnerReference:
    meta = owner.metadata
    return OwnerReference(owner.api_version, owner.kind, meta.name, meta.uid, block_owner_deletion=blocks or None)


def delete(world: World, name: str, propagation: str = "Background") -> None:
    world.store.delete(ConfigMap, name, propagation=propagation)
    world.settle()


def names(world: World) -> list[str]:
    return [found.metadata.name for found in world.store.list(ConfigMap)]


def finalize(world: World, name: str, finalizer: str) -> None:
    held = world.store.get(ConfigMap, name)
    held.metadata.finalizers.remove(finalizer)
    world.store.update(held)
    world.settle()


class TestBackground:
    def test_what_an_object_owns_goes_after_it_over_generations(self, world):
        owner = make(world, "owner")
        child = make(world, "child", owner)
        make(world, "grandchild", child)
        make(world, "stranger")
        delete(world, "owner")
        assert names(world) == ["stranger"]

    def test_an_object_stays_while_one_of_its_owners_does(self, world):
        one, two = make(world, "one"), make(world, "two")
        make(world, "child", one, two)
        delete(world, "one")
        assert names(world) == ["child", "two"]
        assert world.store.get(ConfigMap, "child").metadata.owner_references == [reference(two)]
        delete(world, "two")
        assert names(world) == []

    def test_an_object_whose_owner_never_was_is_deleted(self, world):
        owner = make(world, "owner")
        owner.metadata.uid = "another"
        make(world, "child", owner)
        assert names(world) == ["owner"]

    def test_an_owner_of_a_kind_that_is_not_known_is_taken_as_there(self, world):
        meta = ObjectMeta(name="child", owner_references=[OwnerReference("example.com/v1", "Thing", "x", "u")])
        world.store.create(ConfigMap(metadata=meta))
        world.settle()
        assert names(world) == ["child"]

    def test_an_owner_may_be_outside_of_namespaces(self, world):
        node = world.store.create(Node(metadata=ObjectMeta(name="n1")))
        make(world, "child", node)
        assert names(world) == ["child"]
        world.store.delete(Node, "n1")
        world.settle()
        assert names(world) == []

    def test_a_circle_goes_with_one_of_its_members(self, world):
        one = make(world, "one")
        two = make(world, "two", one)
        one.metadata.owner_references = [reference(two)]
        world.store.update(one)
        world.settle()
        assert names(world) == ["one", "two"]
        delete(world, "one")
        assert names(world) == []

    def test_a_pod_is_stopped_gracefully(self, world):
        owner = make(world, "owner")
        meta = ObjectMeta(name="pod", owner_references=[reference(owner)])
        pod = world.store.create(Pod(metadata=meta, spec=PodSpec(containers=[Container("main", image="i")])))
        world.store.bind(pod, "n1")
        delete(world, "owner")
        assert world.store.get(Pod, "pod").metadata.deletion_grace_period_seconds == 30

    def test_what_lost_its_owner_while_nobody_looked_is_found(self, world):
        world.loops, loops = [], world.loops
        owner = make(world, "owner")
        make(world, "child", owner)
        delete(world, "owner")
        world.loops = loops
        world.settle()
        assert names(world) == []


class TestForeground:
    def test_the_owner_goes_after_all_that_block_it(self, world):
        owner = make(world, "owner")
        make(world, "child", owner, blocks=True, finalizers=("example.com/slow",))
        make(world, "quick", owner, blocks=True)
        delete(world, "owner", "Foreground")
        assert names(world) == ["child", "owner"]
        assert world.store.get(ConfigMap, "owner").metadata.finalizers == ["foregroundDeletion"]
        finalize(world, "child", "example.com/slow")
        assert names(world) == []

    def test_the_owner_does_not_wait_for_what_does_not_block_it(self, world):
        owner = make(world, "owner")
        make(world, "child", owner, finalizers=("example.com/slow",))
        delete(world, "owner", "Foreground")
        assert names(world) == ["child"]
        finalize(world, "child", "example.com/slow")
        assert names(world) == []

    def test_it_reaches_over_generations_from_below(self, world):
        owner = make(world, "owner")
        child = make(world, "child", owner, blocks=True)
        make(world, "grandchild", child, blocks=True, finalizers=("example.com/slow",))
        delete(world, "owner", "Foreground")
        assert names(world) == ["child", "grandchild", "owner"]
        finalize(world, "grandchild", "example.com/slow")
        assert names(world) == []

    def test_a_dependent_with_another_owner_is_spared_and_does_not_block(self, world):
        one, two = make(world, "one"), make(world, "two")
        make(world, "child", one, two, blocks=True)
        delete(world, "one", "Foreground")
        assert names(world) == ["child", "two"]
        assert world.store.get(ConfigMap, "child").metadata.owner_references == [reference(two, blocks=True)]

    def test_a_circle_is_broken(self, world):
        one = make(world, "one")
        two = make(world, "two", one, blocks=True)
        one.metadata.owner_references = [reference(two, blocks=True)]
        world.store.update(one)
        world.settle()
        delete(world, "one", "Foreground")
        assert names(world) == []


class TestOrphan:
    def test_what_an_object_owns_stays_without_it(self, world):
        owner = make(world, "owner")
        make(world, "child", owner)
        delete(world, "owner", "Orphan")
        assert names(world) == ["child"]
        assert world.store.get(ConfigMap, "child").metadata.owner_references == []


@pytest.mark.parametrize(
    ("meta", "owners", "dependents", "decision"),
    [
        (ObjectMeta(), [], [], Decision()),
        (ObjectMeta(), ["SOLID"], [], Decision()),
        (ObjectMeta(), ["ABSENT"], [], Decision(delete="Background")),
        (ObjectMeta(finalizers=["orphan"]), ["ABSENT"], [], Decision(delete="Orphan")),
        (ObjectMeta(finalizers=["foregroundDeletion"]), ["ABSENT"], [], Decision(delete="Foreground")),
        (ObjectMeta(), ["SOLID", "ABSENT"], [], Decision(disown=frozenset({"owner-1"}))),
        (ObjectMeta(), ["SOLID", "WAITING"], [], Decision(disown=frozenset({"owner-1"}))),
        (ObjectMeta(), ["WAITING"], [], Decision(delete="Background")),
        (ObjectMeta(), ["WAITING"], [ConfigMap()], Decision(delete="Foreground")),
    ],
)
def test_the_decision_depends_on_owners_and_dependents(meta, owners, dependents, decision):
    states = {f"owner-{number}": OwnerState[state] for number, state in enumerate(owners)}
    meta.owner_references = [OwnerReference("v1", "ConfigMap", uid, uid) for uid in states]
    assert decide(ConfigMap(metadata=meta), states, dependents) == decision


def test_a_script_can_ask_for_one_object(world):
    alone = GarbageCollector(world.store, clock=world.clock)
    world.loops = []
    owner = make(world, "owner")
    meta = ObjectMeta(name="child", owner_references=[reference(owner)])
    world.store.create(Secret(metadata=meta))
    delete(world, "owner")
    assert alone.reconcile(("Secret", "default", "child")) is None
    with pytest.raises(NotFound):
        world.store.get(Secret, "child")
