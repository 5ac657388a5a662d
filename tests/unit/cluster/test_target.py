"""How users say which object they mean."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from podkit.cluster.target import refer, verb
from podkit.errors import PodkitError
from podkit.model import Namespace, ObjectMeta, Pod
from podkit.model.kinds import UnknownKind


class Speaker:
    @verb
    def say(self, target: Any, word: str = "", *, namespace: str = "default") -> str:
        """Say it."""
        return f"{refer(target, namespace)} {word}".strip()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (lambda s: s.say(Pod(metadata=ObjectMeta(name="web")), "x"), "Pod default/web x"),
        (lambda s: s.say(Pod(metadata=ObjectMeta(name="web", namespace="shop"))), "Pod shop/web"),
        (lambda s: s.say(Pod, "web", "x"), "Pod default/web x"),
        (lambda s: s.say("po", "web", word="x", namespace="shop"), "Pod shop/web x"),
        (lambda s: s.say("pods/web", "x"), "Pod default/web x"),
        (lambda s: s.say(Namespace, "shop"), "Namespace shop"),
        (lambda s: s.say("ns/shop"), "Namespace shop"),
    ],
)
def test_a_target_has_three_forms(said: Any, expected: str) -> None:
    assert said(Speaker()) == expected


def test_a_kind_needs_a_name() -> None:
    with pytest.raises(TypeError, match="say\\(\\) needs the name of the Pod"):
        Speaker().say(Pod)  # type: ignore[call-overload]  # this is the mistake


def test_a_name_alone_is_not_enough() -> None:
    with pytest.raises(
        PodkitError, match="'web' does not say which object is meant; write kind and name, such as 'pod/web'"
    ):
        Speaker().say("web")


def test_an_object_needs_a_name() -> None:
    with pytest.raises(PodkitError, match="has no name yet"):
        Speaker().say(Pod())


def test_a_text_needs_both_parts() -> None:
    with pytest.raises(PodkitError, match="'pod/web'"):
        refer("pod/")


def test_a_kind_that_is_spelled_wrongly_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownKind, match="did you mean Pod"):
        Speaker().say("pood", "web")


def test_a_verb_still_shows_its_signature_and_documentation() -> None:
    assert list(inspect.signature(Speaker.say).parameters) == ["self", "target", "word", "namespace"]  # type: ignore[arg-type]
    assert Speaker.say.__doc__ == "Say it."
