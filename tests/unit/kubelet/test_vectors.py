"""The numbers that a kubelet is known by, as whole stories on a virtual clock: each test is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from podkit.kubelet.expansion import expand
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.plan import StopContainer
from podkit.kubelet.restart import backoff_key
from podkit.kubelet.status import Situation, generate
from podkit.kubelet.sync import decide
from podkit.model import (
    Container,
    EmptyDirVolumeSource,
    EnvVar,
    ExecAction,
    Lifecycle,
    LifecycleHandler,
    Pod,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import EventType, ExecResult, RuntimeEvent
from podkit.runtime.simulated import Images, SimulatedImage, SimulatedRuntime
from tests.unit.kubelet.builders import NOW, container, exited, observed, pod, running, sidecar
from tests.unit.kubelet.test_prober import CHECK
from tests.unit.kubelet.test_prober import World as ProbedContainer
from tests.unit.kubelet.world import World, is_running, main


class TestRestarts:
    """How long a container waits from its end to its next start."""

    @pytest.fixture
    def waits(self, world: World) -> list[float]:
        """The waits so far; they grow with each start."""
        found: list[float] = []
        ends: list[float] = []

        def note(event: RuntimeEvent) -> None:
            if event.type is EventType.EXITED:
                ends.append(world.clock.monotonic())
            elif event.type is EventType.STARTED and ends:
                found.append(round(world.clock.monotonic() - ends[-1]))

        world.runtime.subscribe({}, note)
        return found

    def test_a_container_that_ends_at_once_waits_0_10_20_40_80_160_300_300_seconds(
        self, world: World, waits: list[float]
    ) -> None:
        world.create(main(["false"]), restart_policy="Always")
        world.pass_time(0 + 10 + 20 + 40 + 80 + 160 + 300 + 300 + 30)
        assert waits == [0, 10, 20, 40, 80, 160, 300, 300]

    def test_so_does_one_that_ends_well(self, world: World, waits: list[float]) -> None:
        world.create(main(["true"]), restart_policy="Always")
        world.pass_time(40)
        assert waits == [0, 10, 20]

    def test_after_a_run_of_601_seconds_the_next_wait_is_0(self, world: World, waits: list[float]) -> None:
        script = "echo x >>/runs/list; case $(wc -l </runs/list) in 4) sleep 601;; esac; exit 1"
        command = ["sh", "-c", script]
        runs = Volume("runs", empty_dir=EmptyDirVolumeSource())
        world.create(
            main(command, volume_mounts=[VolumeMount("runs", "/runs")]), volumes=[runs], restart_policy="Always"
        )
        world.pass_time(0 + 10 + 20 + 601 + 15)
        assert waits == [0, 10, 20, 0, 10]

    def test_with_another_image_the_next_wait_is_0(self, world: World, waits: list[float]) -> None:
        world.create(main(["false"]), restart_policy="Always")
        world.pass_time(45)
        assert waits == [0, 10, 20]
        changed = world.pod()
        changed.spec.containers[0].image = "late"
        world.store.update(changed)
        world.pass_time(1)
        assert waits[3:] == [
            15
        ]  # of the 40 s that it would have waited; from there on the waits are those of a new container
        world.pass_time(12)
        assert waits[4:] == [10]


class TestReadiness:
    """When a readiness probe of a period of 10 s probes first."""

    def first_probe(self, probed: ProbedContainer) -> float:
        probed.prober.tick(probed.pod, observed())
        seen = probed.running()
        probed.clock.advance(0.5)
        probed.pass_time(15, seen)
        return probed.probed[0]

    def test_a_first_sync_before_the_initial_delay_resets_the_ticker(self) -> None:
        probe = attrs.evolve(CHECK, initial_delay_seconds=5)
        assert self.first_probe(ProbedContainer(container(readiness_probe=probe))) == 10.5

    def test_without_initial_delay_it_is_at_the_first_sync(self) -> None:
        assert self.first_probe(ProbedContainer(container(readiness_probe=CHECK))) == 0.5

    def test_after_a_startup_probe_it_is_at_the_next_sync_and_not_a_period_later(self) -> None:
        probed = ProbedContainer(container(readiness_probe=CHECK, startup_probe=CHECK))
        probed.answers = lambda seconds: seconds >= 20
        probed.pass_time(25, probed.running())
        assert probed.probed == [0, 10, 20, 20]
        assert probed.verdict("readiness") is True


class Signals(SimulatedRuntime):
    """Notes when which container is signalled, and runs a command in it."""

    def note(self, container_id: str, what: str) -> None:
        name = self.container(container_id).labels["io.kubernetes.container.name"]
        self.__dict__.setdefault("noted", []).append((round(self.clock.monotonic()), name, what))

    def signal_container(self, container_id: str, signal: str) -> None:
        self.note(container_id, signal)
        super().signal_container(container_id, signal)

    def exec(
        self, container_id: str, argv: Sequence[str], *, stdin: bytes | None = None, timeout: float | None = None
    ) -> ExecResult:
        self.note(container_id, argv[0])
        return super().exec(container_id, argv, stdin=stdin, timeout=timeout)


class TestSidecars:
    """When the sidecars A and B of a Pod with a grace period of 30 s are told to end."""

    def ended(self, tmp_path: Path, seconds: int) -> list[tuple[int, str, str]]:
        """What happens from the deletion on, when the main container takes so long to end."""
        world = World(tmp_path)
        world.kubelet.stop()
        world.runtime = Signals(world.clock, images=Images(local=["busybox"]))
        world.kubelet = world.new_kubelet()
        hook = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(["true"])))
        fields = {
            "image": "busybox",
            "image_pull_policy": "IfNotPresent",
            "restart_policy": "Always",
            "lifecycle": hook,
        }
        obeys = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"]
        first, second = (Container(name, command=obeys, **fields) for name in ("a", "b"))
        script = f"trap 'sleep {seconds}; exit 0' TERM; while true; do sleep 1; done"
        world.create(main(["sh", "-c", script]), init_containers=[first, second], termination_grace_period_seconds=30)
        world.until(is_running)
        start = round(world.clock.monotonic())
        world.store.delete(Pod, "web")
        world.pass_time(60)
        world.kubelet.stop()
        return [(moment - start, name, what) for moment, name, what in world.runtime.noted]

    def test_when_the_main_container_has_ended_after_10_s_they_are_told_in_reverse_order(self, tmp_path: Path) -> None:
        noted = self.ended(tmp_path, 10)
        assert {(0, "a", "true"), (0, "b", "true"), (0, "main", "SIGTERM")} <= set(noted)
        told = [(moment, name) for moment, name, what in noted if what == "SIGTERM" and name != "main"]
        assert [name for _, name in told] == ["b", "a"]
        assert all(10 <= moment <= 13 for moment, _ in told)  # each ends within a second when it is told to

    def test_when_it_takes_40_s_they_are_told_at_30_and_have_2_s(self, tmp_path: Path) -> None:
        noted = self.ended(tmp_path, 40)
        assert {(0, "a", "true"), (0, "b", "true")} <= set(noted)
        assert {(30, "a", "SIGTERM"), (30, "b", "SIGTERM"), (30, "main", "SIGKILL")} <= set(noted)
        assert {moment for moment, _, what in noted if what == "SIGKILL"} <= {30, 32}


class TestPhase:
    """What a Pod's phase is, by the states of its containers."""

    def phase(self, of: Pod, seen: ObservedPod) -> str | None:
        memory = PodMemory()
        plan = decide(of, seen, memory, NOW)
        return generate(Situation(of, seen, memory, plan, ["192.0.2.1"], "simulated", NOW)).phase

    def test_a_container_that_waits_to_be_started_again_leaves_it_running(self) -> None:
        of = pod(policy="Always")
        of.status.phase = "Running"
        memory = PodMemory()
        memory.backoff.restarted(backoff_key(of.spec.containers[0]), NOW, NOW)
        seen = observed(exited(code=1, attempt=1), exited(code=1, attempt=0))
        plan = decide(of, seen, memory, NOW)
        status = generate(Situation(of, seen, memory, plan, ["192.0.2.1"], "simulated", NOW))
        [one] = status.container_statuses
        assert one.state.waiting.reason == "CrashLoopBackOff"
        assert one.last_state.terminated.exit_code == 1
        assert status.phase == "Running"

    def test_a_sidecar_keeps_it_running_until_the_pod_is_killed_and_then_it_has_succeeded(self) -> None:
        helper = sidecar("helper")
        of = pod(container(), init=[helper], policy="OnFailure")
        of.status.phase = "Running"
        alive = observed(running(helper), exited(code=0))
        plan = decide(of, alive, PodMemory(), NOW)
        assert [type(action) for action in plan.actions] == [StopContainer]
        assert self.phase(of, alive) == "Running"
        assert self.phase(of, observed(exited(helper, code=143), exited(code=0))) == "Succeeded"


class TestCommand:
    """What becomes of references, and of the image's entrypoint and command."""

    @pytest.mark.parametrize(
        ("text", "expanded"), [("$(A)", "x"), ("$$(A)", "$(A)"), ("$(missing)", "$(missing)"), ("$(", "$(")]
    )
    def test_references(self, text: str, expanded: str) -> None:
        assert expand(text, {"A": "x"}) == expanded

    @pytest.mark.parametrize(
        ("command", "args", "said"),
        [
            ([], [], "entry default"),
            ([], ["mine", "$(A)"], "entry mine x"),
            (["echo", "$(A)"], [], "x"),
            (["echo", "one"], ["$$(A)"], "one $(A)"),
        ],
    )
    def test_args_alone_keep_the_entrypoint_and_a_command_alone_drops_the_images(
        self, tmp_path: Path, command: list[str], args: list[str], said: str
    ) -> None:
        world = World(tmp_path)
        world.kubelet.stop()
        image = SimulatedImage("echo", entrypoint=("echo", "entry"), command=("default",))
        world.runtime = SimulatedRuntime(world.clock, images=Images(local=[image]))
        world.kubelet = world.new_kubelet()
        one = Container("main", image="echo", command=command, args=args, env=[EnvVar("A", "x")])
        one.image_pull_policy = "Never"
        world.create(one)
        world.until(lambda pod: pod.status.phase == "Succeeded")
        container_id = (world.container().container_id or "").partition("://")[2]
        assert b"".join(entry.content for entry in world.runtime.logs(container_id)).decode().strip() == said
        world.kubelet.stop()
