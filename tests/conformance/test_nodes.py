"""Several nodes, and what their taints do to Pods. All of them are the same Podman here, which changes nothing for a Pod."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from podkit import Cluster, Deployment, Event, Node, Pod, PodkitError, PodmanRuntime, Toleration
from tests.conformance.build import SLEEP, lasting, shell
from tests.conformance.place import PATIENCE, eventually
from tests.environment import Environment

TAINT = {"key": "podkit.test/evict", "value": "now", "effect": "NoExecute"}


@pytest.fixture(scope="module")
def pair(podman_environment: Environment) -> Iterator[Cluster]:
    """A cluster of two nodes."""
    with (
        closing(PodmanRuntime()) as one,
        closing(PodmanRuntime()) as other,
        Cluster(nodes={"a": one, "b": other}) as cluster,
    ):
        yield cluster


def tolerating(seconds: int | None) -> Toleration:
    return Toleration(TAINT["key"], "Equal", TAINT["value"], "NoExecute", seconds)


def on_a(name: str, *tolerations: Toleration) -> Pod:
    """A Pod on the node ``a``."""
    return lasting(name, tolerations=list(tolerations), node_selector={"kubernetes.io/hostname": "a"})


@pytest.fixture
def taint(pair: Cluster) -> Iterator[list[dict[str, str]]]:
    """The taint, for the node ``a``; it is taken away afterwards, with all Pods."""
    yield [TAINT]
    pair.patch(Node, "a", {"spec": {"taints": []}}, type="merge")
    pair.delete_collection(Pod, grace_period=0)


def events(cluster: Cluster, pod: Pod) -> list[str | None]:
    found: list[Event] = cluster.events(pod)
    return [event.message for event in found if event.reason == "TaintManagerEviction"]


@pytest.mark.behaviour("node/taint-noexecute-limits")
def test_node_taint_noexecute_limits(pair: Cluster, taint: list[dict[str, str]]) -> None:
    pods = [on_a("none"), on_a("short", tolerating(1)), on_a("long", tolerating(3)), on_a("ever", tolerating(None))]
    none, short, long, ever = pair.wait([pair.create(pod) for pod in pods], "Ready", timeout=PATIENCE)
    with pair.watch(Pod, namespace="default") as changes:
        pair.patch(Node, "a", {"spec": {"taints": taint}})
        pair.wait([none, short, long], "deleted", timeout=PATIENCE)
        endings: dict[str | None, Pod] = {}
        wanted = {pod.metadata.uid for pod in (none, short, long)}
        while endings.keys() != wanted:
            pod = next(changes).object
            if pod.metadata.deletion_timestamp is not None and pod.metadata.uid in wanted:
                endings.setdefault(pod.metadata.uid, pod)
    ends = []
    for pod in (none, short, long):
        ending = endings[pod.metadata.uid]
        (condition,) = [found for found in ending.status.conditions if found.type == "DisruptionTarget"]
        assert (condition.status, condition.reason) == ("True", "DeletionByTaintManager")
        ends.append(condition.last_transition_time)
        assert events(pair, pod) == [f"Marking for deletion Pod default/{pod.metadata.name}"]
    assert ends == sorted(ends)
    assert pair.get(Pod, "ever").metadata.uid == ever.metadata.uid
    assert pair.get(Pod, "ever").metadata.deletion_timestamp is None


def test_the_pods_of_a_drained_node_move_and_nothing_is_left_there(pair: Cluster, taint: list[dict[str, str]]) -> None:
    web = pair.create(Deployment.new("web", replicas=4, containers=[shell(SLEEP)], termination_grace_period_seconds=1))
    pair.wait(web, "Available", timeout=PATIENCE)
    pair.wait(pair.create(on_a("bare")), "Ready", timeout=PATIENCE)
    with pytest.raises(PodkitError, match="declare no controller"):
        pair.drain("a", timeout=PATIENCE)
    gone = pair.drain("a", force=True, timeout=PATIENCE)
    assert {pod.spec.node_name for pod in gone} == {"a"}
    pair.wait(web, "status.availableReplicas=4", timeout=PATIENCE)
    assert {pod.spec.node_name for pod in pair.list(Pod)} == {"b"}
    pair.uncordon("a")
    pair.delete(web, propagation="Foreground", timeout=PATIENCE)


def test_a_taint_that_goes_in_time_harms_nobody(pair: Cluster, taint: list[dict[str, str]]) -> None:
    pods = [pair.create(on_a("goes")), pair.create(on_a("spared", tolerating(60)))]
    goes, spared = pair.wait(pods, "Ready", timeout=PATIENCE)
    pair.patch(Node, "a", {"spec": {"taints": taint}})
    pair.wait(goes, "deleted", timeout=PATIENCE)
    pair.patch(Node, "a", {"spec": {"taints": []}}, type="merge")
    cancelled = ["Cancelling deletion of Pod default/spared"]
    eventually(lambda: events(pair, spared) == cancelled, "the deletion is cancelled")
    assert pair.get(Pod, "spared").metadata.deletion_timestamp is None
