"""A node through random fortunes: Pods come, use and write more or less, memory grows short, the kubelet and its engine fail."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from podkit.errors import ContainerNotFound, RuntimeUnavailable
from podkit.model import EmptyDirVolumeSource, Pod, ResourceRequirements, Volume, VolumeMount
from podkit.runtime.base import ContainerStats, MachineStats
from tests.unit.kubelet.world import World, main

MEBIBYTE = 1 << 20
WRITES = "for i in $(seq 400); do echo 0123456789012345678901234567890123456789 >>/scratch/file; done; exec sleep 36000"
SCRATCH = [VolumeMount("scratch", "/scratch")]
OPERATIONS = ("stats", "storage_used", "machine_stats", "containers", "signal_container", "remove_container")


class Fortunes(RuleBasedStateMachine):
    """After each step: who is spared runs on, and who had to go says why."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.world = World(self.root)
        self.count = 0
        self.short = False
        self.ever_short = False

    def teardown(self) -> None:
        self.world.runtime.faults.heal()
        self.world.pass_time(180)
        for pod in self.pods("Failed"):
            _, containers = self.world.engine_holds(pod.metadata.name or "")
            assert containers == 0, "an evicted Pod leaves no containers"
            assert not list((self.root / "pods").glob(f"{pod.metadata.uid}/volumes")), "nor volumes"
        self.world.kubelet.stop()
        self.world.kubelet.evict_all(grace=0)
        shutil.rmtree(self.root)

    def pods(self, phase: str) -> list[Pod]:
        return [pod for pod in self.world.store.list(Pod) if pod.status.phase == phase]

    @rule(request=st.sampled_from([None, "50Mi", "200Mi"]), critical=st.booleans(), writes=st.booleans())
    def create(self, request: str | None, critical: bool, writes: bool) -> None:
        self.count += 1
        kind = "critical" if critical else "writer" if writes else "plain"
        container = main(["sh", "-c", WRITES] if writes else ["sleep", "36000"], volume_mounts=SCRATCH)
        container.resources = ResourceRequirements(requests={"memory": request} if request else {})
        self.world.create(
            container,
            name=f"{kind}-{self.count}",
            volumes=[Volume("scratch", empty_dir=EmptyDirVolumeSource(size_limit="10Ki"))],
            priority_class_name="system-node-critical" if critical else None,
            restart_policy="Always",
        )
        self.world.pass_time(1)

    @rule(used=st.integers(0, 500), number=st.integers(0, 20))
    def use(self, used: int, number: int) -> None:
        running = self.pods("Running")
        if running:
            [one] = running[number % len(running)].status.container_statuses
            container_id = (one.container_id or "").partition("://")[2]
            with contextlib.suppress(ContainerNotFound):
                self.world.runtime.set_stats(container_id, ContainerStats(0.0, used * MEBIBYTE))

    @rule(left=st.sampled_from([20, 99, 100, 4000]))
    def leave(self, left: int) -> None:
        self.short = left < 100
        self.ever_short = self.ever_short or self.short
        self.world.runtime.set_machine_stats(MachineStats(memory_available=left * MEBIBYTE))

    @rule()
    def look(self) -> None:
        """One look of the kubelet at its node."""
        before = {pod.metadata.name for pod in self.pods("Failed")}
        self.world.pass_time(10)
        for_room = [
            pod
            for pod in self.pods("Failed")
            if pod.metadata.name not in before and (pod.status.message or "").startswith("The node was low")
        ]
        assert len(for_room) <= 1, "one Pod after the other makes room"

    @rule(operation=st.sampled_from(OPERATIONS), times=st.integers(1, 3))
    def fail(self, operation: str, times: int) -> None:
        self.world.runtime.faults.fail(operation, RuntimeUnavailable("the engine does not answer"), times=times)

    @rule()
    def restart(self) -> None:
        self.world.kubelet.stop()
        self.world.kubelet = self.world.new_kubelet()

    @precondition(lambda self: self.pods("Failed"))
    @rule()
    def delete_one_that_has_failed(self) -> None:
        self.world.store.delete(Pod, self.pods("Failed")[0].metadata.name or "")
        self.world.pass_time(1)

    @invariant()
    def who_is_critical_goes_on(self) -> None:
        assert not [pod for pod in self.pods("Failed") if (pod.metadata.name or "").startswith("critical")]

    @invariant()
    def whoever_has_failed_was_evicted_and_says_why(self) -> None:
        for pod in self.pods("Failed"):
            message = pod.status.message or ""
            assert pod.status.reason == "Evicted"
            told = {condition.type for condition in pod.status.conditions}
            if message.startswith("Usage of EmptyDir"):
                assert (pod.metadata.name or "").startswith("writer")
                assert "DisruptionTarget" not in told
            else:
                assert self.ever_short
                assert ("DisruptionTarget" in told) is message.startswith("The node was low on resource: memory. ")


QUICK = (Phase.reuse, Phase.generate)
"""Making a story that fails shorter takes minutes: remove this to have it."""
TestFortunes = Fortunes.TestCase
TestFortunes.settings = settings(max_examples=10, stateful_step_count=20, deadline=None, phases=QUICK)
