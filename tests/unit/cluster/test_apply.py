"""Applying to a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import podkit.cluster.apply
from podkit.cluster.apply import LAST_APPLIED
from podkit.errors import DecodeError, NotFound, ValidationError
from podkit.model import ConfigMap, Container, Namespace, ObjectMeta, Pod, PriorityClass, Secret
from podkit.store.memory import MemoryStore

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: '1'\n  b: '2'\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    image: nginx\n"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def apply(store: MemoryStore, source: Any, prune: str | None = None) -> list[Any]:
    return podkit.cluster.apply.apply(store, source, namespace="default", prune=prune)


def test_what_is_not_there_is_created(store: MemoryStore) -> None:
    config, pod = apply(store, f"{CONFIG}---\n{POD}")
    assert store.get(ConfigMap, "settings") == config
    assert store.get(Pod, "web") == pod
    assert pod.spec.restart_policy == "Always"


def test_applying_again_changes_nothing(store: MemoryStore) -> None:
    first = apply(store, f"{CONFIG}---\n{POD}")
    assert apply(store, f"{CONFIG}---\n{POD}") == first


def test_what_is_applied_no_longer_goes_and_what_others_set_stays(store: MemoryStore) -> None:
    apply(store, CONFIG)
    store.patch(ConfigMap, "settings", {"data": {"theirs": "x"}})
    apply(store, CONFIG.replace("  b: '2'\n", "").replace("'1'", "'9'"))
    assert store.get(ConfigMap, "settings").data == {"a": "9", "theirs": "x"}


def test_an_object_that_was_only_created_loses_nothing(store: MemoryStore) -> None:
    store.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"old": "1"}))
    apply(store, CONFIG)
    assert store.get(ConfigMap, "settings").data == {"old": "1", "a": "1", "b": "2"}


def test_an_object_that_was_read_can_be_changed_and_applied(store: MemoryStore) -> None:
    apply(store, POD)
    pod = store.get(Pod, "web")
    store.patch(Pod, "web", {"metadata": {"labels": {"theirs": "x"}}})
    pod.metadata.labels["tier"] = "front"
    assert apply(store, pod)[0].metadata.labels == {"theirs": "x", "tier": "front"}


def test_an_object_that_was_deleted_meanwhile_is_created_again(store: MemoryStore) -> None:
    pod = apply(store, POD)[0]
    store.delete(Pod, "web", grace_period=0)
    assert apply(store, pod)[0].metadata.uid != pod.metadata.uid


def test_the_given_object_is_not_changed(store: MemoryStore) -> None:
    pod = Pod.new("web", containers=[Container("app", image="nginx")])
    apply(store, pod)
    assert pod == Pod.new("web", containers=[Container("app", image="nginx")])


def test_a_dry_run_returns_what_would_be_stored_and_stores_nothing(store: MemoryStore) -> None:
    apply(store, CONFIG)
    changed = CONFIG.replace("'1'", "'9'")

    config, pod = podkit.cluster.apply.apply(store, f"{changed}---\n{POD}", namespace="default", dry_run=True)

    assert config.data["a"] == "9"
    assert pod.spec.restart_policy == "Always"
    assert store.get(ConfigMap, "settings").data["a"] == "1"
    assert store.list(Pod) == []


def test_what_a_pod_names_may_be_in_the_same_source(store: MemoryStore) -> None:
    classes = (
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: gold}\nvalue: 7\n---\n"
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: vm}\nhandler: kata\noverhead: {podFixed: {cpu: 1m}}\n"
    )
    named = POD.replace("spec:\n", "spec:\n  priorityClassName: gold\n  runtimeClassName: vm\n")

    with pytest.raises(ValidationError, match="no PriorityClass with name gold"):
        apply(store, named)
    pod = apply(store, f"{named}---\n{classes}")[0]

    assert (pod.spec.priority, pod.spec.overhead) == (7, {"cpu": "1m"})


def test_what_lives_outside_of_namespaces_is_never_pruned(store: MemoryStore) -> None:
    labelled = (
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: gold, labels: {a: b}}\nvalue: 7\n"
    )
    apply(store, labelled)

    apply(store, CONFIG, prune="a=b")

    assert store.get(PriorityClass, "gold").value == 7


def test_a_forbidden_change_is_refused_before_anything_is_written(store: MemoryStore) -> None:
    apply(store, POD)
    changed = POD.replace("image: nginx", "image: nginx\n    command: [sh]")
    with pytest.raises(ValidationError, match="of a Pod only"):
        apply(store, f"{CONFIG}---\n{changed}")
    with pytest.raises(NotFound):
        store.get(ConfigMap, "settings")


def test_a_mistake_in_the_last_document_leaves_nothing_behind(store: MemoryStore) -> None:
    with pytest.raises(ValidationError) as caught:
        apply(store, f"{CONFIG}---\n{POD.replace('name: web', 'name: Web!')}")
    assert caught.value.errors[0].path == "metadata.name"
    assert caught.value.errors[0].line == 12
    assert store.list(ConfigMap) == []


def test_the_mistakes_of_all_objects_are_told_at_once(store: MemoryStore) -> None:
    with pytest.raises(ValidationError) as caught:
        apply(store, [POD.replace("name: web", "name: A"), CONFIG.replace("name: settings", "name: B")])
    assert [error.path for error in caught.value.errors] == ["metadata.name", "metadata.name"]


def test_the_mistakes_of_all_files_are_told_at_once(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD.replace("image:", "imag:"))
    (tmp_path / "b.yaml").write_text(CONFIG.replace("data:", "dta:"))
    with pytest.raises(DecodeError) as caught:
        apply(store, tmp_path)
    assert {Path(error.source or "").name for error in caught.value.errors} == {"a.yaml", "b.yaml"}


def test_a_directory_is_read_in_the_order_of_names_without_other_files(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "2.yml").write_text(CONFIG)
    (tmp_path / "1.yaml").write_text(POD)
    (tmp_path / "README.md").write_text("no manifest")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "3.yaml").write_text("nonsense: [")
    assert [obj.kind for obj in apply(store, str(tmp_path))] == ["Pod", "ConfigMap"]


def test_an_empty_directory_is_a_mistake(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file"):
        apply(store, tmp_path)


def test_a_missing_file_is_an_error_that_names_it(store: MemoryStore) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        apply(store, "missing.yaml")


def test_a_namespace_is_written_before_what_lives_in_it(store: MemoryStore) -> None:
    pod = Pod.new("web", containers=[Container("app", image="nginx")], namespace="shop")
    applied = apply(store, [pod, Namespace(metadata=ObjectMeta(name="shop", labels={"mine": "yes"}))])
    assert [obj.kind for obj in applied] == ["Pod", "Namespace"]
    assert int(applied[0].metadata.resource_version) > int(applied[1].metadata.resource_version)


def test_a_list_a_mapping_and_nested_iterables_are_sources(store: MemoryStore) -> None:
    mapping = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
    many = [mapping, (CONFIG, [Pod.new("web", containers=[Container("app", image="nginx")])])]
    assert [obj.metadata.name for obj in apply(store, many)] == ["one", "settings", "web"]


def test_what_is_no_source_is_refused(store: MemoryStore) -> None:
    with pytest.raises(TypeError, match="a int cannot be applied"):
        apply(store, 7)


def test_an_object_without_name_cannot_be_applied(store: MemoryStore) -> None:
    with pytest.raises(ValidationError, match="generateName can only be created"):
        apply(store, Pod(metadata=ObjectMeta(generate_name="web-")))


def test_pruning_deletes_what_is_selected_and_not_applied_any_more(store: MemoryStore) -> None:
    labelled = CONFIG.replace("  name: settings", "  name: {}\n  labels: {{app: shop}}")
    apply(store, [labelled.format("old"), labelled.format("kept")])
    store.create(ConfigMap(metadata=ObjectMeta(name="created", labels={"app": "shop"})))
    apply(store, [CONFIG.replace("settings", "unlabelled")])
    apply(store, labelled.format("kept"), prune="app=shop")
    assert {config.metadata.name for config in store.list(ConfigMap)} == {"created", "kept", "unlabelled"}


def test_a_key_of_a_secret_goes_and_its_values_are_not_repeated_in_an_annotation(store: MemoryStore) -> None:
    secret = Secret(metadata=ObjectMeta(name="login"), string_data={"user": "me", "password": "hunter2"})
    stored = apply(store, secret)[0]
    assert "password" in stored.metadata.annotations[LAST_APPLIED]
    assert "hunter2" not in stored.metadata.annotations[LAST_APPLIED]
    assert "aHVudGVyMg" not in stored.metadata.annotations[LAST_APPLIED]
    apply(store, Secret(metadata=ObjectMeta(name="login"), string_data={"user": "you"}))
    assert store.get(Secret, "login").data == {"user": b"you"}


def test_an_annotation_that_is_no_json_is_overlooked(store: MemoryStore) -> None:
    store.create(ConfigMap(metadata=ObjectMeta(name="settings", annotations={LAST_APPLIED: "{"}), data={"x": "1"}))
    assert apply(store, CONFIG)[0].data == {"x": "1", "a": "1", "b": "2"}
