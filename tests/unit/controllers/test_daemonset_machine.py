"""Whatever happens to a DaemonSet, its Pods and its nodes, in whatever order: its limits hold, and it comes to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from podkit.controllers import DaemonSetController, GarbageCollector
from podkit.controllers.daemonset.placement import node_of
from podkit.controllers.pod_state import is_ready
from podkit.model.daemonset import DaemonSet
from podkit.model.node import Node, Taint
from podkit.model.pod import Pod
from tests.unit.controllers.daemons import Daemons, daemon_set, node
from tests.unit.controllers.workloads import image_of

IMAGES = ("v1", "v2", "bad")
NAMES = ("n0", "n1", "n2", "n3")
NUMBERS = st.integers(0, 50)


class DaemonSetMachine(RuleBasedStateMachine):
    """A DaemonSet for nodes that are not grey, whose Pods with the image ``bad`` never become ready."""

    world: Daemons

    @initialize(limits=st.sampled_from([(0, 1), (1, 0), (2, 0), (0, 2), (0, "50%")]))
    def begin(self, limits: tuple[int, int | str]) -> None:
        self.world = Daemons(3)
        surge, unavailable = limits
        self.surges, self.budget = bool(surge), {"50%": 2}.get(str(unavailable), unavailable)
        self.quiet = False
        made = daemon_set(surge=surge, unavailable=unavailable)
        made.spec.template.spec.node_selector = {"kind": "worker"}
        for name in ("n0", "n1", "n2"):
            self.world.store.patch(Node, name, {"metadata": {"labels": {"kind": "worker"}}})
        self.world.store.create(made)

    # What users do

    @rule(image=st.sampled_from(IMAGES))
    def change_template(self, image: str) -> None:
        container = {"name": "main", "image": image}
        self.world.store.patch(DaemonSet, "web", {"spec": {"template": {"spec": {"containers": [container]}}}})

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(["worker", "grey"]))
    def label_a_node(self, name: str, kind: str) -> None:
        self.quiet = False
        if self._has(name):
            self.world.store.patch(Node, name, {"metadata": {"labels": {"kind": kind}}})

    @rule(name=st.sampled_from(NAMES), effect=st.sampled_from(["NoSchedule", "NoExecute", None]))
    def taint_a_node(self, name: str, effect: str | None) -> None:
        self.quiet = False
        if self._has(name):
            changed = self.world.store.get(Node, name)
            changed.spec.taints = [Taint(key="t", effect=effect)] if effect else []
            self.world.store.update(changed)

    @rule(name=st.sampled_from(NAMES))
    def a_node_comes(self, name: str) -> None:
        self.quiet = False
        if not self._has(name):
            self.world.store.create(node(name, kind="worker"))

    @rule(number=NUMBERS)
    def delete_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self.world.store.delete(Pod, pod.metadata.name))

    # What nodes and kubelets do

    @rule(name=st.sampled_from(NAMES))
    def a_node_goes_with_its_pods(self, name: str) -> None:
        self.quiet = False
        if self._has(name):
            self.world.store.delete(Node, name)
            for pod in self.world.pods():
                if pod.spec.node_name == name:
                    self.world.store.delete(Pod, pod.metadata.name, grace_period=0)

    @rule()
    def run_what_can_run(self) -> None:
        """Only a node that there is can run something."""
        pending = [pod for pod in self.world.active() if pod.status.phase == "Pending" and self._has(node_of(pod))]
        waiting = [pod for pod in pending if image_of(pod) != "bad"]
        self._playing_kubelet(lambda: self.world.run(*waiting))

    @rule(number=NUMBERS)
    def end_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self._playing_kubelet(lambda: self.world.fail(pod)))

    @rule()
    def stop_what_is_deleted(self) -> None:
        self._playing_kubelet(self.world.stop_deleted)

    # What controllers do

    @rule()
    def it_works_until_nothing_is_left_to_do(self) -> None:
        """Once it has seen what others did, it takes no more available Pods away than it may."""
        before = self._available()
        self.world.settle()
        if self.quiet and not self.surges:
            wanted = self.world.numbers()["desired"] or 0
            assert self._available() >= min(before, wanted - self.budget)
        self.quiet = True

    @rule(which=st.integers(0, 1))
    def a_controller_dies_and_another_one_takes_over(self, which: int) -> None:
        make = (DaemonSetController, GarbageCollector)[which]
        self.world.loops[which].stop()
        self.world.loops[which] = make(self.world.store, clock=self.world.clock)

    @rule()
    def something_is_reconciled_for_no_reason(self) -> None:
        self.world.loops[0].loop.enqueue(("default", "web"))

    @rule(seconds=st.sampled_from([1, 30, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.world.advance(seconds)

    # What holds at every moment

    @invariant()
    def no_node_has_more_pods_than_it_may(self) -> None:
        counts = Counter(node_of(pod) for pod in self.world.active())
        assert all(count <= 1 + self.surges for count in counts.values())

    @invariant()
    def without_surge_a_pod_comes_only_when_the_former_one_is_gone(self) -> None:
        if not self.surges:
            alive = [pod for pod in self.world.pods() if pod.status.phase not in ("Failed", "Succeeded")]
            assert all(count == 1 for count in Counter(map(node_of, alive)).values())

    @invariant()
    def each_pod_has_one_controller(self) -> None:
        for pod in self.world.pods():
            assert sum(bool(owner.controller) for owner in pod.metadata.owner_references) == 1

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def it_comes_to_rest_as_it_shall_be(self) -> None:
        self.quiet = False
        self.change_template("v2")
        for name in NAMES:
            self.taint_a_node(name, None)
        for _ in range(20):
            self.world.settle()
            self.run_what_can_run()
            self.stop_what_is_deleted()
            self.world.advance(1000)
        nodes = [one for one in self.world.store.list(Node) if one.metadata.labels.get("kind") == "worker"]
        assert self.world.nodes() == sorted(one.metadata.name for one in nodes)
        assert self.world.images() == ["v2"] * len(nodes)
        numbers = self.world.numbers()
        assert [numbers[name] for name in ("desired", "current", "ready", "updated", "available")] == [len(nodes)] * 5
        assert (numbers["unavailable"], numbers["misscheduled"]) == (0, 0)

    # How it is done

    def _has(self, name: str) -> bool:
        return any(one.metadata.name == name for one in self.world.store.list(Node))

    def _available(self) -> int:
        return sum(map(is_ready, self.world.active()))

    def _with_pod(self, number: int, do: Callable[[Pod], object]) -> None:
        self.quiet = False
        pods = self.world.active()
        if pods:
            do(pods[number % len(pods)])

    def _playing_kubelet(self, act: Callable[[], object]) -> None:
        """Let the kubelet act alone: the controller sees it when it is its turn."""
        loops, self.world.loops = self.world.loops, []
        try:
            act()
        finally:
            self.world.loops = loops


DaemonSetMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestDaemonSets = DaemonSetMachine.TestCase
