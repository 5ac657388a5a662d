"""Probes, restarts and back-off: behaviours that take their time, and so begin with the session."""

from __future__ import annotations

import itertools
import re

import pytest

from podkit import (
    ContainerPort,
    EmptyDirVolumeSource,
    ExecAction,
    HTTPGetAction,
    Pod,
    Probe,
    TCPSocketAction,
    Volume,
)
from tests.conformance.build import SLEEP, lasting, shell
from tests.conformance.place import Place, eventually, main_of, waits

OBSERVED = 12
"""How many times a probe has to run before we believe that its result does not matter."""

COUNTS_RUNS = """
echo x >>/runs/list
case $(wc -l </runs/list) in 1) exit 1;; 2) exit 0;; esac
exec sleep 3600
"""
RUNS = Volume("runs", empty_dir=EmptyDirVolumeSource(medium="Memory"))


def counts_runs(policy: str) -> Pod:
    """A Pod that fails at its first run, succeeds at the second and goes on at the third."""
    return lasting("counting", shell(COUNTS_RUNS, mounts={"runs": "/runs"}), volumes=[RUNS], restart_policy=policy)


@pytest.mark.behaviour("node/restart-policy-phases")
@pytest.mark.begins_early(counts_runs("Always"))
def test_node_restart_policy_phases_always(place: Place) -> None:
    pod = place.wait(place.pod("counting"), lambda pod: main_of(pod).restart_count == 2 and main_of(pod).ready)
    assert pod.status.phase == "Running"
    assert main_of(pod).last_state.terminated.exit_code == 0
    eventually(lambda: place.content(pod, "/runs/list") == "x\n" * 3, "the volume outlives the containers")


@pytest.mark.behaviour("node/restart-policy-phases")
@pytest.mark.begins_early(counts_runs("OnFailure"))
def test_node_restart_policy_phases_on_failure(place: Place) -> None:
    pod = place.wait(place.pod("counting"), "phase=Succeeded")
    assert main_of(pod).restart_count == 1
    assert main_of(pod).last_state.terminated.exit_code == 1
    assert not main_of(pod).ready


@pytest.mark.behaviour("node/restart-policy-phases")
@pytest.mark.begins_early(counts_runs("Never"))
def test_node_restart_policy_phases_never(place: Place) -> None:
    pod = place.wait(place.pod("counting"), "phase=Failed")
    assert main_of(pod).restart_count == 0
    assert main_of(pod).state.terminated.exit_code == 1


@pytest.mark.behaviour("node/init-fail-always")
@pytest.mark.begins_early(lasting("unprepared", init_containers=[shell("exit 1", "init1"), shell("true", "init2")]))
def test_node_init_fail_always(place: Place) -> None:
    """The restarts come at once, after 10 s, after 20 s: lower bounds, for a busy machine may add to them."""
    pod = place.wait(place.pod("unprepared"), lambda pod: pod.status.init_container_statuses[0].restart_count >= 3)
    assert pod.status.phase == "Pending"
    pod = place.wait(pod, lambda pod: waits(pod.status.init_container_statuses[0]) == "CrashLoopBackOff")
    first, second = pod.status.init_container_statuses
    assert re.match(
        r"back-off (40s|\d+m\d+s) restarting failed container=init1 pod=unprepared_", first.state.waiting.message
    )
    assert first.last_state.terminated.exit_code == 1
    assert (first.last_state.terminated.started_at - pod.status.start_time).total_seconds() >= 29
    assert (waits(second), second.restart_count) == ("PodInitializing", 0)
    assert (waits(main_of(pod)), main_of(pod).restart_count) == ("PodInitializing", 0)
    condition = next(condition for condition in pod.status.conditions if condition.type == "Initialized")
    assert (condition.status, condition.reason) == ("False", "ContainersNotInitialized")
    assert condition.message == "containers with incomplete status: [init1 init2]"


HEALTH = Probe(
    exec=ExecAction(["cat", "/tmp/health"]),
    initial_delay_seconds=2,
    period_seconds=1,
    timeout_seconds=30,
    failure_threshold=1,
)


@pytest.mark.behaviour("node/probe-exec-liveness-fail")
@pytest.mark.begins_early(
    lasting("failing", shell(f"echo ok >/tmp/health; sleep 5; rm /tmp/health; {SLEEP}", liveness_probe=HEALTH))
)
def test_node_probe_exec_liveness_fail(place: Place) -> None:
    pod = place.wait(place.pod("failing"), lambda pod: main_of(pod).restart_count >= 1 and main_of(pod).state.running)
    assert main_of(pod).last_state.terminated.exit_code == 137
    reported = place.events(pod)
    assert reported["Unhealthy"].startswith("Liveness probe failed: cat: can't open '/tmp/health'")
    assert reported["Killing"] == "Container main failed liveness probe, will be restarted"


LOSES_PAGE = "mkdir /www; echo ok >/www/healthz; (sleep 5; rm /www/healthz) & exec httpd -f -p 8080 -h /www"
ASKS_PAGE = Probe(
    http_get=HTTPGetAction("web", path="/healthz"),
    initial_delay_seconds=2,
    period_seconds=1,
    timeout_seconds=30,
    failure_threshold=1,
)


@pytest.mark.behaviour("node/probe-http-liveness-fail")
@pytest.mark.begins_early(
    lasting("failing", shell(LOSES_PAGE, ports=[ContainerPort(8080, name="web")], liveness_probe=ASKS_PAGE))
)
def test_node_probe_http_liveness_fail(place: Place) -> None:
    pod = place.wait(place.pod("failing"), lambda pod: main_of(pod).restart_count >= 1)
    failure = "Liveness probe failed: HTTP probe failed with statuscode: 404"
    eventually(lambda: place.events(pod).get("Unhealthy") == failure, "the page is missed")


LOGS_REQUESTS = "mkdir -p /www; echo ok >/www/index.html; exec httpd -f -vv -p 8080 -h /www 2>&1"
GENTLE = {"initial_delay_seconds": 1, "period_seconds": 1, "timeout_seconds": 30}


@pytest.mark.behaviour("node/probe-http-liveness-ok")
@pytest.mark.begins_early(
    lasting(
        "healthy",
        shell(LOGS_REQUESTS, liveness_probe=Probe(http_get=HTTPGetAction(8080), failure_threshold=5, **GENTLE)),
    )
)
def test_node_probe_http_liveness_ok(place: Place) -> None:
    asked = (
        line for line in place.cluster.stream_logs(place.wait(place.pod("healthy"), "Ready")) if "response:200" in line
    )
    assert len(list(itertools.islice(asked, OBSERVED))) == OBSERVED
    assert main_of(place.pod("healthy")).restart_count == 0


@pytest.mark.behaviour("node/probe-tcp-liveness-ok")
@pytest.mark.begins_early(
    lasting(
        "errors",
        shell(
            "mkdir -p /www; httpd -p 8080 -h /www; while :; do echo tick; sleep 1; done",
            liveness_probe=Probe(tcp_socket=TCPSocketAction(8080), failure_threshold=10, **GENTLE),
        ),
    )
)
def test_node_probe_tcp_liveness_ok(place: Place) -> None:
    """Whoever connects is answered, even with an error, and that will do."""
    pod = place.wait(place.pod("errors"), "Ready")
    assert len(list(itertools.islice(place.cluster.stream_logs(pod), OBSERVED))) == OBSERVED
    assert "404" in place.cluster.exec(pod, ["wget", "-O", "-", "http://localhost:8080/nothing"]).stderr
    assert main_of(place.pod("errors")).restart_count == 0


@pytest.mark.begins_early(
    lasting(
        "closed", shell(SLEEP, liveness_probe=Probe(tcp_socket=TCPSocketAction(8081), failure_threshold=1, **GENTLE))
    )
)
def test_node_probe_tcp_liveness_fail(place: Place) -> None:
    """A port that nobody listens to fails."""
    pod = place.wait(place.pod("closed"), lambda pod: main_of(pod).restart_count >= 1)
    assert "connection refused" in place.events(pod)["Unhealthy"]


@pytest.mark.behaviour("node/probe-readiness-delay")
@pytest.mark.begins_early(
    lasting(
        "slow",
        shell(
            SLEEP,
            readiness_probe=Probe(
                exec=ExecAction(["true"]), initial_delay_seconds=4, period_seconds=1, timeout_seconds=30
            ),
        ),
    )
)
@pytest.mark.runs_early
def test_node_probe_readiness_delay(place: Place) -> None:
    pod = place.wait(place.pod("slow"), "Ready")
    ready = next(condition for condition in pod.status.conditions if condition.type == "Ready")
    waited = ready.last_transition_time - main_of(pod).state.running.started_at
    assert waited.total_seconds() > 3, "transition times have whole seconds"
    assert main_of(pod).restart_count == 0


@pytest.mark.behaviour("node/probe-readiness-fail")
@pytest.mark.begins_early(lasting("never", shell(SLEEP, readiness_probe=Probe(exec=ExecAction(["false"]), **GENTLE))))
@pytest.mark.runs_early
def test_node_probe_readiness_fail(place: Place) -> None:
    pod = place.pod("never")

    def failures() -> int:
        return sum(event.count for event in place.cluster.events(pod) if event.reason == "Unhealthy")

    with place.cluster.watch("events", namespace=place.namespace) as reported:
        next(event for event in reported if failures() >= OBSERVED)
    pod = place.pod("never")
    assert pod.status.phase == "Running"
    assert main_of(pod).state.running
    ready = next(condition for condition in pod.status.conditions if condition.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "ContainersNotReady")
    assert (main_of(pod).ready, main_of(pod).restart_count) == (False, 0)


IS_UP = {"exec": ExecAction(["test", "-f", "/tmp/up"]), "period_seconds": 1, "timeout_seconds": 30}
"""Has time enough to answer, because one that does not answer in time has failed."""


@pytest.mark.begins_early(
    lasting(
        "slow",
        shell(
            f"sleep 4; touch /tmp/up; {SLEEP}",
            startup_probe=Probe(**IS_UP, failure_threshold=60),
            liveness_probe=Probe(**IS_UP, failure_threshold=1),
        ),
    )
)
@pytest.mark.runs_early
def test_node_probe_startup_holds_back_liveness(place: Place) -> None:
    """The liveness probe would have ended the container if the startup probe had not held it back."""
    pod = place.wait(place.pod("slow"), "Ready")
    assert main_of(pod).started
    assert main_of(pod).restart_count == 0


@pytest.mark.begins_early(
    lasting(
        "stuck",
        shell(SLEEP, startup_probe=Probe(exec=ExecAction(["false"]), failure_threshold=2, period_seconds=1)),
        restart_policy="Never",
    )
)
def test_node_probe_startup_fail(place: Place) -> None:
    """A container that does not start up in time is killed; in a Pod that never restarts that is the end of it."""
    pod = place.wait(place.pod("stuck"), "phase=Failed")
    assert main_of(pod).restart_count == 0
    assert place.events(pod)["Unhealthy"].startswith("Startup probe failed")
