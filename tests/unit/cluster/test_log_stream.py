"""Following logs: through restarts, of several Pods, until somebody ends it."""

from __future__ import annotations

import gc
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    Container,
    Deployment,
    EmptyDirVolumeSource,
    Pod,
    PodkitError,
    SystemClock,
    Volume,
    VolumeMount,
)
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.cluster.builders import job, once, shell
from tests.unit.cluster.conftest import BUSYBOX

SECONDS = 30


@pytest.fixture
def real_time(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose time passes by itself."""
    clock = SystemClock()
    with Cluster(SimulatedRuntime(clock, images=Images(remote=[BUSYBOX])), root_dir=tmp_path / "nodes") as cluster:
        yield cluster


def deployment(script: str, replicas: int = 1) -> Deployment:
    main = Container("main", image="busybox", command=["sh", "-c", script])
    return Deployment.new("web", containers=[main], replicas=replicas)


def has_run(pod: Pod) -> bool:
    return any(one.container_id for one in pod.status.container_statuses)


def log_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "podkit-log"]


def test_a_stream_goes_on_through_restarts(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "hostname; exit 1"))
    cluster.wait(pod, has_run)
    assert list(itertools.islice(cluster.stream_logs(pod), 4)) == ["flaky\n"] * 4


def test_a_stream_ends_with_the_attempt_that_is_the_last(cluster: Cluster) -> None:
    script = "echo run; [ -e /v/two ] && exit 0; touch /v/two; sleep 5; exit 1"
    mount = VolumeMount(name="v", mount_path="/v")
    main = Container("main", image="busybox", command=["sh", "-c", script], volume_mounts=[mount])
    volume = Volume(name="v", empty_dir=EmptyDirVolumeSource())
    pod = cluster.create(Pod.new("flaky", containers=[main], volumes=[volume], restart_policy="OnFailure"))
    cluster.wait(pod, has_run)
    assert list(cluster.stream_logs(pod)) == ["run\n", "run\n"]


def test_only_of_the_first_attempt_the_beginning_is_left_out(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "echo one; echo two; sleep 5; exit 1"))
    cluster.wait(pod, "Ready")
    lines = cluster.stream_logs(pod, tail=1)
    assert list(itertools.islice(lines, 3)) == ["two\n", "one\n", "two\n"]


def test_the_limit_holds_for_all_attempts_together(cluster: Cluster) -> None:
    pod = cluster.create(shell("flaky", "echo run; exit 1"))
    cluster.wait(pod, has_run)
    assert "".join(cluster.stream_logs(pod, limit_bytes=10)) == "run\nrun\nru"


def test_a_stream_ends_when_its_pod_is_deleted(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "echo one; sleep 1000")), "Ready")
    lines = cluster.stream_logs(pod)
    assert next(lines) == "one\n"
    cluster.delete(pod, grace_period=0)
    assert list(lines) == []


def test_pods_that_are_made_later_join(cluster: Cluster) -> None:
    work = cluster.create(job("work", "echo done", completions=3, parallelism=1))
    cluster.wait(work, "status.active=1")
    lines = list(cluster.stream_logs(work))
    assert len(lines) == 3
    assert {line.partition(" ")[0] for line in lines} == {
        f"[pod/{pod.metadata.name}/main]" for pod in cluster.list(Pod)
    }


def test_a_deployment_can_be_followed_before_it_has_pods(real_time: Cluster) -> None:
    web = real_time.create(deployment("echo hello; sleep 1000"))
    with real_time.stream_logs(web) as lines:
        assert next(lines).endswith("/main] hello\n")
        real_time.scale(web, 2)
        assert next(lines).endswith("/main] hello\n")


def test_the_wrong_name_of_a_container_is_told(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    with pytest.raises(PodkitError, match="no container 'app'; it has main"):
        cluster.stream_logs(pod, "app")
    web = cluster.wait(cluster.create(deployment("sleep 1000")), "Available")
    with pytest.raises(PodkitError, match="no container 'app'; it has main"):
        next(cluster.stream_logs(web, "app"))


def read_in_a_thread(lines: Iterator[str], found: list[str]) -> threading.Thread:
    thread = threading.Thread(target=lambda: found.extend(lines))
    thread.start()
    return thread


def test_another_thread_can_close_a_stream(real_time: Cluster) -> None:
    pod = real_time.wait(real_time.create(shell("web", "echo one; sleep 1000")), "Ready", timeout=SECONDS)
    lines = real_time.stream_logs(pod)
    first, found = next(lines), list[str]()
    reader = read_in_a_thread(lines, found)
    lines.close()
    reader.join(SECONDS)
    assert (first, found) == ("one\n", [])
    assert list(lines) == []


def test_a_stream_ends_with_the_cluster(tmp_path: Path) -> None:
    runtime = SimulatedRuntime(SystemClock(), images=Images(remote=[BUSYBOX]))
    with Cluster(runtime, root_dir=tmp_path / "nodes") as cluster:
        pod = cluster.wait(cluster.create(shell("web", "echo one; sleep 1000")), "Ready", timeout=SECONDS)
        lines = cluster.stream_logs(pod)
        found: list[str] = []
        reader = read_in_a_thread(lines, found)
    reader.join(SECONDS)
    assert not reader.is_alive()


def test_no_thread_is_left_of_a_stream_that_nobody_reads_any_more(real_time: Cluster) -> None:
    pod = real_time.wait(real_time.create(shell("web", "echo one; sleep 1000")), "Ready", timeout=SECONDS)
    lines = real_time.stream_logs(pod)
    assert next(lines) == "one\n"
    threads = log_threads()
    assert len(threads) == 1
    del lines
    gc.collect()
    threads[0].join(SECONDS)
    assert not threads[0].is_alive()


def test_what_is_written_is_read_while_it_is_being_written(real_time: Cluster) -> None:
    pod = real_time.create(once("slow", "echo one; sleep 0.2; echo two"))
    real_time.wait(pod, has_run, timeout=SECONDS)
    assert list(real_time.stream_logs(pod)) == ["one\n", "two\n"]


def test_lines_that_are_written_in_pieces_come_whole(cluster: Cluster) -> None:
    pod = cluster.run(once("slow", "printf one; printf ' two'; echo; printf three"))
    assert list(cluster.stream_logs(pod)) == ["one two\n", "three"]
    assert list(cluster.stream_logs(pod, follow=False)) == ["one two\n", "three"]
    assert cluster.logs(pod, timestamps=True) == "2026-01-01T00:00:00Z one two\n2026-01-01T00:00:00Z three"


def test_a_prompt_is_told_though_its_line_has_no_end_yet(real_time: Cluster) -> None:
    pod = real_time.wait(real_time.create(shell("web", "printf 'name? '; sleep 1000")), "Ready", timeout=SECONDS)
    assert next(real_time.stream_logs(pod)) == "name? "


def test_on_a_virtual_clock_too(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "printf 'name? '; sleep 1000")), "Ready")
    assert next(cluster.stream_logs(pod)) == "name? "
