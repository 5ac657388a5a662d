"""What is easily done wrong is named in the user's words, before anything has happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podkit import Cluster, ConfigMap, Job, LabelSelector, Pod, PodkitError, Service, WaitTimeout
from tests.unit.cluster.builders import job, once, shell


def test_a_log_cannot_be_wanted_since_the_future(cluster: Cluster) -> None:
    cluster.run(once("hello", "echo hello"))
    with pytest.raises(PodkitError, match="since says how long ago, and cannot be less than nothing: -5"):
        cluster.logs("pod/hello", since=-5)
    with pytest.raises(TypeError, match="since is a number of seconds, a timedelta or a datetime, and not a str"):
        cluster.logs("pod/hello", since="5m")  # type: ignore[arg-type]  # this is the mistake
    assert cluster.logs("pod/hello", since=timedelta(hours=1)) == cluster.logs("pod/hello", since=0.5) == "hello\n"


@pytest.mark.parametrize("read", [Cluster.logs, Cluster.stream_logs])
def test_what_has_no_pods_has_no_log(cluster: Cluster, read: Any) -> None:
    cluster.create(ConfigMap.new("settings", {"a": "b"}))
    with pytest.raises(PodkitError, match="ConfigMap settings has no log: only Pods write"):
        read(cluster, "cm/settings")


@pytest.mark.parametrize(
    ("timeout", "message"),
    [
        ("60s", "timeout is a number of seconds, such as 60, and not a str"),
        (timedelta(minutes=1), "and not a timedelta; a timedelta has total_seconds"),
    ],
)
def test_a_timeout_is_a_number_and_nothing_is_done_otherwise(cluster: Cluster, timeout: Any, message: str) -> None:
    settings = cluster.create(ConfigMap.new("settings", {"a": "b"}))
    with pytest.raises(TypeError, match=message):
        cluster.run(once("hello", "true"), timeout=timeout)
    with pytest.raises(TypeError, match=message):
        cluster.delete(settings, timeout=timeout)
    with pytest.raises(TypeError, match=message):
        cluster.wait(settings, "deleted", timeout=timeout)
    assert cluster.list(Pod) == []
    assert cluster.get(settings) == settings
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    with pytest.raises(TypeError, match=message):
        cluster.exec(pod, ["true"], timeout=timeout)


def test_a_condition_that_is_misspelt_is_named_with_the_nearest(cluster: Cluster) -> None:
    pod = cluster.create(shell("web", "sleep 1000"))
    with pytest.raises(WaitTimeout, match=r"not come within 5 s: it has no condition Redy; did you mean Ready\?"):
        cluster.wait(pod, "Redy", timeout=5)
    with pytest.raises(WaitTimeout) as problem:
        cluster.wait(pod, "Ready=False", timeout=5)
    assert "did you mean" not in str(problem.value)


def test_deleting_a_kind_says_which_verb_does(cluster: Cluster) -> None:
    with pytest.raises(TypeError, match=r"needs the name of the Pod after its kind; delete_collection\(\) deletes all"):
        cluster.delete("pods")


def test_a_path_is_no_object(cluster: Cluster) -> None:
    with pytest.raises(PodkitError, match="'/etc/hosts' does not say which object is meant; write kind and name"):
        cluster.copy_to("/etc/hosts", "pod/web", "/tmp")


def test_bytes_are_no_manifest(cluster: Cluster) -> None:
    with pytest.raises(TypeError, match="bytes cannot be applied"):
        cluster.apply(b"kind: Pod")  # type: ignore[arg-type]  # this is the mistake


def test_labels_can_be_a_mapping_or_the_selector_of_another_object(cluster: Cluster) -> None:
    for name in ("web", "api"):
        cluster.create(ConfigMap.new(name, {}, labels={"app": name, "tier": "front"}))
    meant: list[Any] = ["app=web", {"app": "web", "tier": "front"}, LabelSelector(match_labels={"app": "web"})]
    for labels in meant:
        assert [one.metadata.name for one in cluster.list(ConfigMap, labels=labels)] == ["web"]
    with cluster.watch(ConfigMap, labels={"app": "api"}) as watch:
        assert next(watch).object.metadata.name == "api"
    with pytest.raises(PodkitError, match="a label is a text, and 1 is not"):
        cluster.list(ConfigMap, labels={"app": 1})  # type: ignore[dict-item]  # this is the mistake
    cluster.delete_collection(ConfigMap, labels={"app": "web"})
    assert [one.metadata.name for one in cluster.list(ConfigMap)] == ["api"]


def test_several_kinds_can_be_listed_at_once(cluster: Cluster) -> None:
    cluster.create(Service.new("web", ports=[80]))
    cluster.create(ConfigMap.new("settings", {}))
    done = cluster.run(job("work", "true"))
    assert isinstance(done, Job)
    assert [one.kind for one in cluster.list("svc,cm")] == ["Service", "ConfigMap"]
    assert [one.kind for one in cluster.list("all")] == ["Pod", "Service", "Job"]
    with pytest.raises(PodkitError, match="knows no kind 'pdos'"):
        cluster.list("svc,pdos")
