"""Who is evicted first, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from podkit.kubelet.eviction.ranking import Candidate, Usage, eviction_annotations, eviction_message, rank
from podkit.kubelet.eviction.thresholds import EvictionConfig, Observation, Signal
from podkit.model import ResourceRequirements
from tests.unit.kubelet.builders import container, pod

MEBIBYTE = 1 << 20


def candidate(
    name: str, used: int | None, *, requests: str | None = None, priority: int | None = None, resource: str = "memory"
) -> Candidate:
    resources = ResourceRequirements(requests={resource: requests}) if requests else None
    one = pod(container(resources=resources), priority=priority)
    one.metadata.name = name
    usage = Usage(used * MEBIBYTE, {"main": used * MEBIBYTE}) if used is not None else None
    return Candidate(one, usage)


def order(signal: Signal, *candidates: Candidate) -> list[str | None]:
    return [one.pod.metadata.name for one in rank(signal, candidates)]


def test_who_uses_more_than_it_requests_goes_before_all_others() -> None:
    modest = candidate("modest", 500, requests="600Mi", priority=-10)
    greedy = candidate("greedy", 20, requests="10Mi", priority=1000)
    assert order(Signal.MEMORY, modest, greedy) == ["greedy", "modest"]


def test_of_these_the_one_of_lower_priority() -> None:
    assert order(Signal.MEMORY, candidate("a", 100, priority=5), candidate("b", 10, priority=1)) == ["b", "a"]


def test_of_these_the_one_that_uses_the_most_beyond_its_request() -> None:
    large = candidate("large", 500, requests="450Mi")
    small = candidate("small", 100, requests="10Mi")
    assert order(Signal.MEMORY, large, small) == ["small", "large"]


def test_who_could_not_be_measured_goes_first() -> None:
    assert order(Signal.MEMORY, candidate("known", 500), candidate("unknown", None, priority=10)) == [
        "unknown",
        "known",
    ]


def test_the_disk_counts_its_own_requests() -> None:
    modest = candidate("modest", 500, requests="1Gi", resource="ephemeral-storage")
    assert order(Signal.NODE_DISK, modest, candidate("greedy", 1)) == ["greedy", "modest"]
    assert order(Signal.MEMORY, modest, candidate("greedy", 1)) == ["modest", "greedy"]


def test_of_processes_the_priority_and_then_the_number_decides() -> None:
    first, second = candidate("a", 1, priority=1), candidate("b", 100, priority=2)
    assert order(Signal.PROCESSES, second, first, candidate("c", 5, priority=1)) == ["c", "a", "b"]


THRESHOLD = EvictionConfig().thresholds[0]


def test_the_message_names_the_containers_that_use_more_than_they_request() -> None:
    two = pod(
        container("a", resources=ResourceRequirements(requests={"memory": "10Mi"})),
        container("b", resources=ResourceRequirements(requests={"memory": "100Mi"})),
        init=[container("c")],
    )
    used = {"a": 20 * MEBIBYTE, "b": 20 * MEBIBYTE, "c": MEBIBYTE // 2}
    message = eviction_message(
        Candidate(two, Usage(sum(used.values()), used)), THRESHOLD, Observation(90 * MEBIBYTE, 1 << 30)
    )
    assert message == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. "
        "Container a was using 20Mi, request is 10Mi, has larger consumption of memory. "
        "Container c was using 512Ki, request is 0, has larger consumption of memory. "
    )
    assert eviction_annotations(Candidate(two, Usage(sum(used.values()), used)), THRESHOLD) == {
        "offending_containers": "a,c",
        "offending_containers_usage": "20Mi,512Ki",
        "starved_resource": "memory",
    }


def test_the_message_for_a_share_says_what_it_comes_to() -> None:
    [threshold] = EvictionConfig(hard={"nodefs.available": "10%"}).thresholds
    message = eviction_message(candidate("a", None), threshold, Observation(50 * MEBIBYTE, 1000 * MEBIBYTE))
    assert message == "The node was low on resource: ephemeral-storage. Threshold quantity: 100Mi, available: 50Mi. "


def test_the_message_for_processes_has_no_bytes() -> None:
    [threshold] = EvictionConfig(hard={"pid.available": "2k"}).thresholds
    message = eviction_message(candidate("a", 1), threshold, Observation(1500, 32768))
    assert message == "The node was low on resource: pids. Threshold quantity: 2k, available: 1500. "


POD = st.tuples(st.none() | st.integers(0, 500), st.none() | st.integers(1, 500), st.integers(-5, 5))


@given(st.lists(POD, max_size=12), st.sampled_from(list(Signal)))
def test_the_order_never_depends_on_the_order_before(
    pods: list[tuple[int | None, int | None, int]], signal: Signal
) -> None:
    found = [
        candidate(str(number), used, requests=f"{wanted}Mi" if wanted else None, priority=priority)
        for number, (used, wanted, priority) in enumerate(pods)
    ]

    def keys(ranked: list[Candidate]) -> list[Mapping[str, object]]:
        return [{"usage": one.usage, "priority": one.pod.spec.priority} for one in ranked]

    there, back = rank(signal, found), rank(signal, reversed(found))
    assert sorted(map(id, there)) == sorted(map(id, found))
    unknown = [one.usage is None for one in there]
    assert unknown == sorted(unknown, reverse=True)
    assert [entry["priority"] for entry in keys(there)] == [entry["priority"] for entry in keys(back)]
