"""A kind is found under every name that people use for it."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.errors import PodkitError
from podkit.model import Deployment, Pod
from podkit.model.kinds import KINDS, UnknownKind, kind_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Pod", "Pod"),
        ("pods", "Pod"),
        ("PO", "Pod"),
        ("pods.v1", "Pod"),
        ("deploy", "Deployment"),
        ("deployments.apps", "Deployment"),
        ("Deployment.v1.apps", "Deployment"),
        ("cj.batch", "CronJob"),
        ("pvc", "PersistentVolumeClaim"),
        (Pod, "Pod"),
        (Deployment(), "Deployment"),
        (kind_of("pod"), "Pod"),
    ],
)
def test_a_kind_is_found(name: Any, expected: str) -> None:
    assert str(kind_of(name)) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pdos", "podkit knows no kind 'pdos'; did you mean Pod?"),
        ("Replicaset.batch", "podkit knows no kind 'Replicaset.batch'; did you mean ReplicaSet?"),
        ("Ingress", "podkit knows no kind 'Ingress': nothing here routes HTTP; take it out of the manifest"),
        (int, "podkit knows no kind 'int'"),
    ],
)
def test_an_unknown_kind_is_an_error_with_the_nearest_names(name: Any, message: str) -> None:
    with pytest.raises(UnknownKind) as raised:
        kind_of(name)

    assert str(raised.value) == message
    assert isinstance(raised.value, PodkitError)


def test_a_kind_of_a_document_is_taken_as_it_is_spelled() -> None:
    assert KINDS.find_document("apps/v1", "Deployment").cls is Deployment
    with pytest.raises(UnknownKind, match="in version 'v1', only in 'apps/v1'"):
        KINDS.find_document("v1", "Deployment")
    with pytest.raises(UnknownKind, match="did you mean Pod"):
        KINDS.find_document("v1", "pod")


def test_every_kind_says_what_it_is() -> None:
    for kind in KINDS.kinds:
        obj: Any = kind.cls
        defaults = {attribute.name: attribute.default for attribute in obj.__attrs_attrs__}
        assert (defaults["api_version"], defaults["kind"]) == (kind.api_version, kind.name)
        assert kind.has_status == ("status" in defaults)
        assert kind.version == "v1"
