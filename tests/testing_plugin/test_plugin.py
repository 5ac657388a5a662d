"""The pytest plugin, used as its users do: in runs of pytest of their own, on a real Podman."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.environment import Environment

pytest_plugins = "pytester"

WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: app
    image: localhost/busybox:latest
    command: [sh, -c, "mkdir -p /www; echo hello >/www/index.html; echo serving; exec httpd -f -p 8080 -h /www"]
    readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
"""


@pytest.fixture
def run(podman_environment: Environment, pytester: pytest.Pytester):
    """Runs pytest on a file of tests."""

    def run(tests: str, *arguments: str, **outcomes: int) -> str:
        pytester.makepyfile(test_it=tests)
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
        result.assert_outcomes(**outcomes)
        return result.stdout.str()

    return run


def pods(environment: Environment) -> str:
    return environment.podman("pod", "ps", "--format", "{{.Name}}")


def test_a_test_has_what_its_marker_names(run, pytester: pytest.Pytester, podman_environment: Environment) -> None:
    pytester.path.joinpath("web.yaml").write_text(WEB)
    run(
        """
        import urllib.request
        import pytest
        from podkit import ConfigMap

        @pytest.mark.podkit("web.yaml", ConfigMap.new("settings", {"a": "b"}), timeout=30)
        def test_serves(podkit_namespace):
            with podkit_namespace.port_forward("pod/web", 8080) as forward:
                assert urllib.request.urlopen(f"http://127.0.0.1:{forward.local_port}/").read() == b"hello\\n"
            assert podkit_namespace.logs("pod/web") == "serving\\n"
            assert podkit_namespace.exec("pod/web", ["cat", "/www/index.html"]).stdout == "hello\\n"
            assert podkit_namespace.get("configmap/settings").data == {"a": "b"}
            assert podkit_namespace.name == "test-serves"

        def test_has_a_place_of_its_own(podkit_namespace):
            assert podkit_namespace.list("pod") == []
        """,
        passed=2,
    )
    assert pods(podman_environment) == ""


def test_a_fixture_of_any_scope_can_have_a_namespace(run) -> None:
    run(
        """
        import pytest
        from podkit import Container, Job

        @pytest.fixture(scope="module")
        def place(podkit_namespaces):
            with podkit_namespaces("the place") as place:
                yield place

        def test_one(place):
            main = Container("main", image="localhost/busybox", command=["echo", "done"])
            job = place.run(Job.new("work", containers=[main], restart_policy="Never"))
            assert place.logs(job).endswith("done\\n")

        def test_two(place):
            assert place.ready("job/work").status.succeeded == 1
        """,
        passed=2,
    )


def test_a_failure_tells_of_the_pods(run) -> None:
    said = run(
        """
        from podkit import Container, Pod

        def test_fails(podkit_namespace):
            main = Container("main", image="localhost/busybox", command=["sh", "-c", "echo it broke; exit 3"])
            pod = podkit_namespace.create(Pod.new("sad", containers=[main], restart_policy="Never"))
            podkit_namespace.wait(pod, "phase=Failed")
            assert False
        """,
        failed=1,
    )
    section = said.partition("Pods in namespace test-fails")[2]
    for part in ("Pod sad", "phase: Failed", "exit code 3", "end of the log of main:", "it broke"):
        assert part in section


def test_a_simulated_cluster_needs_no_podman(run) -> None:
    run(
        """
        from podkit import Container, Deployment

        def test_rolls(podkit_simulated, podkit_engine):
            main = Container("main", image="any.example/image:1", command=["sleep", "100000"])
            podkit_simulated.create(Deployment.new("web", containers=[main], replicas=50))
            web = podkit_simulated.rollout("deploy/web").wait(timeout=600)
            assert web.status.available_replicas == 50
            assert len(podkit_engine.sandboxes({})) == 50
        """,
        passed=1,
    )


def test_pods_can_be_kept(run, podman_environment: Environment) -> None:
    run(
        """
        from podkit import Container, Pod

        def test_starts(podkit_namespace):
            main = Container("main", image="localhost/busybox", command=["sleep", "1000"])
            podkit_namespace.ready(podkit_namespace.create(Pod.new("kept", containers=[main])))
        """,
        "--podkit-keep",
        passed=1,
    )
    assert pods(podman_environment).startswith("kept_test-starts_")
    clean = "import podkit; print(podkit.clean(kept=True))"
    subprocess.run([sys.executable, "-c", clean], check=True, stdout=subprocess.DEVNULL)
    assert pods(podman_environment) == ""


def test_what_a_killed_run_has_left_is_removed_by_the_next(
    run, pytester: pytest.Pytester, podman_environment: Environment
) -> None:
    started = pytester.path / "started"
    pytester.makepyfile(
        test_hangs=f"""
        import pathlib, time
        from podkit import Container, Pod

        def test_hangs(podkit_namespace):
            main = Container("main", image="localhost/busybox", command=["sleep", "1000"])
            podkit_namespace.ready(podkit_namespace.create(Pod.new("left", containers=[main])))
            pathlib.Path({str(started)!r}).touch()
            time.sleep(1000)
        """
    )
    process = subprocess.Popen([sys.executable, "-m", "pytest", "-q"], stdout=subprocess.DEVNULL, cwd=pytester.path)
    wait_for(started)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert "left_test-hangs_" in pods(podman_environment)
    pytester.path.joinpath("test_hangs.py").unlink()
    run("def test_next(podkit_cluster): assert podkit_cluster.list('pod') == []", passed=1)
    assert pods(podman_environment) == ""


def test_a_marker_is_enough(run, pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("settings.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"
    )
    said = run(
        """
        import pytest

        @pytest.mark.podkit("settings.yaml")
        def test_is_there(podkit_cluster):
            assert podkit_cluster.get("cm/settings", namespace="test-is-there").data == {"a": "b"}

        @pytest.mark.podkit("settings.yaml", timout=5)
        def test_is_misspelt():
            pass
        """,
        passed=1,
        errors=1,
    )
    assert "the marker podkit takes sources and timeout, and not timout" in said


def test_a_namespace_has_the_verbs_for_its_objects(run) -> None:
    run(
        """
        import pytest
        from podkit import ConfigMap, Container, Deployment, NotFound

        def test_verbs(podkit_namespace, tmp_path):
            main = Container("main", image="localhost/busybox", command=["sleep", "1000"])
            web = podkit_namespace.create(Deployment.new("web", containers=[main], termination_grace_period_seconds=0))
            podkit_namespace.rollout(web).wait(timeout=60)
            podkit_namespace.copy_to("deploy/web", b"hello", "/tmp/file")
            assert podkit_namespace.copy_from("deploy/web", "/tmp/file", tmp_path).read_bytes() == b"hello"
            assert podkit_namespace.scale("deploy/web", 0).spec.replicas == 0
            assert "web" in podkit_namespace.describe("deploy/web")
            settings = podkit_namespace.create(ConfigMap.new("settings", {"a": "b"}))
            settings.data["a"] = "c"
            podkit_namespace.update(settings)
            assert podkit_namespace.patch("cm/settings", {"data": {"d": "e"}}).data == {"a": "c", "d": "e"}
            podkit_namespace.delete("cm/settings")
            with pytest.raises(NotFound):
                podkit_namespace.get("cm/settings")
        """,
        passed=1,
    )


def test_the_traceback_of_an_error_ends_where_the_test_made_the_call(run) -> None:
    test = """
        def test_waits(podkit_simulated):
            podkit_simulated.wait("pod/nobody", "Ready")
        """
    said = run(test, failed=1)
    assert "Pod 'nobody' does not exist" in said
    assert "waiter.py" not in said
    assert "waiter.py" in run(test, "--full-trace", failed=1)


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.05)
