"""The test environment keeps its promises: pulls are real, and the machine's own Podman is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import remains
from tests.environment import Environment
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.remains import processes_of

ROOT = Path(__file__).parents[2]


def test_a_short_name_is_pulled_from_the_registry(podman_environment: Environment) -> None:
    podman_environment.podman("pull", "--quiet", "docker.io/library/busybox:1.36")
    assert podman_environment.podman("run", "--rm", "docker.io/library/busybox:1.36", "echo", "hi") == "hi"
    podman_environment.podman("rmi", "docker.io/library/busybox:1.36")


def test_an_unknown_image_is_refused_by_the_registry(podman_environment: Environment) -> None:
    with pytest.raises(EnvironmentUnavailable, match="manifest unknown"):
        podman_environment.podman("pull", "docker.io/library/nosuch:latest")


def test_all_images_are_there(podman_environment: Environment) -> None:
    there = podman_environment.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert set(podman_environment.images) <= set(there)


@pytest.mark.parametrize(
    ("image", "command", "said"),
    [
        ("localhost/busybox:latest", ["id", "-u"], "65534"),
        ("localhost/eptest:latest", [], "ep image-default"),
        ("localhost/eptest:latest", ["other"], "ep other"),
        ("localhost/nobody:latest", [], "65534"),
        ("localhost/setuid:latest", [], "0"),
    ],
)
def test_an_image_does_what_it_is_for(
    podman_environment: Environment, image: str, command: list[str], said: str
) -> None:
    run_as_nobody = ("run", "--rm", "--network=none", "--user=65534")
    assert podman_environment.podman(*run_as_nobody, image, *command) == said


def test_pods_have_addresses_that_can_be_reached(podman_environment: Environment) -> None:
    podman = podman_environment.podman
    podman("network", "create", "web")
    try:
        podman("run", "--detach", "--network=web", "--name=web", "localhost/httpd:latest")
        address = podman("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "web")
        get = ("wget", "-qO-", f"http://{address}/")
        assert podman("run", "--rm", "--network=web", "localhost/busybox:latest", *get) == "ok"
    finally:
        podman("network", "rm", "--force", "--time=0", "web")


def test_everything_is_stored_in_the_directory(podman_environment: Environment) -> None:
    places = podman_environment.podman("info", "--format={{.Store.GraphRoot}} {{.Store.RunRoot}} {{.Store.VolumePath}}")
    assert all(Path(place).is_relative_to(podman_environment.directory) for place in places.split())


def test_what_a_test_leaves_behind_is_named(podman_environment: Environment) -> None:
    before = remains(podman_environment)
    podman_environment.podman("volume", "create", "forgotten")
    try:
        assert set(remains(podman_environment)) - set(before) == {"volume forgotten"}
    finally:
        podman_environment.podman("volume", "rm", "forgotten")


@pytest.fixture
def outside(podman_environment: Environment) -> dict[str, str]:
    """The environment variables of a process that knows nothing of ours."""
    ours = podman_environment.variables
    return {name: value for name, value in os.environ.items() if name not in ours}


SCRIPT = "podman run --detach --quiet localhost/busybox sleep 1000 > /dev/null; echo $PODKIT_TEST_ENVIRONMENT; "


@pytest.mark.parametrize(
    ("end", "code"),
    [("exit 3", 3), ("kill -TERM $PPID; exec sleep 1000", 143), ("kill -INT $PPID; sleep 0.1; exit 4", 4)],
    ids=["exit", "terminated", "interrupted"],
)
def test_a_run_leaves_nothing_behind_however_it_ends(outside: dict[str, str], end: str, code: int) -> None:
    done = run(outside, SCRIPT + end)
    directory = Path(done.stdout.strip()).parent
    assert done.returncode == code, done.stderr
    assert not directory.exists()
    assert processes_of(directory) == []


def test_a_command_does_not_meet_the_users_podman(outside: dict[str, str]) -> None:
    theirs = outside | {"CONTAINER_HOST": "unix:///run/theirs.sock", "CONTAINERS_CONF": "/theirs/containers.conf"}
    seen = run(theirs, 'echo "$CONTAINER_HOST $CONTAINERS_CONF"; echo "$TMPDIR"').stdout.splitlines()
    podman = Path(seen[1]).parent
    assert seen[0] == f" {podman}/etc/containers.conf"


def test_what_a_killed_run_left_is_ended_by_the_next(outside: dict[str, str]) -> None:
    killed = run(outside, SCRIPT + "kill -KILL $PPID; exec sleep 1000 > /dev/null 2>&1")
    directory = Path(killed.stdout.strip()).parent
    assert processes_of(directory)
    run(outside, "true")
    assert processes_of(directory) == []
    assert not directory.exists()


def test_runs_side_by_side_do_not_see_each_other(outside: dict[str, str], podman_environment: Environment) -> None:
    network = podman_environment.podman("network", "create", "podkit-test")
    try:
        seen = run(outside, f"podman network ls -q; podman network create {network}; ip -brief link")
    finally:
        podman_environment.podman("network", "rm", network)
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout.split()[:2] == ["podman", network]


def run(variables: dict[str, str], script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.environment", "--", "sh", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=120)
