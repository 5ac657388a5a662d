"""Every public name has an example in its docstring, and the examples run."""

from __future__ import annotations

import contextlib
import inspect
import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import podkit
import podkit.aio
import podkit.metrics
import podkit.model
import podkit.runtime
import podkit.runtime.simulated
import podkit.testing
from podkit import Cluster, Container, Deployment, Job, Pod, SimulatedRuntime, VirtualClock, dump
from podkit.model.kinds import KINDS
from podkit.runtime.simulated import Images

EXAMPLE = re.compile(r"^( *)(?:[^ \n][^\n]*)?::\n\n((?:(?:\1 {4}.*)?\n)+)", re.MULTILINE)
CONSTRUCTED = {
    *(
        "Affinity",
        "Capabilities",
        "Container",
        "ContainerPort",
        "DeploymentStrategy",
        "EnvFromSource",
        "EnvVar",
        "EnvVarSource",
    ),
    *(
        "EphemeralContainer",
        "ExecAction",
        "GRPCAction",
        "HTTPGetAction",
        "HostAlias",
        "KubernetesObject",
        "LabelSelector",
    ),
    *(
        "Lifecycle",
        "LocalObjectReference",
        "ObjectMeta",
        "OwnerReference",
        "PodFailurePolicy",
        "PodSecurityContext",
        "PodSpec",
    ),
    *("PodTemplateSpec", "Probe", "ResourceRequirements", "SecurityContext", "ServicePort", "TCPSocketAction", "Taint"),
    *("Toleration", "TopologySpreadConstraint", "Volume", "VolumeMount"),
}
"""What users build, beside the kinds: the rest of the model is read as YAML more often than written in Python."""


def public_things() -> dict[str, Any]:
    """What has to have an example, by its name."""
    model = set(podkit.model.__all__)
    wanted = {kind.cls.__name__ for kind in KINDS.kinds} | CONSTRUCTED
    found = {name: getattr(podkit, name) for name in podkit.__all__ if name not in model or name in wanted}
    del found["__version__"]
    for module in (podkit.runtime, podkit.runtime.simulated, podkit.testing, podkit.metrics):
        for name in module.__all__:
            found[f"{module.__name__}.{name}"] = getattr(module, name)
    del found["podkit.runtime.simulated.Run"]  # a type alias
    for name, verb in inspect.getmembers(Cluster):
        if not name.startswith("_") and name != "machinery":
            found[f"Cluster.{name}"] = verb
    return found


THINGS = public_things()


def examples() -> list[tuple[str, str]]:
    """Each example once, with the name of what it shows."""
    seen: dict[str, str] = {}
    for name, thing in THINGS.items():
        for code in examples_of(thing):
            seen.setdefault(code, name)
    return [(name, code) for code, name in seen.items()]


def examples_of(thing: Any) -> list[str]:
    text = inspect.getdoc(thing) or ""
    return [textwrap.dedent(code) for _, code in EXAMPLE.findall(text + "\n")]


NEED_MORE = {
    *("Kubelet", "PodmanRuntime", "Session", "Cluster.attach", "Cluster.port_forward", "Cluster.stream_exec", "clean"),
    *("podkit.testing.TestNamespace", "podkit.metrics.ClusterCollector"),
}
"""What needs a Podman, a web server or pytest: their examples are only compiled here, and typed elsewhere."""


@pytest.mark.parametrize("name", THINGS)
def test_each_public_name_has_an_example(name: str) -> None:
    assert examples_of(THINGS[name]), f"{name} has no example"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that examples speak of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manifests").mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("hello")
    pod = Pod.new("other", containers=[Container("main", image="busybox", command=["sleep", "1000"])])
    for path in ("manifests/pod.yaml", "pod.yaml", "manifests.yaml", "web.yaml"):
        dump(pod, path)
    return tmp_path


def sleeper(command: str) -> Container:
    return Container(
        "main",
        image="busybox",
        command=["sh", "-c", command],
        ports=[8080],
        resources=podkit.ResourceRequirements(requests={"cpu": "50m"}),
    )


@pytest.fixture
def names(place: Path) -> Iterator[dict[str, Any]]:
    """What examples may speak of: all of podkit, and a cluster with a few things in it."""
    engine = SimulatedRuntime(VirtualClock(), images=Images(every_name=True))
    with Cluster(engine, root_dir=place / "nodes") as cluster:
        pod = Pod.new("web", containers=[sleeper("sleep 100000")], labels={"app": "web"})
        web = Deployment.new("web", containers=[sleeper("echo hello; sleep 100000")], replicas=2)
        cluster.create(podkit.ConfigMap.new("settings", {"mode": "test"}))
        pod = cluster.wait(cluster.create(pod), "Ready")
        web = cluster.wait(cluster.create(web), "Available")
        hello = Container("main", image="busybox", command=["echo", "hello"])
        job = Job.new("hello-again", containers=[hello], restart_policy="Never")
        yield {
            **{name: getattr(podkit, name) for name in podkit.__all__},
            **{name: getattr(podkit.runtime.simulated, name) for name in podkit.runtime.simulated.__all__},
            "TestNamespace": podkit.testing.TestNamespace,
            "math": math,
            "warnings": warnings,
            "cluster": cluster,
            "engine": engine,
            "store": cluster.store,
            "pod": pod,
            "deployment": web,
            "job": job,
            "text": podkit.dumps(pod),
        }


@pytest.mark.parametrize(("name", "code"), [pytest.param(name, code, id=name) for name, code in examples()])
def test_the_examples_run(name: str, code: str, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    program = compile(code, f"<the example of {name}>", "exec")
    if name in NEED_MORE:
        return
    monkeypatch.setattr(podkit.cluster.cluster, "Cluster", Cluster)
    prepare(name, names)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(program, names)


def prepare(name: str, names: dict[str, Any]) -> None:
    """Let ``Cluster()`` be one without Podman."""
    if name in {"Cluster", "Cluster.close", "NodeInUse", "PullProgress", "RuntimeUnavailable"}:
        names["Cluster"] = lambda **_: Cluster(names["engine"].__class__(VirtualClock()))
    if name == "Cluster.stream_logs":
        names["job"] = names["cluster"].create(names["job"])
