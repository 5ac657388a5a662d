"""What the kubelet asks the engine about a Pod, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from podkit.errors import ContainerNotFound
from podkit.kubelet.observation import signature
from podkit.kubelet.view import PodView
from podkit.model import Container
from podkit.runtime.base import ContainerState, ContainerStatus, EventType, RuntimeEvent, SandboxStatus
from tests.unit.kubelet.builders import exited, running, sandbox


class Engine:
    """Holds two containers, and notes what it is asked."""

    def __init__(self) -> None:
        self.held = {one.id: one for one in (running(Container("a")), running(Container("b")))}
        self.asked: list[str] = []

    def sandboxes(self, _labels: object) -> list[SandboxStatus]:
        self.asked.append("all")
        return [sandbox()]

    def containers(self, _labels: object) -> list[ContainerStatus]:
        return list(self.held.values())

    def container(self, container_id: str) -> ContainerStatus:
        self.asked.append(container_id)
        if container_id not in self.held:
            raise ContainerNotFound("it is gone", operation="look")
        return self.held[container_id]

    def end(self, name: str) -> str:
        ended = exited(Container(name))
        self.held[ended.id] = ended
        return ended.id


def view_of(engine: Engine, *, new: bool = False) -> PodView:
    services = cast("Any", SimpleNamespace(runtime=engine, labels={}))
    return PodView("uid", services, new=new)


def ended(container_id: str) -> RuntimeEvent:
    return RuntimeEvent(EventType.EXITED, container_id)


def test_what_was_seen_counts_until_something_happens() -> None:
    engine = Engine()
    view = view_of(engine)
    assert view.now() == view.now()
    assert engine.asked == ["all"]


def test_a_new_pod_needs_no_look() -> None:
    engine = Engine()
    assert view_of(engine, new=True).now().containers == ()
    assert engine.asked == []


def test_of_a_container_that_has_ended_only_itself_is_looked_at() -> None:
    engine = Engine()
    view = view_of(engine)
    view.now()
    container_id = engine.end("a")
    assert view.take_in(ended(container_id))
    states = {one.id: one.state for one in view.now().containers}
    assert engine.asked == ["all", container_id]
    assert sorted(states.values()) == [ContainerState.EXITED, ContainerState.RUNNING]
    view.now()
    assert len(engine.asked) == 2


def test_everything_is_looked_at_when_one_has_ended_that_is_unknown_or_gone() -> None:
    engine = Engine()
    view = view_of(engine)
    view.now()
    view.take_in(ended("another"))
    view.now()
    gone = engine.end("a")
    del engine.held[gone]
    view.take_in(ended(gone))
    assert [one.id for one in view.now().containers] == list(engine.held)
    assert engine.asked == ["all", "all", gone, "all"]


def test_other_news_let_everything_be_looked_at() -> None:
    engine = Engine()
    view = view_of(engine)
    view.now()
    assert view.take_in(RuntimeEvent(EventType.SANDBOX_STOPPED, "sandbox-0"))
    view.now()
    view.look_anew()
    view.now()
    assert engine.asked == ["all"] * 3


def test_that_a_container_goes_is_news_unless_the_kubelet_removes_it() -> None:
    view = view_of(Engine())
    view.now()
    view.leaves("a")
    assert not view.take_in(RuntimeEvent(EventType.REMOVED, "a"))
    assert view.take_in(RuntimeEvent(EventType.REMOVED, "b"))


def test_the_outcome_of_a_change_is_known_if_it_is_certain() -> None:
    engine = Engine()
    view = view_of(engine)
    found = view.now()
    view.begin_change()
    view.end_change(found.without_container(found.containers[0].id), certain=True)
    assert len(view.now().containers) == 1
    view.begin_change()
    view.end_change(found, certain=False)
    view.begin_change()
    view.end_change(found, certain=True)
    view.now()
    view.begin_change()  # and then it fails
    view.now()
    assert engine.asked == ["all"] * 3


def test_it_agrees_with_a_list_while_it_has_yet_to_look() -> None:
    engine = Engine()
    view = view_of(engine)
    assert view.sees(frozenset())
    found = view.now()
    assert not view.sees(frozenset())
    assert view.sees(signature(found.sandboxes, found.containers))
    view.take_in(ended("a"))
    assert view.sees(frozenset())
