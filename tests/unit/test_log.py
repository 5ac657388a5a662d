"""What podkit logs, and what it does not do by itself."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from podkit import Cluster, Container, Node, ObjectMeta, ObjectReference, Pod, SimulatedRuntime, VirtualClock
from podkit.log import FIELDS, about, about_reference, key_fields, logger

CRASH = """
import signal
from podkit import Cluster, Container, Pod, SimulatedRuntime, VirtualClock
before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
failing = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["false"])
with Cluster(SimulatedRuntime(VirtualClock())) as cluster:
    pod = cluster.create(Pod.new("crash", containers=[failing]))
    cluster.on("pods", lambda change: 1 / 0)
    cluster.wait(pod, lambda pod: any(status.restart_count for status in pod.status.container_statuses))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)


def test_a_program_that_has_not_set_up_logging_sees_nothing() -> None:
    done = run(CRASH)
    assert (done.stdout, done.stderr) == ("", "")


def test_one_that_has_sees_warnings_with_the_fields() -> None:
    set_up = "import logging; logging.basicConfig(format='%(levelname)s %(name)s %(namespace)s/%(pod)s %(container)s %(reason)s')\n"
    assert "WARNING podkit.events default/crash main BackOff" in run(set_up + CRASH).stderr


def test_importing_it_brings_no_handlers_but_one_that_does_nothing() -> None:
    script = (
        "import logging, podkit; podkit.Cluster;"
        "print(*map(type, logging.getLogger('podkit').handlers), logging.root.handlers)"
    )
    assert run(script).stdout.strip() == "<class 'logging.NullHandler'> []"


def test_each_record_of_podkit_has_all_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "podkit")
    with Cluster(SimulatedRuntime(VirtualClock())) as cluster:
        failing = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["false"])
        pod = cluster.create(Pod.new("crash", containers=[failing]))
        cluster.wait(pod, lambda pod: any(status.restart_count for status in pod.status.container_statuses))

    records: list[Any] = [record for record in caplog.records if record.name.startswith("podkit")]
    assert records
    for record in records:
        assert set(FIELDS) <= vars(record).keys()
        json.dumps({field: getattr(record, field) for field in FIELDS})
    started = next(record for record in records if record.reason == "Started")
    assert (started.pod, started.namespace, started.uid) == ("crash", "default", pod.metadata.uid)
    assert (started.container, started.node, started.component) == ("main", "node-1", "kubelet")


def test_about_a_pod_and_about_a_node() -> None:
    pod = Pod.new("web", containers=[Container("app", image="x")])
    pod.metadata.uid, pod.spec.node_name = "1", "a"
    assert about(pod, container="app", reason="Because") == {
        "kind": "Pod", "object": "web", "namespace": None, "uid": "1", "pod": "web", "container": "app", "node": "a",
        "reason": "Because",
    }  # fmt: skip
    assert about(Node(metadata=ObjectMeta(name="a")))["node"] == "a"


@pytest.mark.parametrize("path", ["spec.containers{app}", "spec.initContainers{app}", "spec.ephemeralContainers{app}"])
def test_about_a_part_of_a_pod(path: str) -> None:
    assert about_reference(ObjectReference(kind="Pod", name="web", field_path=path))["container"] == "app"


def test_about_what_a_loop_works_on() -> None:
    assert key_fields(("team", "web")) == {"namespace": "team", "object": "web"}
    assert key_fields("node-1") == {"object": "node-1"}


def test_a_logger_fills_in_what_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    logger("podkit.test").warning("%s", "hello", extra={"pod": "web"})
    (record,) = caplog.records
    assert {field: getattr(record, field) for field in FIELDS} == {**dict.fromkeys(FIELDS), "pod": "web"}
