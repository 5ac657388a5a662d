"""A Podman on another machine: what Pods can have there, and what is told of what they cannot."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from podkit import (
    Cluster,
    ConfigMap,
    ConfigMapVolumeSource,
    EmptyDirVolumeSource,
    ExecAction,
    HostPathVolumeSource,
    HTTPGetAction,
    PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSource,
    PodSecurityContext,
    Probe,
    RuntimeUnavailable,
    Secret,
    SecretVolumeSource,
    Volume,
    VolumeMount,
)
from podkit.runtime.podman import PodmanRuntime
from tests.conformance.build import SLEEP, lasting, once, shell
from tests.conformance.place import Place, eventually
from tests.environment import Environment
from tests.podman.remote_machine import connected, free_port, service, write_ssh


@pytest.fixture(scope="module")
def cluster(podman_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    root = tmp_path_factory.mktemp("node")
    address = f"tcp://127.0.0.1:{free_port()}"
    with service(podman_environment, root, address):
        runtime = connected(address)
        with Cluster(runtime, root_dir=root) as cluster:
            yield cluster
        assert runtime.volumes({}) == []
        runtime.close()


@pytest.fixture
def place(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Place]:
    place = Place(cluster, request.node.name.removeprefix("test_").replace("_", "-")[:60].strip("-"))
    yield place
    place.abandon()


def test_files_reach_the_pod(place: Place) -> None:
    """ConfigMaps and Secrets, with modes and group; a part of one; a directory that two containers share."""
    volumes = [
        Volume("settings", config_map=ConfigMapVolumeSource("settings", default_mode=0o400)),
        Volume("keys", secret=SecretVolumeSource("keys")),
        Volume("shared", empty_dir=EmptyDirVolumeSource()),
    ]
    mounts = [
        VolumeMount("settings", "/etc/settings"),
        VolumeMount("settings", "/one", sub_path="a"),
        VolumeMount("keys", "/keys"),
        VolumeMount("shared", "/shared"),
    ]
    script = "cat /etc/settings/a /one /keys/k /shared/x; stat -Lc '%a %g' /etc/settings/a /shared; id -G"
    pod = once(
        "files",
        shell(script, volume_mounts=mounts),
        init_containers=[shell("echo x >/shared/x", name="first", volume_mounts=mounts[-1:])],
        volumes=volumes,
        security_context=PodSecurityContext(run_as_user=1000, run_as_group=1000, fs_group=2000),
    )
    output = place.output(ConfigMap.new("settings", {"a": "1\n"}), Secret.new("keys", {"k": "s\n"}), pod)
    assert output == "1\n1\ns\nx\n440 2000\n2777 2000\n1000 2000\n"


def test_a_change_of_a_config_map_reaches_the_pod(place: Place) -> None:
    settings = ConfigMap.new("settings", {"a": "1", "gone": "x"})
    volume = Volume("v", config_map=ConfigMapVolumeSource("settings"))
    pod = place.start(settings, lasting("web", shell(SLEEP, mounts={"v": "/v"}), volumes=[volume]))
    assert place.said(pod, "cat", "/v/a", "/v/gone") == "1x"
    place.cluster.update(ConfigMap.new("settings", {"a": "2"}, namespace=place.namespace))
    eventually(lambda: place.said(pod, "cat", "/v/a") == "2", "the new file")
    assert place.cluster.exec(pod, ["cat", "/v/gone"]).exit_code == 1


def test_claims_are_kept_there(place: Place) -> None:
    claim = place.create(PersistentVolumeClaim.new("data", "1Gi"))
    volume = Volume("v", persistent_volume_claim=PersistentVolumeClaimVolumeSource("data"))
    user = PodSecurityContext(run_as_user=1000, fs_group=2000)
    writer = once("writer", shell("echo kept >/v/x", mounts={"v": "/v"}), volumes=[volume], security_context=user)
    assert place.output(writer) == ""
    assert place.output(once("reader", shell("cat /v/x", mounts={"v": "/v"}), volumes=[volume])) == "kept\n"
    for pod in place.pods():
        place.cluster.delete(pod)
    place.cluster.delete(claim, timeout=60)


def test_life_and_end_are_told(place: Place) -> None:
    """Exit code, restarts, termination message, logs, commands, copying, an exec probe, hooks; nothing is left behind."""
    probe = Probe(exec=ExecAction(["test", "-e", "/ready"]), period_seconds=1)
    web = place.create(lasting("web", shell(f"echo hello; {SLEEP}", readiness_probe=probe)))
    place.wait(web, "phase=Running")
    eventually(lambda: place.cluster.logs(web) == "hello\n", "the log")
    place.said(web, "touch", "/ready")
    place.wait(web, "Ready")
    failing = once("failing", shell("echo why >/dev/termination-log; exit 3"))
    ended = place.run(failing).status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.message) == (3, "why\n")
    place.cluster.delete(web)
    runtime = next(iter(place.cluster.machinery.runtimes.values()))
    assert runtime.volumes({"io.kubernetes.pod.uid": web.metadata.uid or ""}) == []


def test_paths_are_those_of_the_other_machine(place: Place) -> None:
    volume = Volume("v", host_path=HostPathVolumeSource("/etc", "Directory"))
    assert place.output(once("reader", shell("cat /v/hostname", mounts={"v": "/v"}), volumes=[volume]))
    made = Volume("v", host_path=HostPathVolumeSource("/srv/new", "DirectoryOrCreate"))
    pod = place.create(once("maker", shell("true", mounts={"v": "/v"}), volumes=[made]))
    eventually(lambda: "UnsupportedField" in place.events(pod), "a refusal")
    assert "cannot be done on another machine: make it there" in place.events(pod)["UnsupportedField"]


def test_what_cannot_be_had_says_so(place: Place) -> None:
    """No memory, and no parts of what a container can write to."""
    said = {
        "": "to lie in memory, which a Podman on another",
        "part": "whether it leads out of the volume cannot be seen",
    }
    for sub_path, message in said.items():
        source = EmptyDirVolumeSource() if sub_path else EmptyDirVolumeSource(medium="Memory")
        main = shell("true", volume_mounts=[VolumeMount("v", "/v", sub_path=sub_path or None)])
        pod = place.create(once(f"pod{sub_path}", main, volumes=[Volume("v", empty_dir=source)]))
        eventually(
            lambda pod=pod, message=message: any(message in text for text in place.events(pod).values()), message
        )


def test_probes_that_need_a_connection_are_refused(place: Place) -> None:
    probe = Probe(http_get=HTTPGetAction(port=80))
    pod = place.run(lasting("web", shell(SLEEP, liveness_probe=probe)))
    assert (pod.status.phase, pod.status.reason) == ("Failed", "UnsupportedField")
    assert "spec.containers[0].livenessProbe.httpGet (an engine on another machine; use exec)" in (
        pod.status.message or ""
    )


@pytest.fixture
def ssh(
    podman_environment: Environment,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The address of a Podman that is reached by ssh."""
    short = tmp_path_factory.mktemp("s")  # the path of a socket has 107 characters at the most
    (tmp_path / "node").mkdir()
    write_ssh(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with service(podman_environment, tmp_path / "node", f"unix://{short}/podman.sock"):
        yield f"ssh://root@remote.test{short}/podman.sock"


def test_a_pod_runs_through_ssh_also_after_the_connection_has_broken(ssh: str, tmp_path: Path) -> None:
    runtime = connected(ssh)
    with Cluster(runtime, root_dir=tmp_path / "node") as cluster:
        web = cluster.create(lasting("web", shell(f"echo hello; {SLEEP}")))
        web = cluster.wait(web, "Ready", timeout=60)
        assert cluster.exec(web, ["echo", "there"]).stdout == "there\n"
        tunnel = runtime._client.service._tunnel._process
        tunnel.send_signal(signal.SIGKILL)
        tunnel.wait()
        assert cluster.exec(web, ["echo", "again"]).stdout == "again\n"
        cluster.delete(web, timeout=60)
    runtime.close()
    assert list(tmp_path.glob("podkit-service-*")) == []


def test_what_is_wrong_with_an_ssh_address_is_told(ssh: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"no Podman service answers at /nowhere\.sock of remote\.test"):
        PodmanRuntime("ssh://root@remote.test/nowhere.sock")
    with pytest.raises(RuntimeUnavailable, match=r"ssh to unknown\.test failed: .*unknown\.test"):
        PodmanRuntime("ssh://unknown.test/podman.sock")
    with pytest.raises(RuntimeUnavailable, match="does not say which socket to use"):
        PodmanRuntime("ssh://remote.test")
