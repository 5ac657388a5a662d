"""Decoding as an API server does it with field validation on: strict, complete, with paths."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

import pytest

from podkit.codec import UnknownFieldWarning, from_dict, loads_all, to_dict
from podkit.errors import DecodeError
from podkit.model import (
    ConfigMap,
    Container,
    ContainerPort,
    ControllerRevision,
    Job,
    ObjectMeta,
    Pod,
    PodSpec,
    Probe,
    Secret,
    StatefulSet,
)


def errors(value: Any, cls: Any = None) -> list[str]:
    with pytest.raises(DecodeError) as raised:
        from_dict(value, cls)
    return [f"{error.path}: {error.reason}: {error.message}" for error in raised.value.errors]


def test_all_that_is_wrong_is_found_with_its_path() -> None:
    assert errors(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": 1, "labels": {"a.b/c": True}},
            "spec": {"containers": [{"name": "a", "comand": ["x"], "ports": [{"containerPort": "80"}]}, "b"]},
        }
    ) == [
        "metadata.name: TypeInvalid: must be a string, but this is the number 1",
        "metadata.labels[a.b/c]: TypeInvalid: must be a string, but this is the boolean true",
        "spec.containers[0].comand: NotSupported: unknown field; did you mean command?",
        "spec.containers[0].ports[0].containerPort: TypeInvalid: must be a whole number, but this is the string '80'",
        "spec.containers[1]: TypeInvalid: must be a map with the fields of Container, but this is the string 'b'",
    ]


@pytest.mark.parametrize(
    ("cls", "field", "value", "message"),
    [
        (Job, "spec", {"completions": 1.5}, "must be a whole number, but this is the number 1.5"),
        (Job, "spec", {"completions": True}, "must be a whole number, but this is the boolean true"),
        (Job, "spec", {"completions": 2**31}, "must be a whole number of 32 bits"),
        (Job, "spec", {"activeDeadlineSeconds": -(2**63) - 1}, "must be a whole number of 64 bits"),
        (Job, "spec", {"suspend": "yes"}, "must be a boolean, but this is the string 'yes'"),
        (Job, "spec", {"template": []}, "must be a map with the fields of PodTemplateSpec, but this is a list"),
        (Job, "metadata", {"labels": []}, "must be a map, but this is a list"),
        (Job, "metadata", {"finalizers": {}}, "must be a list, but this is a map"),
        (Job, "metadata", {"creationTimestamp": "yesterday"}, "must be a time as RFC 3339 writes it"),
        (Job, "metadata", {"creationTimestamp": "2026-02-30T00:00:00Z"}, "is no time that exists"),
        (Secret, "data", {"a": "!"}, "must be base64"),
        (Secret, "data", {"a": 1}, "must be a string of base64"),
        (Pod, "spec", {"overhead": {"cpu": True}}, "must be a quantity"),
        (Pod, "spec", {"overhead": {"cpu": "many"}}, "is not a quantity"),
    ],
)
def test_a_wrong_type_is_refused(cls: Any, field: str, value: Any, message: str) -> None:
    (error,) = errors({field: value}, cls)

    assert message in error


def test_null_is_as_good_as_absent() -> None:
    pod = from_dict({"metadata": {"creationTimestamp": None, "labels": None}, "spec": None, "status": None}, Pod)

    assert pod == Pod()


def test_null_within_lists_and_maps_is_zero_as_in_go() -> None:
    pod = from_dict({"metadata": {"labels": {"a": None}}, "spec": {"containers": [None]}}, Pod)

    assert pod.metadata.labels == {"a": ""}
    assert pod.spec.containers == [Container("")]


def test_what_is_required_and_absent_is_zero_and_left_to_the_validation() -> None:
    container = from_dict({"ports": [{}], "livenessProbe": {"httpGet": {}}}, Container)

    assert container.name == ""
    assert container.ports == [ContainerPort(0)]
    assert container.liveness_probe is not None
    assert container.liveness_probe.http_get is not None
    assert container.liveness_probe.http_get.port == 0


def test_numbers_are_taken_where_an_api_server_takes_them() -> None:
    spec = from_dict({"overhead": {"cpu": 0.5, "memory": 1000, "x": 1e3}, "priority": 3.0}, PodSpec)

    assert spec.overhead == {"cpu": "0.5", "memory": "1000", "x": "1000"}
    assert spec.priority == 3


def test_times_are_in_utc_to_the_microsecond() -> None:
    meta = from_dict({"creationTimestamp": "2026-01-31T12:00:00.1234567+02:00"}, ObjectMeta)

    assert meta.creation_timestamp == datetime(2026, 1, 31, 10, 0, 0, 123456, UTC)
    assert to_dict(meta) == {"creationTimestamp": "2026-01-31T10:00:00.123456Z"}


def test_int_or_string_keeps_which_it_was() -> None:
    probe = from_dict({"httpGet": {"port": "http"}, "tcpSocket": {"port": 80}}, Probe)

    assert to_dict(probe) == {"httpGet": {"port": "http"}, "tcpSocket": {"port": 80}}
    assert "must be a whole number or a string" in errors({"httpGet": {"port": True}}, Probe)[0]


def test_bytes_are_base64_in_documents() -> None:
    secret = from_dict({"data": {"a": "aGVs\nbG8="}}, Secret)

    assert secret.data == {"a": b"hello"}
    assert to_dict(secret)["data"] == {"a": "aGVsbG8="}


def test_free_form_data_is_copied_and_checked() -> None:
    data = {"a": [{"b": None}]}
    revision = from_dict({"revision": 1, "data": data}, ControllerRevision)
    data["a"].append({})

    assert revision.data == {"a": [{"b": None}]}
    assert (
        "must be a value that JSON can hold"
        in errors({"revision": 1, "data": {"a": float("nan")}}, ControllerRevision)[0]
    )


def test_free_form_data_that_contains_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["self"] = data

    assert "nests more than 100 deep" in errors({"revision": 1, "data": data}, ControllerRevision)[0]


def test_a_claim_of_a_stateful_set_need_not_say_its_kind() -> None:
    document = {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}}

    assert to_dict(from_dict(document, StatefulSet))["spec"] == document["spec"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "apiVersion: Required: must say what the object is, such as v1"),
        ({"apiVersion": "v1", "kind": 1}, "kind: TypeInvalid: must say what the object is, such as Pod"),
        ({"apiVersion": "v1", "kind": "Pood"}, "kind: NotSupported: podkit knows no kind 'Pood'; did you mean Pod?"),
        (
            {"apiVersion": "extensions/v1beta1", "kind": "Deployment"},
            "kind: NotSupported: podkit knows no kind 'Deployment' in version 'extensions/v1beta1', only in 'apps/v1'",
        ),
    ],
)
def test_a_document_must_say_what_it_is(document: Any, message: str) -> None:
    assert message in errors(document)


def test_a_mapping_is_needed() -> None:
    assert errors([]) == [": TypeInvalid: must be a mapping"]


def test_unknown_fields_can_be_dropped_with_a_warning_that_names_them() -> None:
    document = {"data": {"a": "b"}, "dato": {"x": 1}, "metadata": {"name": "n", "nam": 1}}

    with pytest.warns(UnknownFieldWarning, match=r"unknown fields are dropped: dato, metadata\.nam$") as caught:
        config = from_dict(document, ConfigMap, unknown_fields="ignore")

    assert config == ConfigMap.new("n", {"a": "b"})
    assert caught[0].filename == __file__


def test_other_mistakes_are_errors_though_unknown_fields_are_dropped() -> None:
    with warnings.catch_warnings(), pytest.raises(DecodeError) as raised:
        from_dict({"dato": 1, "data": {"a": 1}}, ConfigMap, unknown_fields="ignore")

    assert [error.path for error in raised.value.errors] == ["data[a]"]


def test_unknown_fields_in_lists_are_dropped_where_they_are() -> None:
    text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}, {name: b, x: 1}]}\n"

    with pytest.warns(UnknownFieldWarning, match=r"spec\.containers\[1\]\.x"):
        (pod,) = loads_all(text, unknown_fields="ignore")

    assert pod.spec.containers == [Container("a"), Container("b")]


def test_errors_do_not_show_what_is_secret() -> None:
    for document in ({"stringData": {"pin": 123456}}, {"data": {"pin": "hunter2!"}}, {"data": {"pin": 123456}}):
        with pytest.raises(DecodeError) as raised:
            from_dict(document, Secret)
        (error,) = raised.value.errors
        assert error.path.endswith("[pin]")
        assert error.value is None
        assert "what is there is secret" in str(error)
        assert "123456" not in str(raised.value)
        assert "hunter2" not in str(raised.value)


def test_what_is_no_object_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="dict is neither a kind of Kubernetes object nor a part of one"):
        to_dict({"kind": "Pod"})


def test_too_many_unknown_fields_to_drop_are_an_error() -> None:
    document = {f"x{number}": 1 for number in range(2000)}

    with pytest.warns(UnknownFieldWarning), pytest.raises(DecodeError) as raised:
        from_dict(document, ConfigMap, unknown_fields="ignore")
    assert len(raised.value.errors) == 1000
