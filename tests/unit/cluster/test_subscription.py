"""Functions that are called when objects change."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from podkit import (
    Cluster,
    ConfigMap,
    Event,
    ObjectChange,
    Pod,
    PodkitError,
    SelectorError,
    SimulatedRuntime,
    SystemClock,
    UnknownKind,
)
from podkit.runtime.simulated import Images
from tests.unit.cluster.builders import once, shell
from tests.unit.cluster.conftest import BUSYBOX


def test_it_is_told_of_what_is_there_and_of_each_change(cluster: Cluster) -> None:
    told: list[tuple[str, str, str]] = []

    def tell(change: ObjectChange[Pod]) -> None:
        if change.object.metadata.name != "web":
            return
        before = change.old.status.phase or "" if change.old is not None else ""
        told.append((change.type, before, change.object.status.phase or ""))

    pod = cluster.create(shell("web", "sleep 5", restart_policy="Never"))
    cluster.on(Pod, tell)
    cluster.wait(pod, "phase=Succeeded")
    cluster.delete(pod)
    cluster.run(once("other", "true"))

    assert told[0] == ("ADDED", "", "Pending")
    assert ("MODIFIED", "Pending", "Running") in told
    assert ("MODIFIED", "Running", "Succeeded") in told
    assert told[-1] == ("DELETED", "Succeeded", "Succeeded")


def test_events_are_a_kind_like_others(cluster: Cluster) -> None:
    reasons: list[str | None] = []
    cluster.on(Event, lambda change: reasons.append(change.object.reason))

    cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")

    assert {"Scheduled", "Pulled", "Created", "Started"} <= set(reasons)


def test_it_is_told_of_what_was_selected_only(cluster: Cluster) -> None:
    names: list[str | None] = []
    cluster.on("cm", lambda change: names.append(change.object.metadata.name), namespace="team", labels="app=web")

    for namespace, app in (("team", "web"), ("team", "db"), ("default", "web")):
        cluster.create(ConfigMap.new(f"{app}-{namespace}", {}, namespace=namespace, labels={"app": app}))
    cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")

    assert names == ["web-team"]


def test_a_handler_may_change_what_it_is_given_and_use_the_cluster(cluster: Cluster) -> None:
    def note(change: ObjectChange[Pod]) -> None:
        change.object.metadata.labels["mine"] = "yes"
        if change.type == "ADDED":
            cluster.create(ConfigMap.new(f"seen-{change.object.metadata.name}", {}))
            cluster.wait(change.object, "Ready")

    cluster.on(Pod, note)
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")

    assert cluster.get(ConfigMap, "seen-web").data == {}
    assert "mine" not in cluster.get(Pod, "web").metadata.labels
    assert pod.metadata.labels == {}


def test_what_a_handler_raises_is_logged_and_keeps_nothing_from_going_on(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def fail(change: ObjectChange[Pod]) -> None:
        seen.append(change.type)
        raise ZeroDivisionError("mine")

    cluster.on(Pod, fail)
    cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")

    assert len(seen) > 1
    record: Any = next(
        record for record in caplog.records if "a handler of changes of pods failed" in record.getMessage()
    )
    assert (record.levelname, record.pod, record.namespace) == ("ERROR", "web", "default")
    assert "ZeroDivisionError: mine" in caplog.text


def test_after_closing_it_is_told_nothing(cluster: Cluster) -> None:
    names: list[str | None] = []
    with cluster.on(Pod, lambda change: names.append(change.object.metadata.name)) as subscription:
        cluster.wait(cluster.create(shell("first", "sleep 1000")), "Ready")
    before = len(names)

    cluster.wait(cluster.create(shell("second", "sleep 1000")), "Ready")
    subscription.close()

    assert before > 0
    assert names == ["first"] * before


def test_mistakes_are_said_at_once(cluster: Cluster) -> None:
    with pytest.raises(UnknownKind, match="did you mean Pod"):
        cluster.on("pds", print)
    with pytest.raises(SelectorError):
        cluster.on(Pod, print, labels="app in web")
    with pytest.raises(TypeError, match="a handler is a function"):
        cluster.on(Pod, "print")  # type: ignore[call-overload]  # this is the mistake
    cluster.close()
    with pytest.raises(PodkitError, match="closed"):
        cluster.on(Pod, print)


def test_with_threads_it_is_called_in_one_of_its_own(tmp_path: Path) -> None:
    ready, threads = threading.Event(), set()

    def look(change: ObjectChange[Pod]) -> None:
        threads.add(threading.current_thread().name)
        if any(
            condition.type == "Ready" and condition.status == "True" for condition in change.object.status.conditions
        ):
            ready.set()

    clock = SystemClock()
    engine = SimulatedRuntime(clock, images=Images(remote=[BUSYBOX]))
    with Cluster(engine, clock=clock, root_dir=tmp_path) as cluster:
        cluster.on("pods", look)
        cluster.create(shell("web", "sleep 1000"))
        assert ready.wait(30)
    assert threads == {"podkit-on-pods"}
    assert "podkit-on-pods" not in {thread.name for thread in threading.enumerate()}


def test_a_handler_that_waits_does_not_hold_up_the_end(tmp_path: Path) -> None:
    begun = threading.Event()

    def wait_for_what_never_comes(change: ObjectChange[Pod]) -> None:
        begun.set()
        cluster.wait(change.object, "phase=Failed")

    clock = SystemClock()
    engine = SimulatedRuntime(clock, images=Images(remote=[BUSYBOX]))
    with Cluster(engine, clock=clock, root_dir=tmp_path) as cluster:
        cluster.on("pods", wait_for_what_never_comes)
        cluster.create(shell("web", "sleep 1000"))
        assert begun.wait(30)
    assert "podkit-on-pods" not in {thread.name for thread in threading.enumerate()}
