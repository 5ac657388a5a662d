"""Logs, commands, files, events and descriptions, on a virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    ConfigMap,
    Container,
    EnvVar,
    EnvVarSource,
    ExecFailed,
    ObjectMeta,
    Pod,
    PodkitError,
    Secret,
    SimulatedRuntime,
    VirtualClock,
    Volume,
    VolumeMount,
)
from podkit.cluster.containers import Place
from podkit.cluster.logs import LogOptions, Rendering, rfc3339_nano
from podkit.runtime.base import LogEntry
from tests.unit.cluster.builders import job, once, shell

MOMENT = datetime(2026, 1, 1, 12, 0, 0, 120_000, tzinfo=UTC)


def entry(text: str) -> LogEntry:
    return LogEntry(MOMENT, "stdout", text.encode())


def pair(name: str = "pair") -> Pod:
    containers = [
        Container(one, image="busybox", command=["sh", "-c", f"echo from {one}; sleep 1000"]) for one in ("a", "b")
    ]
    return Pod.new(name, containers=containers)


# --- logs


def test_a_log_is_exactly_what_was_written(cluster: Cluster) -> None:
    pod = cluster.run(once("hello", "echo one; echo two; printf three"))
    assert cluster.logs(pod) == "one\ntwo\nthree"
    assert cluster.logs("pod", "hello", tail=1) == "three"
    assert cluster.logs("pod/hello", limit_bytes=5) == "one\nt"


def test_a_log_tells_times(cluster: Cluster) -> None:
    pod = cluster.run(once("hello", "echo one; sleep 2; echo two"))
    assert cluster.logs(pod, timestamps=True) == "2026-01-01T00:00:00Z one\n2026-01-01T00:00:02Z two\n"


@pytest.mark.parametrize(
    "since", [1.5, timedelta(seconds=1.5), datetime(2026, 1, 1, 0, 0, 3), datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)]
)
def test_a_log_can_begin_later(cluster: Cluster, since: float | timedelta | datetime) -> None:
    pod = cluster.run(once("hello", "echo one; sleep 4; echo two"))
    assert cluster.logs(pod, since=since) == "two\n"


def test_the_first_container_is_meant_unless_the_pod_says_otherwise(cluster: Cluster) -> None:
    cluster.wait(cluster.create(pair()), "Ready")
    assert cluster.logs("pod/pair") == "from a\n"
    assert cluster.logs("pod/pair", "b") == "from b\n"
    cluster.patch("pod/pair", {"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "b"}}})
    assert cluster.logs("pod/pair") == "from b\n"


def test_a_container_that_is_not_there_is_named_with_those_that_are(cluster: Cluster) -> None:
    cluster.wait(cluster.create(pair()), "Ready")
    with pytest.raises(PodkitError, match="no container 'c'; it has a, b"):
        cluster.logs("pod/pair", "c")


def test_a_container_that_has_not_started_says_so_as_kubectl_does(cluster: Cluster) -> None:
    cluster.create(pair())
    with pytest.raises(
        PodkitError, match="container 'a' in pod 'pair' is waiting to start: the pod is not scheduled yet"
    ):
        cluster.logs("pod/pair")


def test_the_run_before_a_restart_has_its_own_log(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "echo run; exit 1"))
    with pytest.raises(PodkitError, match="previous terminated container 'main' in pod 'flaky' not found"):
        cluster.logs(pod, previous=True)
    cluster.wait(
        pod, lambda pod: bool(pod.status.container_statuses) and pod.status.container_statuses[0].restart_count == 2
    )
    assert cluster.logs(pod, previous=True) == "run\n"


def test_the_logs_of_a_job_say_from_which_pod_they_are(cluster: Cluster) -> None:
    done = cluster.run(job("work", "echo done", completions=2, parallelism=2))
    names = sorted(pod.metadata.name or "" for pod in cluster.list(Pod))
    assert sorted(cluster.logs(done).splitlines()) == [f"[pod/{name}/main] done" for name in names]
    assert sorted(cluster.stream_logs(done)) == [f"[pod/{name}/main] done\n" for name in names]


def test_a_stream_goes_on_until_the_container_ends(cluster: Cluster) -> None:
    pod = cluster.create(once("hello", "echo one; sleep 5; echo two"))
    cluster.wait(pod, "Ready")
    assert list(cluster.stream_logs(pod)) == ["one\n", "two\n"]


def test_a_stream_that_does_not_follow_ends_at_once(cluster: Cluster) -> None:
    pod = cluster.create(once("hello", "echo one; sleep 5; echo two"))
    cluster.wait(pod, "Ready")
    assert list(cluster.stream_logs(pod, follow=False)) == ["one\n"]


def test_a_stream_is_cut_at_the_limit(cluster: Cluster) -> None:
    pod = cluster.run(once("hello", "echo one; echo two"))
    assert list(cluster.stream_logs(pod, limit_bytes=5)) == ["one\n", "t"]


def test_numbers_that_make_no_sense_are_refused(cluster: Cluster) -> None:
    pod = cluster.run(once("hello", "echo one"))
    with pytest.raises(PodkitError, match="tail"):
        cluster.logs(pod, tail=-1)


def test_only_the_beginning_of_a_line_gets_what_stands_before_it() -> None:
    parts = [entry("long "), entry("line\n"), entry("next")]
    place = Place(SimulatedRuntime(VirtualClock()), "id", pair("x"), "a")
    rendering = Rendering(place, LogOptions(timestamps=True), prefixed=True)
    stamp = "[pod/x/a] 2026-01-01T12:00:00.12Z "
    assert rendering.lines(parts) == [f"{stamp}long line\n"]
    assert rendering.lines([entry(" bit")]) == []
    assert rendering.held() == [f"{stamp}next bit"]
    assert rendering.lines([entry(" is over\n"), entry("after\n")]) == [" is over\n", f"{stamp}after\n"]
    assert rendering.lines([entry("x"), LogEntry(MOMENT, "stderr", b"oops\n"), entry("y\n")]) == [
        f"{stamp}oops\n",
        f"{stamp}xy\n",
    ]


def test_times_are_written_as_go_writes_them() -> None:
    east = timezone(timedelta(hours=2))
    assert rfc3339_nano(datetime(2026, 1, 1, 2, tzinfo=east)) == "2026-01-01T00:00:00Z"
    assert rfc3339_nano(datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000001Z"


# --- commands and files


def test_a_command_is_run_in_a_container(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    assert cluster.exec(pod, ["echo", "hi"]).stdout == "hi\n"
    assert cluster.exec("pod", "pair", ["cat"], stdin="given").stdout == "given"
    assert cluster.exec("pod/pair", ["sh", "-c", "exit 4"], container="b").exit_code == 4
    assert cluster.exec(pod, ["echo", "hi"], text=False).stdout == b"hi\n"


def test_a_command_that_fails_is_an_error_if_so_wanted(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    with pytest.raises(ExecFailed, match=r"exit code 4: oops") as caught:
        cluster.exec(pod, ["sh", "-c", "echo oops >&2; exit 4"], check=True)
    assert (caught.value.exit_code, caught.value.stderr) == (4, "oops\n")


def test_a_command_is_a_list(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    with pytest.raises(TypeError, match=r"\['sh', '-c', 'ls -l'\]"):
        cluster.exec(pod, "ls -l")
    with pytest.raises(TypeError, match="at least one"):
        cluster.exec(pod, [])


def test_a_container_that_does_not_run_takes_no_commands(cluster: Cluster) -> None:
    pod = cluster.run(once("done", "true"))
    with pytest.raises(ExecFailed, match="does not run: it has ended with exit code 0"):
        cluster.exec(pod, ["true"])


def test_of_a_job_the_running_pod_takes_the_command(cluster: Cluster) -> None:
    work = cluster.create(job("work", "sleep 1000"))
    cluster.wait(work, "status.ready=1")
    assert cluster.exec("job/work", ["hostname"]).stdout.startswith("work-")


def test_files_are_copied_in_and_out(cluster: Cluster, tmp_path: Path) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    cluster.copy_to(pod, b"content", "/tmp/file")
    assert cluster.exec(pod, ["cat", "/tmp/file"]).stdout == "content"
    assert cluster.copy_from(pod, "/tmp/file", tmp_path / "out").read_text() == "content"
    assert cluster.copy_from(pod, "/tmp/file", tmp_path) == tmp_path / "file"


def test_directories_are_copied_in_and_out(cluster: Cluster, tmp_path: Path) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    (tmp_path / "tree" / "leaf").mkdir(parents=True)
    (tmp_path / "tree" / "leaf" / "file").write_text("x")
    cluster.copy_to(pod, tmp_path / "tree", "/tmp/")
    assert cluster.exec(pod, ["cat", "/tmp/tree/leaf/file"]).stdout == "x"
    back = cluster.copy_from(pod, "/tmp/tree", tmp_path / "back")
    assert (back / "leaf" / "file").read_text() == "x"


def test_content_needs_the_name_of_a_file(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(pair()), "Ready")
    with pytest.raises(PodkitError, match="is a directory"):
        cluster.copy_to(pod, b"content", "/tmp/")


# --- what is known


def test_events_are_told_in_their_order(cluster: Cluster) -> None:
    pod = cluster.run(once("hello", "echo hi"))
    cluster.run(once("other", "echo hi"))
    reasons = [event.reason for event in cluster.events(pod)]
    assert reasons == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]
    assert [event.reason for event in cluster.events("pod", "hello")] == reasons
    assert len(cluster.events()) >= 2 * len(reasons)


def test_a_description_of_a_pod_says_what_a_person_wants_to_know(cluster: Cluster) -> None:
    pod = Pod.new(
        "web",
        labels={"app": "web"},
        volumes=[Volume.from_empty_dir("data")],
        containers=[
            Container(
                "app",
                image="busybox",
                command=["sleep", "1000"],
                ports=[80],
                env=[
                    EnvVar("MODE", "prod"),
                    EnvVar("PASSWORD", value_from=EnvVarSource.from_secret("login", "password", optional=True)),
                ],
                volume_mounts=[VolumeMount("data", "/data")],
            )
        ],
    )
    cluster.wait(cluster.create(pod), "Ready")
    text = " ".join(cluster.describe("pod", "web").split())
    for line in (
        "Name: web",
        "Labels: app=web",
        "Node: node-1/192.0.2.1",
        "Status: Running",
        "Image: busybox",
        "Ports: 80/TCP",
        "State: Running",
        "Ready: True",
        "Environment: MODE: prod",
        "<set to the key 'password' in secret 'login'>",
        "Mounts: /data from data (rw)",
        "Ready True",
        "data: Type: emptyDir",
        "Started container app",
    ):
        assert line in text


def test_a_description_never_shows_the_values_of_a_secret(cluster: Cluster) -> None:
    cluster.apply(Secret(metadata=ObjectMeta(name="login"), string_data={"password": "hunter2"}))
    text = cluster.describe("secret", "login")
    assert "password: 7 bytes" in text
    assert "hunter2" not in text


def test_other_kinds_are_described_too(cluster: Cluster) -> None:
    cluster.create(ConfigMap(metadata=ObjectMeta(name="settings"), data={"mode": "a\nb"}))
    cluster.run(job("work", "true"))
    assert "  mode: a\n" in cluster.describe("cm", "settings")
    assert "Pods Statuses:     0 Active (0 Ready) / 1 Succeeded / 0 Failed" in cluster.describe("job", "work")
    assert "Capacity:" in cluster.describe("node", "node-1")
    assert "Status:            Active" in cluster.describe("namespace", "default")
