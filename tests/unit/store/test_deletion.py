"""The decision about a deletion; how a store acts on it is in the contract of stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.model import ConfigMap, Container, Namespace, NamespaceSpec, ObjectMeta, Pod, PodSpec, PodStatus
from podkit.model.copying import clone
from podkit.store.deletion import Deletion, decide, is_held, is_over

NOW = datetime(2026, 1, 1, tzinfo=UTC)

requests = st.builds(
    Deletion,
    now=st.integers(0, 100).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    grace_period=st.none() | st.integers(-2, 60),
    propagation=st.sampled_from(["Background", "Foreground", "Orphan"]),
)
pods = st.builds(
    lambda phase, node, grace, finalizers: Pod(
        metadata=ObjectMeta(name="web", finalizers=finalizers, generation=1),
        spec=PodSpec(
            containers=[Container(name="app", image="nginx")], node_name=node, termination_grace_period_seconds=grace
        ),
        status=PodStatus(phase=phase),
    ),
    phase=st.sampled_from(["Pending", "Running", "Succeeded"]),
    node=st.none() | st.just("node-1"),
    grace=st.integers(0, 60),
    finalizers=st.lists(st.sampled_from(["example.com/a", "orphan", "foregroundDeletion"]), unique=True),
)


@settings(deadline=None)
@given(pods, st.lists(requests, min_size=1, max_size=6))
def test_requests_only_bring_the_end_nearer(pod: Pod, made: list[Deletion]) -> None:
    generation = 1
    for request in made:
        before = clone(pod)
        verdict = decide(pod, request)
        assert pod == before, "what is given is not changed"
        after = verdict.object
        if verdict.action == "remove":
            assert not is_held(after)
            return
        assert is_held(after)
        assert after.metadata.deletion_timestamp is not None
        if before.metadata.deletion_timestamp is not None:
            assert after.metadata.deletion_timestamp <= before.metadata.deletion_timestamp
            assert (after.metadata.deletion_grace_period_seconds or 0) <= (
                before.metadata.deletion_grace_period_seconds or 0
            )
        assert (verdict.action == "keep") is (after == before)
        assert "example.com/a" in after.metadata.finalizers or "example.com/a" not in before.metadata.finalizers
        generation = max(generation, after.metadata.generation or 0)
        pod = after
    assert generation <= 2, "the generation counts the mark, and only the first"


def test_a_namespace_is_held_by_the_finalizers_of_its_spec() -> None:
    space = Namespace(metadata=ObjectMeta(name="other"), spec=NamespaceSpec(finalizers=["kubernetes"]))

    verdict = decide(space, Deletion(NOW))

    assert (verdict.action, verdict.object.status.phase) == ("mark", "Terminating")
    verdict.object.spec.finalizers = []
    assert is_over(verdict.object)


def test_an_object_that_is_not_being_deleted_is_not_over() -> None:
    assert not is_over(ConfigMap(metadata=ObjectMeta(name="settings")))
