"""The status that the kubelet makes of what it observes."""

from __future__ import annotations

import attrs
import pytest
from builders import NOW, at, container, created, exited, observed, pod, running, sandbox, sidecar

from podkit.kubelet.memory import Failure, PodMemory, PostStart
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.probes import ProbeState
from podkit.kubelet.status import Situation, generate
from podkit.kubelet.sync import decide
from podkit.model import ContainerStatus, ExecAction, Pod, PodCondition, PodReadinessGate, PodStatus, Probe

A, B = container("a"), container("b")
INIT1, INIT2 = container("init1"), container("init2")


def status(web: Pod, seen: ObservedPod, memory: PodMemory | None = None) -> PodStatus:
    memory = memory or PodMemory()
    plan = decide(web, seen, memory, NOW)
    return generate(Situation(web, seen, memory, plan, ("192.0.2.1",), "podman", NOW))


def condition(of: PodStatus, name: str) -> PodCondition:
    return next(one for one in of.conditions if one.type == name)


def only(statuses: list[ContainerStatus]) -> ContainerStatus:
    [one] = statuses
    return one


class TestPhase:
    @pytest.mark.parametrize(
        ("policy", "code", "phase"),
        [
            ("Always", 0, "Running"),
            ("Always", 1, "Running"),
            ("OnFailure", 0, "Succeeded"),
            ("OnFailure", 1, "Running"),
            ("Never", 0, "Succeeded"),
            ("Never", 1, "Failed"),
        ],
    )
    def test_of_a_pod_whose_only_container_has_ended(self, policy: str, code: int, phase: str) -> None:
        assert status(pod(policy=policy), observed(exited(code=code))).phase == phase

    def test_pending_until_every_main_container_has_started(self) -> None:
        assert status(pod(A, B), observed(running(A))).phase == "Pending"
        assert status(pod(A, B), observed(running(A), running(B))).phase == "Running"

    def test_pending_while_it_initialises(self) -> None:
        web = pod(A, init=[INIT1])
        assert status(web, observed()).phase == "Pending"
        assert status(web, observed(running(INIT1))).phase == "Pending"
        assert status(web, observed(exited(INIT1, 1))).phase == "Pending"

    def test_failed_when_an_init_container_has_failed_for_good(self) -> None:
        assert status(pod(A, init=[INIT1], policy="Never"), observed(exited(INIT1, 1))).phase == "Failed"

    def test_failed_when_an_init_container_has_failed_and_a_sidecar_before_it_has_ended(self) -> None:
        proxy = sidecar("proxy")
        web = pod(A, init=[proxy, INIT1], policy="Never")
        assert status(web, observed(exited(proxy), exited(INIT1, 1))).phase == "Failed"

    def test_a_final_phase_is_told_only_when_nothing_runs_any_more(self) -> None:
        proxy = sidecar("proxy")
        web = pod(A, init=[proxy], policy="Never")
        assert status(web, observed(running(proxy), exited(A))).phase == "Running"
        assert status(web, observed(exited(proxy, 143), exited(A))).phase == "Succeeded"

    def test_a_final_phase_stays(self) -> None:
        web = pod(policy="Never")
        web.status.phase = "Failed"
        assert status(web, observed(exited(code=0))).phase == "Failed"

    def test_a_deleted_pod_ends_as_its_containers_did(self) -> None:
        web = pod()
        web.metadata.deletion_timestamp = NOW
        assert status(web, observed(exited(code=137))).phase == "Failed"
        assert status(web, observed(exited(code=0))).phase == "Succeeded"

    def test_a_pod_past_its_deadline_says_so(self) -> None:
        web = pod(active_deadline_seconds=5)
        web.status.start_time = at(-5)
        told = status(web, observed(exited(code=137)))
        assert (told.phase, told.reason) == ("Failed", "DeadlineExceeded")


class TestContainerState:
    def test_running(self) -> None:
        one = only(status(pod(), observed(running(attempt=2))).container_statuses)
        assert one.state is not None
        assert one.state.running is not None
        assert one.state.running.started_at == NOW
        assert (one.ready, one.started, one.restart_count) == (True, True, 2)
        assert one.container_id == "podman://main-2"

    @pytest.mark.parametrize(
        ("code", "fields", "reason"),
        [
            (0, {}, "Completed"),
            (1, {}, "Error"),
            (137, {"oom_killed": True}, "OOMKilled"),
            (0, {"oom_killed": True}, "OOMKilled"),
            (128, {"started_at": None, "error": "no such file"}, "StartError"),
        ],
    )
    def test_terminated_says_why(self, code: int, fields: dict[str, object], reason: str) -> None:
        one = only(status(pod(policy="Never"), observed(exited(code=code, **fields))).container_statuses)
        assert one.state is not None
        assert one.state.terminated is not None
        assert (one.state.terminated.exit_code, one.state.terminated.reason) == (code, reason)
        assert not one.ready

    def test_in_its_backoff_a_container_waits_and_its_end_is_its_last_state(self) -> None:
        memory = PodMemory()
        memory.failures["main"] = Failure("RunContainerError", "no such command", at(5))
        one = only(status(pod(), observed(exited(code=1)), memory).container_statuses)
        assert one.state is not None
        assert one.state.waiting is not None
        assert one.state.waiting.reason == "RunContainerError"
        assert one.last_state is not None
        assert one.last_state.terminated is not None
        assert one.last_state.terminated.exit_code == 1

    def test_the_last_state_of_a_restarted_container_is_how_the_one_before_ended(self) -> None:
        one = only(status(pod(), observed(running(attempt=1), exited(code=3))).container_statuses)
        assert one.last_state is not None
        assert one.last_state.terminated is not None
        assert one.last_state.terminated.exit_code == 3
        assert one.restart_count == 1

    def test_what_has_not_started_waits(self) -> None:
        for seen in (observed(), observed(created()), observed(sandboxes=[])):
            one = only(status(pod(), seen).container_statuses)
            assert one.state is not None
            assert one.state.waiting is not None
            assert one.state.waiting.reason == "ContainerCreating"

    def test_with_init_containers_all_wait_for_the_initialisation(self) -> None:
        told = status(pod(A, init=[INIT1, INIT2]), observed(running(INIT1)))
        waiting = [told.init_container_statuses[1], *told.container_statuses]
        assert [one.state.waiting.reason for one in waiting if one.state and one.state.waiting] == [
            "PodInitializing"
        ] * 2

    def test_a_container_that_vanished_is_told_as_lost(self) -> None:
        web = pod()
        web.status = status(web, observed(running(attempt=1)))
        one = only(status(web, observed()).container_statuses)
        assert one.restart_count == 2
        assert one.last_state is not None
        assert one.last_state.terminated is not None
        assert (one.last_state.terminated.reason, one.last_state.terminated.exit_code) == (
            "ContainerStatusUnknown",
            137,
        )

    def test_the_termination_message_is_what_the_container_left(self) -> None:
        memory = PodMemory(termination_messages={"main-0": "DONE"})
        one = only(status(pod(policy="Never"), observed(exited()), memory).container_statuses)
        assert one.state is not None
        assert one.state.terminated is not None
        assert one.state.terminated.message == "DONE"


class TestReadiness:
    PROBE = Probe(exec=ExecAction(command=["true"]))

    def test_a_container_with_a_readiness_probe_is_ready_when_that_says_so(self) -> None:
        web = pod(container(readiness_probe=self.PROBE))
        assert not only(status(web, observed(running())).container_statuses).ready
        memory = PodMemory(probes={("main", "readiness"): ProbeState(NOW, "main-0", True)})
        one = only(status(web, observed(running()), memory).container_statuses)
        assert (one.ready, one.started) == (True, True)

    def test_a_container_with_a_startup_probe_has_started_when_that_says_so(self) -> None:
        web = pod(container(startup_probe=self.PROBE))
        one = only(status(web, observed(running())).container_statuses)
        assert (one.ready, one.started) == (False, False)
        assert status(web, observed(running())).phase == "Running"

    def test_while_its_post_start_hook_runs_a_container_is_not_told_as_running(self) -> None:
        told = status(pod(), observed(running()), PodMemory(post_starts={"main-0": PostStart()}))
        one = only(told.container_statuses)
        assert one.state is not None
        assert one.state.waiting is not None
        assert one.state.waiting.reason == "ContainerCreating"
        assert (one.ready, told.phase) == (False, "Pending")

    def test_a_post_start_hook_that_failed_is_the_reason(self) -> None:
        memory = PodMemory(post_starts={"main-0": PostStart(running=False, error="exit code 1")})
        one = only(status(pod(), observed(running()), memory).container_statuses)
        assert one.state is not None
        assert one.state.waiting is not None
        assert (one.state.waiting.reason, one.state.waiting.message) == ("PostStartHookError", "exit code 1")


class TestConditions:
    def test_of_a_pod_that_runs(self) -> None:
        told = status(pod(), observed(running()))
        assert {one.type: one.status for one in told.conditions} == {
            "PodReadyToStartContainers": "True",
            "Initialized": "True",
            "Ready": "True",
            "ContainersReady": "True",
            "PodScheduled": "True",
        }

    def test_ready_names_what_is_not(self) -> None:
        told = status(pod(A, B), observed(running(A)))
        ready = condition(told, "Ready")
        assert (ready.status, ready.reason) == ("False", "ContainersNotReady")
        assert ready.message == "containers with unready status: [b]"

    def test_initialized_names_what_is_not_complete(self) -> None:
        initialized = condition(status(pod(A, init=[INIT1, INIT2]), observed(exited(INIT1, 1))), "Initialized")
        assert (initialized.status, initialized.reason) == ("False", "ContainersNotInitialized")
        assert initialized.message == "containers with incomplete status: [init1 init2]"

    def test_of_a_pod_that_succeeded(self) -> None:
        told = status(pod(A, init=[INIT1], policy="Never"), observed(exited(INIT1), exited(A)))
        assert (condition(told, "Ready").status, condition(told, "Ready").reason) == ("False", "PodCompleted")
        assert (condition(told, "Initialized").status, condition(told, "Initialized").reason) == (
            "True",
            "PodCompleted",
        )
        assert only(told.init_container_statuses).ready

    def test_the_time_of_transition_changes_only_with_the_status(self) -> None:
        web = pod()
        web.status = status(web, observed(running()))
        later = generate(
            Situation(
                web,
                observed(running()),
                PodMemory(),
                decide(web, observed(running()), PodMemory(), NOW),
                ("192.0.2.1",),
                "podman",
                at(60),
            )
        )
        assert condition(later, "Ready").last_transition_time == NOW
        ended = observed(exited(code=1))
        unready = generate(
            Situation(web, ended, PodMemory(), decide(web, ended, PodMemory(), NOW), ("192.0.2.1",), "podman", at(90))
        )
        assert condition(unready, "Ready").last_transition_time == at(90)

    def test_a_readiness_gate_must_be_true_and_conditions_of_others_are_kept(self) -> None:
        web = pod(readiness_gates=[PodReadinessGate(condition_type="example.com/open")])
        assert condition(status(web, observed(running())), "Ready").reason == "ReadinessGatesNotReady"
        web.status.conditions = [PodCondition(type="example.com/open", status="True")]
        told = status(web, observed(running()))
        assert condition(told, "Ready").status == "True"
        assert condition(told, "example.com/open").status == "True"


def test_addresses_and_generation() -> None:
    told = status(pod(), observed(running(), sandboxes=[sandbox(ips=("10.88.0.7", "fd00::7"))]))
    assert told.pod_ip == "10.88.0.7"
    assert [one.ip for one in told.pod_ips] == ["10.88.0.7", "fd00::7"]
    assert (told.host_ip, told.observed_generation, told.start_time) == ("192.0.2.1", 1, NOW)


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [
        ("Never", None, "Failed"),
        ("Never", 0, "Succeeded"),
        ("OnFailure", 0, "Succeeded"),
        ("OnFailure", None, "Running"),
    ],
)
def test_what_the_engine_has_lost_ends_as_it_was_last_told(policy: str, code: int | None, phase: str) -> None:
    web = pod(policy=policy)
    web.status = status(web, observed(running() if code is None else exited(code=code)))
    web.status.phase = "Running"
    told = status(web, observed(sandboxes=[]))
    assert told.phase == phase
    ended = only(told.container_statuses).state.terminated
    assert (ended.exit_code if ended else None) == ({"Failed": 137, "Succeeded": 0}.get(phase))


def test_a_pod_that_ended_before_anything_was_told_has_its_address() -> None:
    memory = PodMemory(addresses=("10.88.0.7",))
    told = status(pod(policy="Never"), observed(exited(), sandboxes=[sandbox(ready=False, ips=())]), memory)
    assert (told.phase, told.pod_ip) == ("Succeeded", "10.88.0.7")


def test_a_status_that_is_made_again_does_not_change() -> None:
    web = pod(A, init=[INIT1, sidecar("proxy")])
    seen = observed(exited(INIT1), running(sidecar("proxy")), running(A, 1), exited(A, 1))
    web.status = status(web, seen)
    assert attrs.asdict(status(web, seen)) == attrs.asdict(web.status)
