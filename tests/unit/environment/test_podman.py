"""What the test Podman is told, on which machine."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.environment.machine import Machine, parse_version
from tests.environment.podman import Podman, containers_conf, registries_conf, storage_conf

DIRECTORY = Path("/tmp/environment")
ORDINARY = Machine(
    root=False,
    systemd=True,
    can_raise_limits=False,
    open_files=1_048_576,
    processes=127_000,
    conmon=(2, 1, 13),
)


def configuration(machine: Machine, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"runtime": "crun", "conmon": None, "helpers": []} | changes
    return tomllib.loads(containers_conf(DIRECTORY, machine, **settings))


def storage(directory: Path, *, root: bool) -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads(storage_conf(directory, "overlay", root=root))["storage"]
    return settings


def test_everything_of_root_lies_in_the_directory() -> None:
    engine, places = configuration(replace(ORDINARY, root=True))["engine"], storage(DIRECTORY, root=True)
    found = [engine["tmp_dir"], engine["volume_path"], places["graphroot"], places["runroot"]]
    assert all(Path(place).is_relative_to(DIRECTORY) for place in found)


def test_a_users_storage_is_where_the_environment_variables_say() -> None:
    assert storage(DIRECTORY, root=False) == {"driver": "overlay"}
    variables = Podman(DIRECTORY, ORDINARY).variables
    assert all(variables[name].startswith(f"{DIRECTORY}/") for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR"))


def test_the_cleanup_process_accepts_the_runroot() -> None:
    longest = Path("/tmp/sixteen-long/podkit-env-abcdefgh/podman")
    assert len(storage(longest, root=True)["runroot"]) <= 50


def test_programs_beside_podman_belong_to_it() -> None:
    found = configuration(ORDINARY, helpers=[Path("/opt/podman")])["engine"]
    assert found["helper_binaries_dir"] == ["/opt/podman"]
    assert found["runtimes"] == {"crun": ["/opt/podman/crun"]}


def test_a_users_podman_on_systemd_keeps_its_cgroup_manager() -> None:
    assert "cgroup_manager" not in configuration(ORDINARY)["engine"]


@pytest.mark.parametrize("machine", [replace(ORDINARY, root=True), replace(ORDINARY, systemd=False)])
def test_cgroups_are_made_without_systemd_for_root_and_where_there_is_none(machine: Machine) -> None:
    assert configuration(machine)["engine"]["cgroup_manager"] == "cgroupfs"


def test_limits_are_podmans_own_where_these_are_allowed() -> None:
    assert "default_ulimits" not in configuration(ORDINARY)["containers"]
    assert (
        "default_ulimits" not in configuration(replace(ORDINARY, can_raise_limits=True, open_files=1024))["containers"]
    )


def test_limits_are_no_higher_than_a_process_may_set_them() -> None:
    machine = replace(ORDINARY, open_files=20_000, processes=4096)
    assert configuration(machine)["containers"]["default_ulimits"] == ["nofile=20000:20000", "nproc=4096:4096"]


def test_an_unlimited_number_is_not_written_down() -> None:
    machine = replace(ORDINARY, open_files=20_000, processes=-1)
    assert configuration(machine)["containers"]["default_ulimits"] == ["nofile=20000:20000"]


def test_a_path_is_quoted() -> None:
    conmon = Path('/tmp/a "quoted" place/conmon')
    assert configuration(ORDINARY, conmon=conmon)["engine"]["conmon_path"] == [str(conmon)]


def test_docker_io_is_the_registry_on_loopback() -> None:
    registries = tomllib.loads(registries_conf("127.0.0.1:5000"))
    assert registries["unqualified-search-registries"] == ["docker.io"]
    assert {"prefix": "docker.io", "location": "127.0.0.1:5000", "insecure": True} in registries["registry"]


def test_without_a_registry_nothing_is_redirected() -> None:
    assert "registry" not in tomllib.loads(registries_conf(""))


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("podman version 4.3.1", (4, 3, 1)),
        ("podman version 5.8.0-rc1", (5, 8, 0)),
        ("conmon version 2.1.6\ncommit: unknown", (2, 1, 6)),
        ("podman version 4.9.4+ds1", (4, 9, 4)),
        ("command not found", ()),
    ],
)
def test_a_version_is_read(said: str, version: tuple[int, ...]) -> None:
    assert parse_version(said) == version
