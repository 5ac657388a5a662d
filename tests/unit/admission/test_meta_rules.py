"""Rules for metadata, one table: what is written, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.admission.manifests import cron_job, job, load, pod, workload, wrong

LONG = "a" * 254


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("{name: web-1.example}", set()),
        ("{name: 'a', generateName: 'a-'}", set()),
        ("{name: My_Pod}", {"metadata.name: Invalid"}),
        ("{name: -a}", {"metadata.name: Invalid"}),
        (f"{{name: {LONG}}}", {"metadata.name: Invalid"}),
        ("{name: ''}", {"metadata.name: Required"}),
        ("{name: '', generateName: web-}", set()),
        ("{name: a, generateName: Web-}", {"metadata.generateName: Invalid"}),
        ("{name: a, namespace: Prod}", {"metadata.namespace: Invalid"}),
        ("{name: a, namespace: a.b}", {"metadata.namespace: Invalid"}),
        ("{name: a, generation: -1}", {"metadata.generation: Invalid"}),
        ("{name: a, labels: {app: web, example.com/x: ''}}", set()),
        ("{name: a, labels: {a b: x}}", {"metadata.labels: Invalid"}),
        ("{name: a, labels: {/x: x}}", {"metadata.labels: Invalid"}),
        ("{name: a, labels: {Example.com/x: x}}", {"metadata.labels: Invalid"}),
        ("{name: a, labels: {a: -x}}", {"metadata.labels: Invalid"}),
        ("{name: a, annotations: {Example.com/Any: 'any value: at all'}}", set()),
        ("{name: a, annotations: {a b: x}}", {"metadata.annotations: Invalid"}),
        ("{name: a, finalizers: [example.com/x, orphan]}", set()),
        ("{name: a, finalizers: [mine]}", {"metadata.finalizers[0]: Invalid"}),
        ("{name: a, finalizers: [orphan, foregroundDeletion]}", {"metadata.finalizers: Invalid"}),
        (
            "{name: a, ownerReferences: [{apiVersion: a/b/c, kind: '', name: '', uid: ''}]}",
            {
                "metadata.ownerReferences[0].apiVersion: Invalid",
                "metadata.ownerReferences[0].kind: Invalid",
                "metadata.ownerReferences[0].name: Invalid",
                "metadata.ownerReferences[0].uid: Invalid",
            },
        ),
        (
            "{name: a, ownerReferences: [{apiVersion: v1, kind: Event, name: e, uid: u}]}",
            {"metadata.ownerReferences[0]: Invalid"},
        ),
        (
            (
                "{name: a, ownerReferences: [{apiVersion: v1, kind: A, name: a, uid: u, controller: true},"
                " {apiVersion: v1, kind: B, name: b, uid: w, controller: true}]}"
            ),
            {"metadata.ownerReferences: Invalid"},
        ),
        ("{name: a, managedFields: [{operation: Delete}]}", {"metadata.managedFields[0].operation: Invalid"}),
    ],
)
def test_metadata_of_a_pod(metadata: str, expected: set[str]) -> None:
    assert wrong(pod(metadata=metadata)) == expected


def test_annotations_are_256_kib_together_at_most() -> None:
    large = pod()
    large.metadata.annotations = {"a": "x" * 200_000, "b": "x" * 100_000}

    assert wrong(large) == {"metadata.annotations: TooLong"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}", {"metadata.name: Invalid"}),
        ("{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}", {"metadata.namespace: Forbidden"}),
        ("{apiVersion: v1, kind: Node, metadata: {name: a.b}}", set()),
        ("{apiVersion: v1, kind: Service, metadata: {name: 1a}, spec: {ports: [{port: 80}]}}", set()),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: a.b}, spec: {ports: [{port: 80}]}}",
            {"metadata.name: Invalid"},
        ),
    ],
)
def test_names_have_the_form_of_their_kind(document: str, expected: set[str]) -> None:
    assert wrong(load(document)) == expected


def test_names_leave_room_for_what_controllers_append() -> None:
    late, indexed, stateful = cron_job(), job("{completionMode: Indexed, completions: 100}"), workload("StatefulSet")
    late.metadata.name, indexed.metadata.name, stateful.metadata.name = "a" * 53, "a" * 61, "a.b"

    assert wrong(late) == {"metadata.name: Invalid"}
    assert wrong(indexed) == {"metadata.name: Invalid"}
    assert wrong(stateful) == {"metadata.name: Invalid"}


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("name", "b", {"metadata.name: Invalid"}),
        ("namespace", "b", {"metadata.namespace: Invalid"}),
        ("uid", "other", {"metadata.uid: Invalid"}),
        ("uid", None, set()),
        ("generation", 1, {"metadata.generation: Invalid"}),
        ("labels", {"a": "b"}, set()),
        ("creation_timestamp", datetime(2020, 1, 1, tzinfo=UTC), {"metadata.creationTimestamp: Invalid"}),
    ],
)
def test_what_may_change_of_metadata(attribute: str, value: object, expected: set[str]) -> None:
    old, new = pod(), pod()
    for obj in (old, new):
        obj.metadata.uid, obj.metadata.generation, obj.metadata.namespace = "u", 2, "default"
        obj.metadata.creation_timestamp = datetime(2026, 1, 1, tzinfo=UTC)
    setattr(new.metadata, attribute, value)

    assert wrong(new, old) == expected


def test_an_object_that_is_being_deleted_gets_no_new_finalizers() -> None:
    old, new = pod(metadata="{finalizers: [a.b/c]}"), pod(metadata="{finalizers: [a.b/c, d.e/f]}")
    old.metadata.deletion_timestamp = new.metadata.deletion_timestamp = datetime(2026, 1, 1, tzinfo=UTC)

    assert wrong(new, old) == {"metadata.finalizers: Forbidden"}
