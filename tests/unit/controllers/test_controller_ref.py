"""Which objects are a controller's: its own, those it adopts and those it lets go."""

from datetime import UTC, datetime

import pytest

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.controller_ref import adopted, claim, controller_of, controller_reference, released
from podkit.model.config import ConfigMap
from podkit.model.job import Job
from podkit.model.meta import LabelSelector, ObjectMeta, OwnerReference
from podkit.model.selector import Selector

OWNER = Job(metadata=ObjectMeta(name="work", uid="mine"))
DELETED_OWNER = Job(metadata=ObjectMeta(name="work", uid="mine", deletion_timestamp=datetime(2026, 1, 1, tzinfo=UTC)))
OTHER = Job(metadata=ObjectMeta(name="other", uid="theirs"))
SELECTOR = Selector.parse("app=web")


def thing(*, label: str = "web", owner: Job | None = None, deleted: bool = False) -> ConfigMap:
    meta = ObjectMeta(name="thing", namespace="default", labels={"app": label})
    if owner is not None:
        meta.owner_references = [controller_reference(owner)]
    if deleted:
        meta.deletion_timestamp = datetime(2026, 1, 1, tzinfo=UTC)
    return ConfigMap(metadata=meta)


@pytest.mark.parametrize(
    ("owner", "obj", "verdict"),
    [
        (OWNER, thing(owner=OWNER), "owned"),
        (OWNER, thing(owner=OWNER, deleted=True), "owned"),
        (OWNER, thing(owner=OWNER, label="db"), "release"),
        (OWNER, thing(owner=OTHER), None),
        (OWNER, thing(), "adopt"),
        (OWNER, thing(label="db"), None),
        (OWNER, thing(deleted=True), None),
        (DELETED_OWNER, thing(), None),
        (DELETED_OWNER, thing(owner=OWNER, label="db"), "owned"),
    ],
)
def test_an_object_is_claimed(owner, obj, verdict):
    found = claim(owner, SELECTOR, [obj])
    assert {name: len(getattr(found, name)) for name in ("owned", "adopt", "release")} == {
        name: int(name == verdict) for name in ("owned", "adopt", "release")
    }


def test_adoption_keeps_other_owners_and_release_too():
    helper = OwnerReference("v1", "ConfigMap", "helper", "helper")
    meta = ObjectMeta(owner_references=[helper])
    meta.owner_references = adopted(meta, OWNER)
    assert meta.owner_references == [helper, controller_reference(OWNER)]
    assert controller_of(ConfigMap(metadata=meta)) == controller_reference(OWNER)
    assert released(meta, OWNER) == [helper]


@pytest.mark.parametrize(
    "selector",
    [
        LabelSelector(match_labels={"app": "web"}),
        LabelSelector(match_labels={"app": "web", "tier": "front"}),
        LabelSelector(),
    ],
)
def test_who_would_adopt_an_object_is_found_by_its_labels(selector):
    orphan = thing()
    orphan.metadata.labels["tier"] = "front"
    assert Selector.of(selector).matches(orphan.metadata.labels)
    assert adopter_key("default", selector) in orphan_keys(orphan)
    assert adopter_key("elsewhere", selector) not in orphan_keys(orphan)


def test_what_a_controller_owns_nobody_adopts():
    assert orphan_keys(thing(owner=OWNER)) == []
