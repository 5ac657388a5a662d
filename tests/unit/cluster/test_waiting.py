"""Waiting and running to the end, on a virtual clock."""

from __future__ import annotations

import pytest

import podkit.cluster.driver
from podkit import (
    Cluster,
    ConfigMap,
    Container,
    Job,
    NotFound,
    ObjectMeta,
    Pod,
    RunFailed,
    VirtualClock,
    WaitTimeout,
)
from podkit.errors import PodkitError
from podkit.runtime.simulated import Images, SimulatedImage
from tests.unit.cluster.builders import job, once, shell


def test_waiting_returns_the_object_as_it_was_then(cluster: Cluster) -> None:
    pod = cluster.create(once("hello", "sleep 5"))
    ready = cluster.wait(pod, "Ready")
    assert ready.status.phase == "Running"
    assert cluster.wait("pod", "hello", "phase=Succeeded", timeout=60).status.phase == "Succeeded"
    assert cluster.wait(Pod, "hello", lambda pod: pod.status.phase == "Succeeded").metadata.uid == pod.metadata.uid


def test_a_state_that_does_not_last_is_not_missed(cluster: Cluster) -> None:
    assert cluster.wait(cluster.create(once("brief", "true")), "phase=Pending").status.phase == "Pending"
    running = cluster.create(once("short", "sleep 0.001"))
    assert cluster.wait(running, "phase=Running").status.phase == "Running"


def test_waiting_for_several_objects_returns_them_in_their_order(cluster: Cluster) -> None:
    pods = [cluster.create(once(f"p{seconds}", f"sleep {seconds}")) for seconds in (3, 1, 2)]
    assert [pod.metadata.name for pod in cluster.wait(pods, "phase=Succeeded")] == ["p3", "p1", "p2"]
    assert cluster.wait([], "Ready") == []


def test_time_passes_only_as_long_as_it_must(cluster: Cluster, clock: VirtualClock) -> None:
    cluster.wait(cluster.create(once("slow", "sleep 3600")), "phase=Succeeded")
    assert clock.monotonic() == pytest.approx(3600, abs=5)


def test_the_timeout_ends_a_wait_and_the_error_shows_what_there_is(cluster: Cluster, clock: VirtualClock) -> None:
    pod = cluster.create(shell("crash", "echo oops; exit 3"))
    with pytest.raises(WaitTimeout) as caught:
        cluster.wait(pod, "phase=Succeeded", timeout=15)
    message = str(caught.value)
    assert not caught.value.hopeless
    assert caught.value.object.metadata.uid == pod.metadata.uid  # type: ignore[union-attr]  # it exists
    assert clock.monotonic() == pytest.approx(15, abs=1)
    assert message.startswith("Pod default/crash: waited for status.phase=Succeeded, which has not come within 15 s")
    for part in (
        "phase: Running on node node-1",
        "CrashLoopBackOff",
        "exit code 3",
        "Ready=False",
        "BackOff",
        "    oops",
    ):
        assert part in message


def test_an_object_that_does_not_exist_is_not_found(cluster: Cluster) -> None:
    with pytest.raises(NotFound):
        cluster.wait("pod/nobody", "Ready")
    with pytest.raises(NotFound):
        cluster.wait(once("nobody", "true"), "Ready")


def test_an_object_of_which_there_is_another_one_now_is_not_found(cluster: Cluster) -> None:
    first = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    cluster.delete(first)
    cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    with pytest.raises(NotFound, match="another one"):
        cluster.wait(first, lambda _: True)
    assert cluster.wait(first, "deleted") == first


def test_what_is_gone_already_need_not_be_waited_for(cluster: Cluster) -> None:
    assert cluster.wait("pod/nobody", "deleted").metadata.name == "nobody"


def test_a_deletion_can_be_waited_for(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    cluster.delete(pod, wait=False)
    gone = cluster.wait(pod, "deleted")
    assert gone.metadata.deletion_timestamp is not None


def test_a_deleted_object_does_not_become_ready(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    cluster.delete(pod, wait=False)
    with pytest.raises(WaitTimeout, match="it has been deleted") as caught:
        cluster.wait(pod, lambda _: False)
    assert caught.value.hopeless


@pytest.mark.parametrize(
    ("script", "until"), [("true", "Ready"), ("false", "Ready"), ("false", "phase=Succeeded"), ("true", "Failed")]
)
def test_a_finished_pod_changes_no_more(cluster: Cluster, script: str, until: str) -> None:
    pod = cluster.create(once("done", script))
    cluster.wait(pod, lambda pod: pod.status.phase in ("Succeeded", "Failed"))
    with pytest.raises(WaitTimeout, match="which is final") as caught:
        cluster.wait(pod, until)
    assert caught.value.hopeless


def test_a_failed_job_does_not_complete(cluster: Cluster) -> None:
    with pytest.raises(WaitTimeout, match="it is failed") as caught:
        cluster.wait(cluster.create(job("work", "echo no; false", backoff_limit=0, restart_policy="Never")), "Complete")
    assert caught.value.hopeless
    assert "    no" in str(caught.value)


def test_a_complete_job_does_not_fail(cluster: Cluster) -> None:
    with pytest.raises(WaitTimeout, match="it is complete"):
        cluster.wait(cluster.create(job("work", "true")), "Failed")


def test_a_pod_that_no_node_can_take_is_not_hopeless(cluster: Cluster, clock: VirtualClock) -> None:
    pod = cluster.create(shell("big", "true", node_selector={"disk": "ssd"}))
    with pytest.raises(WaitTimeout, match="Unschedulable") as caught:
        cluster.wait(pod, "Ready", timeout=30)
    assert not caught.value.hopeless
    assert clock.monotonic() == pytest.approx(30)


def test_a_missing_image_ends_the_wait_at_the_first_attempt(cluster: Cluster, clock: VirtualClock) -> None:
    with pytest.raises(WaitTimeout, match=r"ErrImagePull.*not found") as caught:
        cluster.wait(cluster.create(shell("web", "true", image="nowhere")), "Ready", timeout=300)
    assert caught.value.hopeless
    assert clock.monotonic() < 1


def test_a_wait_that_begins_later_lets_one_more_attempt_be_made(cluster: Cluster, clock: VirtualClock) -> None:
    pod = cluster.create(shell("web", "true", image="nowhere"))
    with pytest.raises(WaitTimeout):
        cluster.wait(pod, lambda _: False, timeout=5)
    with pytest.raises(WaitTimeout) as caught:
        cluster.wait(pod, "Ready", timeout=300)
    assert caught.value.hopeless
    assert clock.monotonic() == pytest.approx(10, abs=2)


def test_an_image_that_appears_in_between_is_found(cluster: Cluster, images: Images) -> None:
    pod = cluster.create(shell("web", "sleep 1000", image="late"))
    with pytest.raises(WaitTimeout):
        cluster.wait(pod, lambda pod: pod.status.phase == "Running", timeout=5)
    images.publish(SimulatedImage("docker.io/library/late:latest"))
    assert cluster.wait(pod, "Ready", timeout=300).status.phase == "Running"


def test_an_image_that_must_not_be_pulled_ends_the_wait(cluster: Cluster) -> None:
    pod = Pod.new("web", containers=[Container("main", image="nowhere", image_pull_policy="Never")])
    with pytest.raises(WaitTimeout, match="ErrImageNeverPull"):
        cluster.wait(cluster.create(pod), "Ready", timeout=300)


def test_a_command_that_does_not_exist_ends_the_wait_at_the_second_attempt(
    cluster: Cluster, clock: VirtualClock
) -> None:
    pod = Pod.new("web", containers=[Container("main", image="busybox", command=["/no/such/thing"])])
    with pytest.raises(WaitTimeout, match="StartError") as caught:
        cluster.wait(cluster.create(pod), "Ready", timeout=300)
    assert caught.value.hopeless
    assert clock.monotonic() < 5


def test_a_job_whose_pods_cannot_start_never_completes(cluster: Cluster) -> None:
    work = Job.new("work", containers=[Container("main", image="nowhere")])
    with pytest.raises(WaitTimeout, match=r"Job default/work: .*ErrImagePull") as caught:
        cluster.wait(cluster.create(work), "Complete", timeout=300)
    assert caught.value.hopeless


def test_a_predicate_is_never_given_up_early(cluster: Cluster, clock: VirtualClock) -> None:
    pod = cluster.create(shell("web", "true", image="nowhere"))
    with pytest.raises(WaitTimeout, match="as the predicate wants it"):
        cluster.wait(pod, lambda _: False, timeout=60)
    assert clock.monotonic() == pytest.approx(60)


def test_a_predicate_with_a_timeout_may_look_at_other_objects(cluster: Cluster) -> None:
    settings = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000", termination_grace_period_seconds=5)), "Ready")
    cluster.delete(pod, wait=False)
    cluster.wait(settings, lambda _: cluster.list(Pod) == [], timeout=60)


def test_a_wait_without_end_on_a_virtual_clock_ends_all_the_same(
    cluster: Cluster, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podkit.cluster.driver, "HORIZON", 3600.0)
    config = cluster.create(ConfigMap(metadata=ObjectMeta(name="settings")))
    with pytest.raises(WaitTimeout, match="nothing is going to happen"):
        cluster.wait(config, lambda _: False)
    assert clock.monotonic() == pytest.approx(3600)


# --- running to the end


def test_running_returns_the_finished_pod(cluster: Cluster) -> None:
    assert cluster.run(once("hello", "echo hi")).status.phase == "Succeeded"


def test_running_returns_the_finished_job(cluster: Cluster) -> None:
    assert cluster.run(job("work", "true", completions=3, parallelism=2)).status.succeeded == 3


def test_running_what_fails_raises_with_its_log(cluster: Cluster) -> None:
    with pytest.raises(RunFailed, match=r"(?s)Pod default/bad has failed.*exit code 3.*    oops") as caught:
        cluster.run(once("bad", "echo oops; exit 3"))
    assert isinstance(caught.value.object, Pod)
    with pytest.raises(RunFailed, match="BackoffLimitExceeded"):
        cluster.run(job("bad", "false", backoff_limit=0, restart_policy="Never"))


def test_running_what_fails_returns_it_if_that_is_fine(cluster: Cluster) -> None:
    assert cluster.run(once("bad", "exit 3"), check=False).status.phase == "Failed"


def test_running_what_does_not_end_runs_into_the_timeout(cluster: Cluster) -> None:
    with pytest.raises(WaitTimeout, match="waited for finished"):
        cluster.run(shell("web", "sleep 1000"), timeout=10)


def test_running_what_never_starts_ends_early(cluster: Cluster, clock: VirtualClock) -> None:
    with pytest.raises(WaitTimeout) as caught:
        cluster.run(once("web", "true", image="nowhere"), timeout=300)
    assert caught.value.hopeless
    assert clock.monotonic() < 1


def test_only_what_ends_can_be_run(cluster: Cluster) -> None:
    with pytest.raises(PodkitError, match="never comes to an end"):
        cluster.run(ConfigMap(metadata=ObjectMeta(name="settings")))
