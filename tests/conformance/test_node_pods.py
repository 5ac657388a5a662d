"""The life of Pods: how they begin, what changes while they run, and how they end."""

from __future__ import annotations

import ipaddress
import pathlib

import pytest

from podkit import (
    ConfigMap,
    Container,
    EmptyDirVolumeSource,
    ExecAction,
    GRPCAction,
    HostPathVolumeSource,
    HTTPGetAction,
    Lifecycle,
    LifecycleHandler,
    NotFound,
    Pod,
    Probe,
    ResourceRequirements,
    Secret,
    SleepAction,
    TCPSocketAction,
    ValidationError,
    Volume,
)
from tests.conformance.build import IMAGE, SLEEP, lasting, once, shell
from tests.conformance.place import PATIENCE, Place, eventually, main_of
from tests.health_server import health_server

SHARED = Volume("shared", empty_dir=EmptyDirVolumeSource())
ENDS_ON_TERM = "trap 'exit 0' TERM; touch /tmp/heeds; while :; do sleep 0.1; done"
HEEDS = Probe(exec=ExecAction(["test", "-f", "/tmp/heeds"]), period_seconds=1, timeout_seconds=30, failure_threshold=60)
"""Whether it has come so far that it heeds its stop signal."""


@pytest.mark.behaviour("node/pod-create-delete")
def test_node_pod_create_delete(place: Place) -> None:
    labels = {"case": place.namespace}
    selector = f"case={place.namespace}"
    with place.cluster.watch(Pod, namespace=place.namespace, labels=selector) as changes:
        pod = place.start(
            lasting(
                "short-lived",
                shell(ENDS_ON_TERM, readiness_probe=HEEDS),
                labels=labels,
                termination_grace_period_seconds=30,
            )
        )
        assert [one.metadata.name for one in place.pods(selector)] == ["short-lived"]
        place.cluster.delete(pod, timeout=PATIENCE)
        seen = []
        for change in changes:
            seen.append(change)
            if change.type == "DELETED":
                break
    assert seen[0].type == "ADDED"
    assert any(change.object.status.phase == "Running" for change in seen)
    leaving = next(change.object for change in seen if change.object.metadata.deletion_timestamp)
    assert leaving.metadata.deletion_grace_period_seconds == 30
    assert seen[-1].object.status.container_statuses[0].state.terminated.exit_code == 0
    assert place.pods(selector) == []


def test_node_pod_begins_before_its_containers(place: Place) -> None:
    pod = place.start(lasting("punctual"))
    begun = pod.status.start_time
    assert pod.metadata.creation_timestamp <= begun <= main_of(pod).state.running.started_at


@pytest.mark.behaviour("node/pod-update-labels")
def test_node_pod_update_labels(place: Place) -> None:
    pod = place.start(lasting("labelled", labels={"time": "t1"}))
    place.cluster.patch(pod, {"metadata": {"labels": {"time": "t2"}}})
    assert place.pods("time=t1") == []
    (found,) = place.pods("time=t2")
    assert found.status.container_statuses == pod.status.container_statuses


@pytest.mark.behaviour("node/pod-and-status-lifecycle")
def test_node_pod_and_status_lifecycle(place: Place) -> None:
    pod = place.start(lasting("changing", labels={"fixed": "yes"}))
    changes = {
        "metadata": {"labels": {"new": "yes"}},
        "spec": {"containers": [{"name": "main", "image": "localhost/busybox:two"}]},
    }
    place.cluster.patch(pod, changes)
    pod = place.wait(
        pod, lambda pod: pod.status.container_statuses[0].image == "localhost/busybox:two" and _is_ready(pod)
    )
    assert [one.metadata.name for one in place.pods("fixed=yes,new=yes")] == ["changing"]
    place.cluster.delete(pod, timeout=PATIENCE)
    assert place.pods("fixed=yes") == []


def _is_ready(pod: Pod) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions)


@pytest.mark.behaviour("node/pod-host-ip")
def test_node_pod_host_ip(place: Place) -> None:
    status = place.start(lasting("placed")).status
    assert ipaddress.ip_address(status.host_ip)
    assert ipaddress.ip_address(status.pod_ip)
    assert status.host_ips[0].ip == status.host_ip
    assert status.pod_ips[0].ip == status.pod_ip


@pytest.mark.behaviour("node/pod-active-deadline")
def test_node_pod_active_deadline(place: Place) -> None:
    pod = place.start(lasting("limited"))
    place.cluster.patch(pod, {"spec": {"activeDeadlineSeconds": 2}})
    pod = place.wait(pod, "phase=Failed")
    assert pod.status.reason == "DeadlineExceeded"
    assert pod.status.message
    pod = place.wait(pod, lambda pod: pod.status.container_statuses[0].state.terminated)
    assert pod.status.container_statuses[0].restart_count == 0


@pytest.mark.behaviour("node/pod-generation-updates")
def test_node_pod_generation_updates(place: Place) -> None:
    pod = lasting("counted", active_deadline_seconds=3600)
    pod.metadata.generation = 100
    pod = place.start(pod)
    assert pod.metadata.generation == 1
    assert place.cluster.patch(pod, {"metadata": {"labels": {"tier": "back"}}}).metadata.generation == 1
    assert place.cluster.patch(pod, {"spec": {"activeDeadlineSeconds": 3600}}).metadata.generation == 1
    assert place.cluster.patch(pod, {"spec": {"activeDeadlineSeconds": 3000}}).metadata.generation == 2
    toleration = {"key": "taint", "operator": "Exists", "effect": "NoSchedule"}
    assert place.cluster.patch(pod, {"spec": {"tolerations": [toleration]}}).metadata.generation == 3
    place.wait(pod, lambda pod: pod.status.observed_generation == 3)


@pytest.mark.behaviour("node/pod-generation-500")
def test_node_pod_generation_500(place: Place) -> None:
    pod = place.start(lasting("counted", active_deadline_seconds=5000))
    for seconds in range(4999, 4500, -1):
        place.cluster.patch(pod, {"spec": {"activeDeadlineSeconds": seconds}})
    pod = place.wait(pod, lambda pod: pod.status.observed_generation == 500)
    assert pod.metadata.generation == 500


@pytest.mark.behaviour("node/qos-guaranteed")
def test_node_qos_guaranteed(place: Place) -> None:
    resources = ResourceRequirements({"cpu": "20m", "memory": "20Mi"}, {"cpu": "20m", "memory": "20Mi"})
    classes = {"Guaranteed": resources, "Burstable": ResourceRequirements({"cpu": "20m"}), "BestEffort": None}
    for name, found in classes.items():
        pod = place.create(once(name.lower(), shell("true", resources=found)))
        assert pod.status.qos_class == name


@pytest.mark.behaviour("node/configmap-empty-key")
def test_node_configmap_empty_key(place: Place) -> None:
    with pytest.raises(ValidationError):
        place.create(ConfigMap.new("broken", {"": "value"}))
    with pytest.raises(NotFound):
        place.cluster.get(ConfigMap, "broken", namespace=place.namespace)


@pytest.mark.behaviour("node/secret-empty-key")
def test_node_secret_empty_key(place: Place) -> None:
    with pytest.raises(ValidationError):
        place.create(Secret.new("broken", {"": b"value"}))


@pytest.mark.behaviour("node/secret-patch")
def test_node_secret_patch(place: Place) -> None:
    secret = place.create(Secret.new("hidden", {"key": b"value"}, labels={"kept": "yes"}))
    place.cluster.patch(secret, {"metadata": {"labels": {"patched": "yes"}}, "data": {"key": "dmFsdWUx"}})
    (found,) = place.cluster.list(Secret, labels="patched=yes,kept=yes")
    assert found.data["key"] == b"value1"
    place.cluster.delete(found)
    assert place.cluster.list(Secret, namespace=place.namespace) == []


@pytest.mark.behaviour("node/podtemplate-lifecycle")
def test_node_podtemplate_lifecycle(place: Place) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": "pattern", "namespace": place.namespace, "labels": {"pattern": "static"}},
        "template": {"spec": {"containers": [{"name": "main", "image": IMAGE}]}},
    }
    (template,) = place.cluster.apply(manifest)
    place.cluster.patch(template, {"metadata": {"labels": {"pattern": "patched"}}})
    (found,) = place.cluster.list("podtemplates", labels="pattern=patched")
    place.cluster.delete(found)
    assert place.cluster.list("podtemplates", namespace=place.namespace) == []


@pytest.mark.behaviour("node/init-success-never")
def test_node_init_success_never(place: Place) -> None:
    steps = [shell(f"echo {number} >>/shared/list", f"init{number}", mounts={"shared": "/shared"}) for number in (1, 2)]
    main = shell("cat /shared/list", mounts={"shared": "/shared"})
    pod = place.run(once("prepared", main, init_containers=steps, volumes=[SHARED]))
    assert place.cluster.logs(pod, container="main") == "1\n2\n"
    assert _condition(pod, "Initialized").status == "True"
    for status in pod.status.init_container_statuses:
        assert (status.ready, status.restart_count, status.state.terminated.exit_code) == (True, 0, 0)


@pytest.mark.behaviour("node/init-success-always")
def test_node_init_success_always(place: Place) -> None:
    pod = place.start(
        lasting("prepared", shell(SLEEP), init_containers=[shell("true", "init1"), shell("true", "init2")])
    )
    first, second = [status.state.terminated for status in pod.status.init_container_statuses]
    main = pod.status.container_statuses[0].state.running
    assert first.finished_at <= second.started_at
    assert second.finished_at <= main.started_at
    assert _condition(pod, "Initialized").status == "True"


def test_node_init_failure_is_final_with_never(place: Place) -> None:
    """An init container that fails in a Pod that never restarts fails the Pod; nothing else is started."""
    pod = place.run(
        once("unprepared", shell("echo main"), init_containers=[shell("exit 3", "init1"), shell("true", "init2")])
    )
    assert pod.status.phase == "Failed"
    assert pod.status.init_container_statuses[0].state.terminated.exit_code == 3
    assert pod.status.container_statuses[0].state.waiting.reason == "PodInitializing"


def test_node_init_failure_ends_sidecars(place: Place) -> None:
    """What a sidecar that was running does at the end is of no account: the Pod has failed."""
    sidecar = shell(ENDS_ON_TERM, "sidecar", restart_policy="Always", startup_probe=HEEDS)
    pod = place.run(once("unprepared", shell("echo main"), init_containers=[sidecar, shell("exit 3", "init1")]))
    assert pod.status.phase == "Failed"
    assert [status.state.terminated.exit_code for status in pod.status.init_container_statuses] == [0, 3]


def _condition(pod: Pod, type_: str):
    return next(condition for condition in pod.status.conditions if condition.type == type_)


def test_node_sidecar(place: Place) -> None:
    """A sidecar starts before what it serves, and ends when that is done, which then counts as a success."""
    ready = Probe(exec=ExecAction(["test", "-f", "/shared/up"]), period_seconds=1, timeout_seconds=30)
    server = shell(
        f"echo sidecar >/shared/up; {ENDS_ON_TERM}",
        "sidecar",
        restart_policy="Always",
        startup_probe=ready,
        mounts={"shared": "/shared"},
    )
    main = shell("cat /shared/up", mounts={"shared": "/shared"})
    pod = place.run(once("served", main, init_containers=[server], volumes=[SHARED]))
    assert pod.status.phase == "Succeeded"
    assert place.cluster.logs(pod, container="main") == "sidecar\n"


@pytest.mark.behaviour("node/hook-poststart-exec")
def test_node_hook_poststart_exec(place: Place, tmp_path: pathlib.Path) -> None:
    """As long as the hook runs, the container is not said to run."""
    script = "echo $WHO >/seen/hook; while [ ! -f /seen/go ]; do sleep 0.1; done"
    hook = Lifecycle(post_start=LifecycleHandler(exec=ExecAction(["sh", "-c", script])))
    main = shell(SLEEP, lifecycle=hook, env={"WHO": "poststart"}, mounts={"seen": "/seen"})
    pod = place.create(lasting("hooked", main, volumes=[Volume("seen", host_path=HostPathVolumeSource(str(tmp_path)))]))
    eventually(lambda: (tmp_path / "hook").exists(), "the hook runs")
    assert not main_of(place.pod("hooked")).state.running
    (tmp_path / "go").touch()
    pod = place.wait(pod, "Ready")
    assert (tmp_path / "hook").read_text() == "poststart\n", "the hook has the container's environment"
    assert pod.status.container_statuses[0].restart_count == 0


@pytest.mark.behaviour("node/hook-prestop-exec")
def test_node_hook_prestop_exec(place: Place, tmp_path: pathlib.Path) -> None:
    hook = LifecycleHandler(
        exec=ExecAction(["sh", "-c", "echo prestop >>/seen/log; sleep 1; echo prestop-done >>/seen/log"])
    )
    script = "trap 'echo term >>/seen/log; exit 0' TERM; while :; do sleep 0.1; done"
    main = shell(script, lifecycle=Lifecycle(pre_stop=hook), mounts={"seen": "/seen"})
    seen = Volume("seen", host_path=HostPathVolumeSource(str(tmp_path)))
    pod = place.start(lasting("hooked", main, volumes=[seen], termination_grace_period_seconds=60))
    place.cluster.delete(pod, timeout=PATIENCE)
    assert (tmp_path / "log").read_text().split() == ["prestop", "prestop-done", "term"]


@pytest.mark.behaviour("node/hook-prestop-http")
def test_node_hook_prestop_http(place: Place, tmp_path: pathlib.Path) -> None:
    script = "mkdir /www; echo ok >/www/bye; trap 'exit 0' TERM; httpd -f -vv -p 8080 -h /www 2>>/seen/log & wait"
    hook = LifecycleHandler(http_get=HTTPGetAction(8080, path="/bye"))
    asks = ["wget", "-q", "-O", "-", "http://localhost:8080/bye"]
    ready = Probe(exec=ExecAction(asks), period_seconds=1, timeout_seconds=30)
    main = shell(script, lifecycle=Lifecycle(pre_stop=hook), mounts={"seen": "/seen"}, readiness_probe=ready)
    seen = Volume("seen", host_path=HostPathVolumeSource(str(tmp_path)))
    pod = place.start(lasting("hooked", main, volumes=[seen], termination_grace_period_seconds=60))
    (tmp_path / "log").write_text("")
    place.cluster.delete(pod, timeout=PATIENCE)
    assert "url:/bye" in (tmp_path / "log").read_text()


def test_node_hook_poststart_http_to_another_pod(place: Place) -> None:
    """A hook can ask another Pod, by its address, also where the machine itself does not reach Pods."""
    serve = "mkdir /www; echo ok >/www/hello; exec httpd -f -vv -p 8080 -h /www"
    ready = Probe(tcp_socket=TCPSocketAction(8080), period_seconds=1, timeout_seconds=30)
    asked = place.start(lasting("asked", shell(serve, readiness_probe=ready)))
    hook = LifecycleHandler(http_get=HTTPGetAction(8080, path="/hello", host=asked.status.pod_ip))
    place.start(lasting("asks", shell(SLEEP, lifecycle=Lifecycle(post_start=hook))))
    eventually(lambda: "url:/hello" in place.cluster.logs(asked), "it is asked")


def test_node_hook_prestop_sleep_of_no_time(place: Place) -> None:
    """It is over at once: the stop signal follows, and nothing waits for the grace period."""
    hook = LifecycleHandler(sleep=SleepAction(0))
    main = shell(ENDS_ON_TERM, lifecycle=Lifecycle(pre_stop=hook), readiness_probe=HEEDS)
    pod = place.start(lasting("hooked", main, termination_grace_period_seconds=300))
    place.cluster.delete(pod, timeout=PATIENCE)


def test_node_grace_period_ends_in_a_kill(place: Place) -> None:
    """A container that does not heed its stop signal is killed when its time is up."""
    pod = place.start(lasting("deaf", shell("trap '' TERM; while :; do sleep 0.1; done")))
    with place.cluster.watch(Pod, namespace=place.namespace) as changes:
        place.cluster.delete(pod, timeout=PATIENCE)
        last = next(change.object for change in changes if change.type == "DELETED")
    assert last.status.container_statuses[0].state.terminated.exit_code == 137


@pytest.mark.behaviour("node/failed-pod-delete")
def test_node_failed_pod_delete(place: Place) -> None:
    pod = place.create(lasting("crashing", Container("main", image=IMAGE, command=["/bin/false"])))
    place.wait(pod, lambda pod: pod.status.container_statuses and pod.status.container_statuses[0].restart_count >= 1)
    place.cluster.delete(pod, timeout=PATIENCE)
    assert place.pods() == []


@pytest.mark.behaviour("node/probe-grpc-liveness-ok")
def test_node_probe_grpc_liveness_ok(place: Place) -> None:
    """The server is on the network of the machine, which the Pod is on too; once it is not well, the container is restarted."""
    with health_server() as server:
        probe = Probe(grpc=GRPCAction(server.port, "orders"), period_seconds=1, timeout_seconds=30, failure_threshold=1)
        pod = place.start(lasting("healthy-rpc", shell(SLEEP, liveness_probe=probe), host_network=True))
        eventually(lambda: len(server.requests) >= 3, "it is asked three times")
        assert main_of(place.pod("healthy-rpc")).restart_count == 0
        server.status = "NOT_SERVING"
        pod = place.wait(pod, lambda seen: main_of(seen).restart_count > 0)
        assert (
            place.events(pod)["Unhealthy"] == 'Liveness probe failed: service unhealthy (responded with "NOT_SERVING")'
        )
