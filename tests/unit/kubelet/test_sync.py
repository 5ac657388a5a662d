"""What the kubelet decides: given a Pod and what the engine holds of it, which actions come next."""

from __future__ import annotations

import attrs
import pytest
from builders import NOW, at, container, created, exited, observed, pod, running, sandbox, sidecar

from podkit.kubelet.memory import Failure, MadeAhead, PodMemory, PostStart, Stop
from podkit.kubelet.plan import (
    KillContainer,
    RemoveContainer,
    RunPostStart,
    RunSandbox,
    SignalContainer,
    StartContainer,
    StopContainer,
    StopSandbox,
)
from podkit.kubelet.probes import ProbeKind, ProbeState
from podkit.kubelet.restart import backoff_key
from podkit.kubelet.sync import decide, decide_orphan, superfluous, superfluous_sandboxes
from podkit.model import (
    ContainerRestartRule,
    ContainerRestartRuleOnExitCodes,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    EphemeralContainer,
    ExecAction,
    Lifecycle,
    LifecycleHandler,
    Probe,
)
from podkit.runtime.base import ContainerConfig

A, B = container("a"), container("b")
INIT1, INIT2 = container("init1"), container("init2")


def start(name: str, attempt: int = 0) -> StartContainer:
    return StartContainer(name, attempt)


def told(code: int | None) -> ContainerStatus:
    """What the status says of a container: that it runs, or with which code it has ended."""
    ended = ContainerStateTerminated(exit_code=code) if code is not None else None
    state = ContainerState(terminated=ended, running=ContainerStateRunning() if ended is None else None)
    return ContainerStatus("main", True, 2, "busybox", "sha256:1", state=state, container_id="podman://main-2")


def test_a_new_pod_gets_a_sandbox_first() -> None:
    plan = decide(pod(), observed(sandboxes=[]), PodMemory(), NOW)
    assert plan.actions == [RunSandbox(0)]


def test_in_its_sandbox_all_main_containers_are_started_in_the_order_of_the_spec() -> None:
    plan = decide(pod(A, B), observed(), PodMemory(), NOW)
    assert plan.actions == [start("a"), start("b")]


def test_what_runs_is_left_alone() -> None:
    plan = decide(pod(A, B), observed(running(A), running(B)), PodMemory(), NOW)
    assert plan.actions == []
    assert plan.look_again is None


class TestInit:
    def test_one_init_container_at_a_time(self) -> None:
        web = pod(A, init=[INIT1, INIT2])
        assert decide(web, observed(), PodMemory(), NOW).actions == [start("init1")]
        assert decide(web, observed(running(INIT1)), PodMemory(), NOW).actions == []
        assert decide(web, observed(exited(INIT1)), PodMemory(), NOW).actions == [start("init2")]
        assert decide(web, observed(exited(INIT1), running(INIT2)), PodMemory(), NOW).actions == []
        assert decide(web, observed(exited(INIT1), exited(INIT2)), PodMemory(), NOW).actions == [start("a")]

    def test_a_failed_one_is_tried_again_after_its_backoff(self) -> None:
        web = pod(A, init=[INIT1])
        memory = PodMemory()
        assert decide(web, observed(exited(INIT1, 1)), memory, NOW).actions == [start("init1", 1)]
        memory.backoff.restarted(backoff_key(INIT1), NOW, NOW)
        plan = decide(web, observed(exited(INIT1, 1, 1, finished=at(1))), memory, at(2))
        assert plan.actions == []
        assert plan.waiting["init1"].reason == "CrashLoopBackOff"
        assert plan.look_again == at(11)

    def test_with_policy_never_a_failed_one_ends_the_pod(self) -> None:
        web = pod(A, init=[INIT1], policy="Never")
        plan = decide(web, observed(exited(INIT1, 1)), PodMemory(), NOW)
        assert plan.actions == [StopSandbox("sandbox-0")]

    def test_a_sidecar_holds_up_the_next_only_until_it_runs_and_is_started_again_always(self) -> None:
        proxy = sidecar("proxy")
        web = pod(A, init=[proxy, INIT1], policy="Never")
        assert decide(web, observed(), PodMemory(), NOW).actions == [start("proxy")]
        assert decide(web, observed(running(proxy)), PodMemory(), NOW).actions == [start("init1")]
        seen = observed(exited(proxy, 0), exited(INIT1), running(A))
        assert decide(web, seen, PodMemory(), NOW).actions == [start("proxy", 1)]

    def test_in_a_new_sandbox_initialisation_starts_over(self) -> None:
        web = pod(A, init=[INIT1])
        seen = observed(exited(INIT1), exited(A, 137), sandboxes=[sandbox(1), sandbox(0, ready=False)])
        assert decide(web, seen, PodMemory(), NOW).actions == [start("init1", 1)]


class TestRestart:
    @pytest.mark.parametrize(
        ("policy", "code", "restarts"),
        [
            ("Always", 0, True),
            ("Always", 1, True),
            ("OnFailure", 0, False),
            ("OnFailure", 1, True),
            ("Never", 1, False),
        ],
    )
    def test_the_policy_decides(self, policy: str, code: int, restarts: bool) -> None:
        plan = decide(pod(policy=policy), observed(exited(code=code)), PodMemory(), NOW)
        assert plan.actions == ([start("main", 1)] if restarts else [StopSandbox("sandbox-0")])

    def test_a_containers_own_policy_counts_before_the_pods(self) -> None:
        stubborn = container("main", restart_policy="Never")
        plan = decide(pod(stubborn, B), observed(exited(stubborn, 1), running(B)), PodMemory(), NOW)
        assert plan.actions == []

    def test_a_rule_counts_before_any_policy(self) -> None:
        codes = ContainerRestartRuleOnExitCodes(operator="In", values=[42])
        ruled = container(
            "main",
            restart_policy="Never",
            restart_policy_rules=[ContainerRestartRule(action="Restart", exit_codes=codes)],
        )
        assert decide(pod(ruled, policy="Never"), observed(exited(ruled, 42)), PodMemory(), NOW).actions == [
            start("main", 1)
        ]
        assert decide(pod(ruled, policy="Never"), observed(exited(ruled, 1)), PodMemory(), NOW).actions == [
            StopSandbox("sandbox-0")
        ]

    def test_while_it_backs_off_a_container_says_so(self) -> None:
        memory = PodMemory()
        memory.backoff.restarted(backoff_key(container()), NOW, NOW)
        plan = decide(pod(), observed(exited(code=1, attempt=1, finished=at(3))), memory, at(5))
        assert plan.actions == []
        assert plan.look_again == at(13)
        assert plan.waiting["main"].message == "back-off 10s restarting failed container=main pod=web_default(u-1)"

    def test_a_changed_image_replaces_the_container_whatever_the_policy(self) -> None:
        new = container("main", image="busybox:2")
        web = pod(new, policy="Never", termination_grace_period_seconds=5)
        [stop] = decide(web, observed(running(container())), PodMemory(), NOW).actions
        assert isinstance(stop, StopContainer)
        assert stop.deadline == at(5)
        assert stop.replaced
        replaced = PodMemory(replaced={"main-0"})
        assert decide(web, observed(exited(container(), 143)), replaced, NOW).actions == [start("main", 1)]

    def test_a_changed_image_wakes_nobody_who_had_ended_before(self) -> None:
        web = pod(container("main", image="busybox:2"), B, policy="Never")
        assert decide(web, observed(exited(container()), running(B)), PodMemory(), NOW).actions == []

    def test_an_engine_that_makes_but_does_not_start_is_not_asked_again_before_its_time(self) -> None:
        memory = PodMemory(failures={"main": Failure("RunContainerError", "no space", at(10))})
        assert decide(pod(), observed(created()), memory, at(3)).actions == []
        assert decide(pod(), observed(created()), memory, at(10)).actions == [
            RemoveContainer("main-0"),
            start("main"),
        ]

    def test_an_ephemeral_container_that_was_made_and_not_started_is_made_anew(self) -> None:
        debugger = EphemeralContainer(name="debug", image="busybox")
        web = pod(ephemeral_containers=[debugger])
        seen = observed(running(), created(container("debug")))
        assert decide(web, seen, PodMemory(), NOW).actions == [RemoveContainer("debug-0"), start("debug")]
        assert decide(web, observed(running(), exited(container("debug"), 1)), PodMemory(), NOW).actions == []

    def test_a_container_that_was_never_started_is_replaced(self) -> None:
        plan = decide(pod(), observed(created()), PodMemory(), NOW)
        assert plan.actions == [RemoveContainer("main-0"), start("main")]

    def test_an_init_container_that_was_never_started_is_replaced_also_in_another_sandbox(self) -> None:
        sandboxes = [sandbox(1), sandbox(0, ready=False)]
        plan = decide(pod(A, init=[INIT1]), observed(created(INIT1), sandboxes=sandboxes), PodMemory(), NOW)
        assert plan.actions == [RemoveContainer("init1-0"), start("init1")]

    def test_one_that_was_made_ahead_is_not_replaced(self) -> None:
        config = ContainerConfig("main", "busybox", {})
        memory = PodMemory(made_ahead=MadeAhead(created(), config))
        assert decide(pod(), observed(created()), memory, NOW).actions == [start("main")]

    @pytest.mark.parametrize("ended_before", [False, True])
    def test_one_that_was_never_started_and_is_lost_does_not_count_as_a_restart(self, ended_before: bool) -> None:
        web, restarts = pod(), 1 if ended_before else 0
        before = ContainerState(terminated=ContainerStateTerminated(exit_code=1, container_id="podman://main-0"))
        web.status.container_statuses = [
            ContainerStatus(
                name="main",
                ready=False,
                restart_count=restarts,
                image="busybox",
                image_id="sha256:1",
                container_id=f"podman://main-{restarts}",
                state=ContainerState(waiting=ContainerStateWaiting(reason="ContainerCreating")),
                last_state=before if ended_before else None,
            )
        ]
        assert decide(web, observed(), PodMemory(), NOW).actions == [start("main", restarts)]

    @pytest.mark.parametrize(
        ("policy", "code", "restarts"),
        [
            ("Always", None, True),
            ("OnFailure", None, True),
            ("Never", None, False),
            ("OnFailure", 0, False),
            ("Never", 1, False),
        ],
    )
    def test_the_policy_decides_too_about_one_that_the_engine_has_lost(
        self, policy: str, code: int | None, restarts: bool
    ) -> None:
        web = pod(policy=policy)
        web.status.container_statuses = [told(code)]
        plan = decide(web, observed(), PodMemory(), NOW)
        assert (plan.actions == [start("main", 3)]) == restarts
        assert any(isinstance(action, StartContainer) for action in plan.actions) == restarts

    def test_what_failed_is_not_tried_before_its_time(self) -> None:
        memory = PodMemory(failures={"main": Failure("CreateContainerConfigError", "no such key", at(10))})
        plan = decide(pod(), observed(), memory, at(3))
        assert plan.actions == []
        assert plan.waiting["main"].reason == "CreateContainerConfigError"
        assert plan.look_again == at(10)
        assert decide(pod(), observed(), memory, at(10)).actions == [start("main")]


class TestSandbox:
    def test_one_that_was_lost_is_replaced_and_what_still_runs_in_it_is_ended(self) -> None:
        seen = observed(running(), sandboxes=[sandbox(0, ready=False)])
        assert decide(pod(), seen, PodMemory(), NOW).actions == [StopSandbox("sandbox-0")]
        seen = observed(exited(), sandboxes=[sandbox(0, ready=False)])
        assert decide(pod(), seen, PodMemory(), NOW).actions == [RunSandbox(1)]

    def test_it_is_not_replaced_for_containers_that_have_ended_for_good(self) -> None:
        seen = observed(exited(code=137), sandboxes=[sandbox(0, ready=False)])
        assert decide(pod(policy="Never"), seen, PodMemory(), NOW).actions == []

    def test_a_failure_is_tried_again_at_its_time(self) -> None:
        memory = PodMemory(sandbox_failure=Failure("FailedMount", "no such ConfigMap", at(10)))
        plan = decide(pod(), observed(sandboxes=[]), memory, NOW)
        assert (plan.actions, plan.look_again) == ([], at(10))
        assert decide(pod(), observed(sandboxes=[]), memory, at(10)).actions == [RunSandbox(0)]


class TestEnd:
    def test_when_all_main_containers_are_done_the_sandbox_is_given_back(self) -> None:
        plan = decide(pod(A, B, policy="OnFailure"), observed(exited(A), exited(B)), PodMemory(), NOW)
        assert plan.actions == [StopSandbox("sandbox-0")]

    def test_sidecars_are_stopped_when_the_main_containers_are_done(self) -> None:
        proxy = sidecar("proxy")
        plan = decide(pod(A, init=[proxy], policy="Never"), observed(running(proxy), exited(A)), PodMemory(), NOW)
        assert [action.container.id for action in plan.actions if isinstance(action, StopContainer)] == ["proxy-0"]

    def test_a_deleted_pod_is_stopped_in_parallel_until_the_deadline_of_its_deletion(self) -> None:
        web = pod(A, B)
        web.metadata.deletion_timestamp = at(30)
        plan = decide(web, observed(running(A), running(B)), PodMemory(), NOW)
        stops = [action for action in plan.actions if isinstance(action, StopContainer)]
        assert [(stop.container.id, stop.deadline) for stop in stops] == [("a-0", at(30)), ("b-0", at(30))]
        assert not plan.gone

    def test_a_container_always_has_two_seconds(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = NOW
        memory = PodMemory(stops={"a-0": Stop(NOW)})
        assert decide(web, observed(running(A)), memory, NOW).actions == [SignalContainer(running(A), at(2))]

    def test_the_signal_comes_after_the_prestop_hook(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = at(30)
        memory = PodMemory(stops={"a-0": Stop(at(30), hook=True)})
        waiting = decide(web, observed(running(A)), memory, at(5))
        assert (waiting.actions, waiting.look_again) == ([], at(30))
        memory.hooks_done.add("a-0")
        assert decide(web, observed(running(A)), memory, at(5)).actions == [SignalContainer(running(A), at(30))]

    def test_a_prestop_hook_that_takes_too_long_is_not_waited_for(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = at(30)
        memory = PodMemory(stops={"a-0": Stop(at(30), hook=True)})
        assert decide(web, observed(running(A)), memory, at(30)).actions == [SignalContainer(running(A), at(32))]

    def test_whoever_does_not_end_in_time_is_killed_once(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = at(30)
        memory = PodMemory(stops={"a-0": Stop(at(30), signalled=True)})
        assert decide(web, observed(running(A)), memory, at(29)).look_again == at(30)
        assert decide(web, observed(running(A)), memory, at(30)).actions == [KillContainer(running(A))]
        memory.stops["a-0"] = attrs.evolve(memory.stops["a-0"], killed=True)
        assert decide(web, observed(running(A)), memory, at(31)).actions == []

    def test_a_shorter_grace_period_does_not_shorten_a_stop_that_is_under_way(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = at(1)
        memory = PodMemory(stops={"a-0": Stop(at(30), signalled=True)})
        assert decide(web, observed(running(A)), memory, at(5)).actions == []

    def test_sidecars_are_signalled_after_the_main_containers_in_reverse_order(self) -> None:
        first, second = sidecar("first"), sidecar("second")
        web = pod(A, init=[first, second])
        web.metadata.deletion_timestamp = at(30)
        everything = observed(running(A), running(first), running(second))
        begun = decide(web, everything, PodMemory(), NOW).actions
        assert [action.container.id for action in begun if isinstance(action, StopContainer)] == [
            "a-0",
            "second-0",
            "first-0",
        ]
        memory = PodMemory(stops={name: Stop(at(30)) for name in ("a-0", "first-0", "second-0")})
        assert decide(web, everything, memory, at(1)).actions == [SignalContainer(running(A), at(30))]
        without_main = observed(exited(A), running(first), running(second))
        assert decide(web, without_main, memory, at(10)).actions == [SignalContainer(running(second), at(30))]
        late = decide(web, everything, memory, at(30)).actions
        assert {(one.container.id, one.kill_at) for one in late if isinstance(one, SignalContainer)} == {
            ("a-0", at(32)),
            ("first-0", at(32)),
            ("second-0", at(32)),
        }

    def test_a_deleted_pod_is_gone_when_nothing_runs(self) -> None:
        web = pod(A)
        web.metadata.deletion_timestamp = at(30)
        assert decide(web, observed(exited(A)), PodMemory(), NOW).gone
        assert decide(web, observed(sandboxes=[]), PodMemory(), NOW).gone

    def test_a_pod_past_its_deadline_fails_and_is_stopped(self) -> None:
        web = pod(A, active_deadline_seconds=5, termination_grace_period_seconds=3)
        web.status.start_time = NOW
        assert decide(web, observed(running(A)), PodMemory(), at(4)).look_again == at(5)
        plan = decide(web, observed(running(A)), PodMemory(), at(5))
        assert plan.ending is not None
        assert plan.ending.reason == "DeadlineExceeded"
        [stop] = plan.actions
        assert isinstance(stop, StopContainer)
        assert stop.deadline == at(8)

    def test_a_pod_that_has_ended_is_not_started_again(self) -> None:
        web = pod(A)
        web.status.phase = "Failed"
        plan = decide(web, observed(exited(A, 1)), PodMemory(), NOW)
        assert plan.actions == [StopSandbox("sandbox-0")]

    def test_what_has_no_pod_is_stopped_within_two_seconds(self) -> None:
        plan = decide_orphan(observed(running(A)), PodMemory(), NOW)
        assert plan.actions == [SignalContainer(running(A), at(2))]
        memory = PodMemory(stops={"a-0": Stop(at(2), signalled=True)})
        assert decide_orphan(observed(running(A)), memory, at(2)).actions == [KillContainer(running(A))]
        assert decide_orphan(observed(exited(A)), PodMemory(), NOW).gone


PROBE = Probe(exec=ExecAction(command=["true"]))


def probed(kind: ProbeKind, verdict: bool | None, of: str = "main-0") -> PodMemory:
    """What is remembered of a container of which a probe has said this."""
    return PodMemory(probes={("main", kind): ProbeState(NOW, of, verdict)})


class TestProbes:
    @pytest.mark.parametrize(
        ("kind", "policy", "message"),
        [
            (ProbeKind.LIVENESS, "Always", "Container main failed liveness probe, will be restarted"),
            (ProbeKind.STARTUP, "OnFailure", "Container main failed startup probe, will be restarted"),
            (ProbeKind.LIVENESS, "Never", "Container main failed liveness probe"),
        ],
    )
    def test_a_container_that_fails_one_is_stopped(self, kind: ProbeKind, policy: str, message: str) -> None:
        ill = container(**{f"{kind}_probe": PROBE})
        web = pod(ill, policy=policy, termination_grace_period_seconds=7)
        [stop] = decide(web, observed(running(ill)), probed(kind, False), NOW).actions
        assert isinstance(stop, StopContainer)
        assert (stop.message, stop.deadline, stop.probe_failed) == (message, at(7), True)

    def test_the_probes_own_grace_period_counts_before_the_pods(self) -> None:
        ill = container(liveness_probe=attrs.evolve(PROBE, termination_grace_period_seconds=3))
        [stop] = decide(pod(ill), observed(running(ill)), probed(ProbeKind.LIVENESS, False), NOW).actions
        assert isinstance(stop, StopContainer)
        assert stop.deadline == at(3)

    def test_it_is_started_again_whatever_its_exit_code_unless_its_policy_is_never(self) -> None:
        for policy, actions in (("OnFailure", [start("main", 1)]), ("Never", [StopSandbox("sandbox-0")])):
            memory = PodMemory(probe_kills={"main-0"})
            assert decide(pod(policy=policy), observed(exited(code=0)), memory, NOW).actions == actions

    def test_a_failed_readiness_probe_stops_nothing(self) -> None:
        unready = container(readiness_probe=PROBE)
        assert decide(pod(unready), observed(running(unready)), probed(ProbeKind.READINESS, False), NOW).actions == []

    def test_a_verdict_on_the_container_before_does_not_count(self) -> None:
        ill = container(liveness_probe=PROBE)
        memory = probed(ProbeKind.LIVENESS, False, of="main-0")
        assert decide(pod(ill), observed(running(ill, 1), exited(ill, 137)), memory, NOW).actions == []

    def test_a_sidecar_holds_up_the_next_until_its_startup_probe_succeeds(self) -> None:
        proxy = sidecar("main", startup_probe=PROBE)
        web = pod(A, init=[proxy])
        assert decide(web, observed(running(proxy)), PodMemory(), NOW).actions == []
        assert decide(web, observed(running(proxy)), probed(ProbeKind.STARTUP, True), NOW).actions == [start("a")]

    def test_the_backoff_counts_from_the_run_before_the_one_that_a_probe_ended(self) -> None:
        key = backoff_key(container())
        memory = PodMemory(probe_kills={"main-1"})
        memory.backoff.restarted(key, NOW, NOW)
        runs_long = observed(exited(attempt=1, code=137, finished=at(15)), exited(code=137, finished=NOW))
        assert decide(pod(), runs_long, memory, at(15)).actions == [start("main", 2)]
        runs_short = observed(exited(attempt=1, code=137, finished=at(5)), exited(code=137, finished=NOW))
        assert decide(pod(), runs_short, memory, at(5)).look_again == at(15)


class TestPostStart:
    def test_a_container_with_a_hook_is_started_alone(self) -> None:
        first = container("a", lifecycle=Lifecycle(post_start=LifecycleHandler(exec=ExecAction(command=["true"]))))
        web = pod(first, B)
        assert decide(web, observed(), PodMemory(), NOW).actions == [start("a")]
        pulling = PodMemory(failures={"a": Failure("ContainerCreating", "")})
        assert decide(web, observed(), pulling, NOW).actions == []
        refused = PodMemory(failures={"a": Failure("CreateContainerError", "no space", at(10))})
        assert decide(web, observed(), refused, NOW).actions == [start("b")]

    def test_the_hook_is_run_once_the_container_is_seen_to_run(self) -> None:
        memory = PodMemory(post_starts={"a-0": PostStart(due=True)})
        assert decide(pod(A, B), observed(running(A)), memory, NOW).actions == [RunPostStart(running(A))]

    def test_the_next_container_waits_for_the_hook(self) -> None:
        memory = PodMemory(post_starts={"a-0": PostStart()})
        assert decide(pod(A, B), observed(running(A)), memory, NOW).actions == []
        memory.post_starts["a-0"] = PostStart(running=False)
        assert decide(pod(A, B), observed(running(A)), memory, NOW).actions == [start("b")]

    def test_when_it_fails_the_container_is_stopped(self) -> None:
        memory = PodMemory(post_starts={"a-0": PostStart(running=False, error="exit code 1")})
        [stop] = decide(pod(A), observed(running(A)), memory, NOW).actions
        assert isinstance(stop, StopContainer)
        assert stop.message == "FailedPostStartHook"


def test_of_each_name_the_newest_dead_container_is_kept() -> None:
    seen = observed(running(A, 3), exited(A, 1, 2), exited(A, 1, 1), exited(B, 0, 1), exited(B, 0, 0))
    assert sorted(container.id for container in superfluous(seen)) == ["a-1", "b-0"]


def test_a_sandbox_that_was_replaced_is_removed_with_its_last_container() -> None:
    both = [sandbox(1), sandbox(0, ready=False)]
    assert superfluous_sandboxes(observed(running(A, 1, "sandbox-1"), exited(A), sandboxes=both)) == []
    assert superfluous_sandboxes(observed(running(A, 1, "sandbox-1"), sandboxes=both)) == ["sandbox-0"]
    assert superfluous_sandboxes(observed(sandboxes=[sandbox(ready=False)])) == []
