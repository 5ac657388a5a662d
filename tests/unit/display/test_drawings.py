"""Timelines and topologies: as text, as drawings, as files."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from podkit import Cluster, Container, Deployment, Pod, PodkitError, display
from podkit.cluster.pod_columns import summarize
from podkit.cluster.timeline import Mark, Span, Timeline
from podkit.cluster.topology import Thing, Topology
from podkit.display.topologies import place_all
from tests.unit.cluster.builders import job, shell
from tests.unit.display.page import read
from tests.unit.display.test_pictures import HOSTILE, is_harmless

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    """The texts of a drawing, as a reader of XML finds them."""
    return [element.text or "" for element in Xml.fromstring(svg).iter(f"{SVG}text")]  # our own


def hints(svg: str) -> str:
    return "\n".join(element.text or "" for element in Xml.fromstring(svg).iter(f"{SVG}title"))  # our own


def web(replicas: int = 2) -> Deployment:
    main = Container("main", image="busybox", command=["sleep", "3600"])
    return Deployment.new("web", containers=[main], replicas=replicas)


def test_a_timeline_tells_of_runs_and_waits_and_events(cluster: Cluster) -> None:
    pod = cluster.create(shell("crash", "sleep 2; exit 3"))
    cluster.wait(pod, lambda pod: summarize(pod).status == "CrashLoopBackOff")
    timeline = cluster.timeline(pod)
    assert list(timeline.lanes) == ["Pod", "main"]
    [run] = [span for span in timeline.spans if span.word == "Error"]
    assert (run.lane, run.text, (run.end - run.begin).total_seconds()) == ("main", "exit code 3", 2)
    assert "CrashLoopBackOff" in {span.word for span in timeline.spans if span.lane == "main"}
    assert "BackOff: Back-off restarting failed container main" in str(timeline)


def test_a_timeline_is_drawn(cluster: Cluster) -> None:
    cluster.wait(cluster.create(shell("web", "sleep 3600")), "Ready")
    timeline = cluster.timeline("pod/web")
    assert "svg" in read(timeline).names
    svg = display.svg(timeline)
    assert {"Pod", "main"} <= set(words(svg))
    assert "Started: Started container main" in hints(svg)


def test_the_timeline_of_a_pod_that_has_ended_ends_with_it(cluster: Cluster) -> None:
    pod = cluster.run(shell("once", "sleep 5", restart_policy="Never"))
    ended = pod.status.container_statuses[0].state.terminated.finished_at  # type: ignore[union-attr]
    later = cluster.create(shell("later", "sleep 3600"))
    cluster.wait(later, "Ready")
    assert cluster.timeline(pod).end == ended


def test_only_pods_have_a_timeline(cluster: Cluster) -> None:
    with pytest.raises(PodkitError, match="is no Pod"):
        cluster.timeline(cluster.create(web()))


def test_a_topology_is_a_tree_of_owners(cluster: Cluster) -> None:
    made = cluster.create(web())
    cluster.rollout(made).wait()
    lone = cluster.wait(cluster.create(shell("lone", "sleep 3600")), "Ready")
    lines = str(cluster.topology()).splitlines()
    assert lines[0] == "Deployment web: 2/2 ready"
    assert lines[1].startswith("  ReplicaSet web-")
    assert lines[2].startswith("    Pod web-")
    assert lines[2].endswith("Running on node-1")
    assert lines[4] == f"Pod {lone.metadata.name}: Running on node-1"
    assert "lone" not in str(cluster.topology(made))
    assert (
        str(cluster.topology(Deployment, "web")) == str(cluster.topology("deploy/web")) == str(cluster.topology(made))
    )


def test_a_topology_is_drawn(cluster: Cluster) -> None:
    cluster.run(job("sum", "true", completions=2))
    svg = display.svg(cluster.topology())
    assert {"sum", "node-1", "Job · Complete", "Pod · Completed"} <= set(words(svg))
    assert len(list(Xml.fromstring(svg).iter(f"{SVG}path"))) == 4, "from the Job to its Pods, from these to the node"


def test_of_many_pods_some_are_drawn_and_the_others_counted(cluster: Cluster) -> None:
    cluster.rollout(cluster.create(web(20))).wait()
    assert "and 8 more" in words(display.svg(cluster.topology()))


def test_nothing_is_drawn_as_such(cluster: Cluster) -> None:
    assert str(cluster.topology(namespace="elsewhere")) == ""
    assert display.svg(Topology([], []))


def test_no_two_boxes_lie_upon_another() -> None:
    things = [[Thing(f"{column}{row}", "Pod", "x", "Running") for row in range(column + 1)] for column in range(4)]
    links = [(f"{column}0", f"{column + 1}{row}") for column in range(3) for row in range(column + 2)]
    places = place_all(Topology(things, links))
    for column in things:
        ys = sorted(places[thing.id].y for thing in column)
        assert all(below - above >= 50 for above, below in itertools.pairwise(ys))


def test_names_and_messages_are_only_ever_text() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    timeline = Timeline(
        HOSTILE,
        now,
        now,
        ["Pod", HOSTILE],
        [Span(HOSTILE, now, now, HOSTILE, HOSTILE)],
        [Mark(HOSTILE, now, HOSTILE, HOSTILE)],
    )
    for drawn in (timeline, Topology([[Thing("1", HOSTILE, HOSTILE, HOSTILE)]], [])):
        assert is_harmless(read(drawn))
        assert words(display.svg(drawn))


def test_what_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(PodkitError, match="there is no drawing of a Pod"):
        display.svg(Pod.new("a", containers=[]))


class Screen:
    """A notebook that is shown something, and then its updates."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.changed = threading.Condition()

    def display(self, bundle: dict[str, Any], **_: Any) -> Any:
        self.update(bundle)
        return SimpleNamespace(update=self.update)

    def update(self, bundle: dict[str, Any], **_: Any) -> None:
        with self.changed:
            self.pages.append(bundle["text/html"])
            self.changed.notify_all()

    def wait_for(self, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: text in self.pages[-1], timeout=20)


def test_a_live_table_follows_in_place_until_it_is_closed(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("IPython.display.display", screen.display)
    table = cluster.live("pods")
    table._ipython_display_()
    assert "nothing" in screen.pages[0]
    pod = cluster.create(shell("web", "sleep 3600"))
    screen.wait_for("web")
    cluster.wait(pod, "Ready")
    screen.wait_for("Running")
    table.close()
    assert [one.metadata.name for one in table.objects] == ["web"]


def test_a_live_table_ends_with_its_cluster(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("IPython.display.display", screen.display)
    cluster.live()._ipython_display_()
    cluster.close()
    followers = [thread for thread in threading.enumerate() if thread.name == "podkit-live"]
    for thread in followers:
        thread.join(20)
        assert not thread.is_alive()


def test_a_live_table_without_a_notebook_is_looked_at(cluster: Cluster) -> None:
    with cluster.live(Pod, labels="app=web") as table:
        cluster.create(shell("web", "sleep 1", labels={"app": "web"}))
        cluster.create(shell("other", "sleep 1"))
        assert [one.metadata.name for one in table.objects] == ["web"]
        assert "web" in read(table).cells
