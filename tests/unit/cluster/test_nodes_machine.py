"""Whatever nodes do, in whatever order: no identity runs twice, and when all are well again everything runs, once."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from podkit import Cluster, Deployment, Node, Pod, StatefulSet, VirtualClock, WaitTimeout
from podkit.runtime.base import POD_NAME, POD_UID, ContainerState
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.cluster.builders import shell
from tests.unit.cluster.conftest import BUSYBOX

NAMES = ("a", "b", "c")
NODES = st.sampled_from(NAMES)
CONTAINERS = shell("x", "sleep 9999999").spec.containers


class NodesMachine(RuleBasedStateMachine):
    """Three nodes with a Deployment of three and a StatefulSet of two. Node ``c`` never fails, so that not all are lost."""

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.clock = VirtualClock()
        self.engines = {name: SimulatedRuntime(self.clock, images=Images(remote=[BUSYBOX])) for name in NAMES}
        root = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.cluster = self.stack.enter_context(Cluster(nodes=self.engines, clock=self.clock, root_dir=root))
        self.outages: dict[str, ExitStack] = {}
        impatient = {"termination_grace_period_seconds": 1}
        self.web = self.cluster.create(Deployment.new("web", containers=CONTAINERS, replicas=3, **impatient))
        self.db = self.cluster.create(
            StatefulSet.new("db", service_name="db", containers=CONTAINERS, replicas=2, **impatient)
        )
        self.pass_time(20)

    def pass_time(self, seconds: float) -> None:
        with pytest.raises(WaitTimeout):
            self.cluster.wait("node/c", lambda _: False, timeout=seconds)

    # What machines do

    @rule(name=st.sampled_from(NAMES[:2]))
    def lose(self, name: str) -> None:
        if name not in self.outages:
            self.outages[name] = ExitStack()
            self.outages[name].enter_context(self.engines[name].faults.unavailable())

    @rule(name=NODES)
    def come_back(self, name: str) -> None:
        if name in self.outages:
            self.outages.pop(name).close()

    @rule(name=st.sampled_from(NAMES[:2]), times=st.integers(1, 4), seconds=st.sampled_from([1, 12, 55]))
    def flap(self, name: str, times: int, seconds: float) -> None:
        for _ in range(times):
            self.lose(name)
            self.pass_time(seconds)
            self.come_back(name)
            self.pass_time(seconds)

    @rule(seconds=st.sampled_from([1, 15, 70, 320]))
    def wait(self, seconds: float) -> None:
        self.pass_time(seconds)

    # What users do

    @rule(name=NODES)
    def cordon(self, name: str) -> None:
        self.cluster.cordon(name)

    @rule(name=NODES)
    def uncordon(self, name: str) -> None:
        self.cluster.uncordon(name)

    @rule(number=st.integers(0, 10))
    def delete_a_pod(self, number: int) -> None:
        pods = self.cluster.list(Pod)
        if pods:
            self.cluster.delete(pods[number % len(pods)], wait=False)

    # What always holds

    def running(self) -> Counter[str]:
        """How often each Pod of the StatefulSet runs, on all machines, also those that cannot be reached."""
        found: Counter[str] = Counter()
        for engine in self.engines.values():
            containers = SimulatedRuntime.containers.__wrapped__(engine, {})  # type: ignore[attr-defined]  # no fault hides it
            found.update(one.labels[POD_NAME] for one in containers if one.state is ContainerState.RUNNING)
        return Counter({name: count for name, count in found.items() if name.startswith("db-")})

    @invariant()
    def no_identity_runs_twice(self) -> None:
        if hasattr(self, "cluster"):
            assert all(count == 1 for count in self.running().values()), self.running()

    def teardown(self) -> None:
        if not hasattr(self, "cluster"):
            return
        with self.stack:
            for name in NAMES:
                self.come_back(name)
                self.cluster.uncordon(name)
            self.pass_time(200)
            self.all_is_well()

    def all_is_well(self) -> None:
        pods = {pod.metadata.uid for pod in self.cluster.list(Pod)}
        assert len(pods) == 5
        assert self.cluster.get(self.web).status.available_replicas == 3
        assert self.cluster.get(self.db).status.ready_replicas == 2
        sandboxes = [sandbox for engine in self.engines.values() for sandbox in engine.sandboxes({})]
        assert sorted(sandbox.labels[POD_UID] for sandbox in sandboxes) == sorted(pods)
        for node in self.cluster.list(Node):
            assert node.spec.taints == []
            assert [found.status for found in node.status.conditions if found.type == "Ready"] == ["True"]


NodesMachine.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestNodes = NodesMachine.TestCase
