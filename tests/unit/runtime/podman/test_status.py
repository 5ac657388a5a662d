"""What Podman's documents mean. The documents are shortened answers of Podman 4.3.1 and 5.8.6."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podkit.runtime.base import ContainerState
from podkit.runtime.podman.status import container_stats, container_status, image_status, parse_time, sandbox_status

CREATED = datetime(2026, 1, 2, 3, 4, 5, 710989, tzinfo=UTC)


def inspected(status: str, **state: object) -> dict[str, object]:
    return {
        "Id": "40b8",
        "Name": "web",
        "Pod": "11f1",
        "Created": "2026-01-02T03:04:05.710989452Z",
        "Image": "5de7ee89",
        "ImageName": "localhost/busybox:latest",
        "Config": {"Labels": {"a": "b"}},
        "State": {
            "Status": status,
            "Pid": 0,
            "ExitCode": 0,
            "Error": "",
            "OOMKilled": False,
            "StartedAt": "0001-01-01T00:00:00Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
            **state,
        },
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.96Z", datetime(2026, 1, 2, 3, 4, 5, 960000, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime(2026, 1, 2, 1, 4, 5, 500000, tzinfo=UTC)),
        ("2026-01-01T20:04:05-07:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_times_are_read_as_go_prints_them(text: str, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_container_that_has_not_been_started() -> None:
    status = container_status(inspected("created"))
    assert status.state is ContainerState.CREATED
    assert (status.created_at, status.started_at, status.finished_at, status.exit_code) == (CREATED, None, None, None)
    assert (status.id, status.name, status.sandbox_id, status.labels) == ("40b8", "web", "11f1", {"a": "b"})
    assert (status.image, status.image_id) == ("localhost/busybox:latest", "sha256:5de7ee89")


def test_a_running_container_has_a_process() -> None:
    status = container_status(inspected("running", Pid=42, StartedAt="2026-01-02T03:04:06Z"))
    assert (status.state, status.pid) == (ContainerState.RUNNING, 42)
    assert status.started_at == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize("name", ["stopped", "exited", "removing"])
def test_a_container_that_has_ended(name: str) -> None:
    status = container_status(
        inspected(
            name,
            Pid=42,
            ExitCode=137,
            OOMKilled=True,
            StartedAt="2026-01-02T03:04:06Z",
            FinishedAt="2026-01-02T03:04:07Z",
        )
    )
    assert (status.state, status.exit_code, status.oom_killed, status.pid) == (ContainerState.EXITED, 137, True, 0)
    assert status.finished_at == datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC)


def test_the_end_is_never_before_the_start() -> None:
    """Podman takes it from the time of a file, up to 10 ms before the start that it has recorded."""
    status = container_status(
        inspected("exited", StartedAt="2026-01-02T03:04:06.008Z", FinishedAt="2026-01-02T03:04:06.001Z")
    )
    assert status.finished_at == status.started_at


def test_a_negative_exit_code_is_told_as_the_kernel_would() -> None:
    assert container_status(inspected("exited", ExitCode=-1)).exit_code == 255


def test_a_failed_start_is_an_end_with_code_128() -> None:
    """As containerd tells it; Podman leaves the container as created, with the error."""
    status = container_status(inspected("created", Error="crun: executable file `/no` not found"))
    assert (status.state, status.exit_code) == (ContainerState.EXITED, 128)
    assert status.error == "crun: executable file `/no` not found"
    assert status.finished_at == CREATED


def test_what_was_started_has_no_error_whatever_happened_later() -> None:
    status = container_status(
        inspected("running", Pid=42, StartedAt="2026-01-02T03:04:06Z", Error="container is running")
    )
    assert (status.state, status.error) == (ContainerState.RUNNING, "")


def test_a_state_that_podkit_does_not_know_is_unknown() -> None:
    assert container_status(inspected("bewildered")).state is ContainerState.UNKNOWN


def pod() -> dict[str, object]:
    return {"Id": "11f1", "Name": "web", "Labels": {"a": "b"}, "Created": "2026-01-02T03:04:05.710989452Z"}


def infra(status: str = "running", mode: str = "bridge") -> dict[str, object]:
    networks = {"podkit": {"IPAddress": "10.89.0.2", "GlobalIPv6Address": "fd00::2"}, "none": {"IPAddress": ""}}
    return {
        "State": {"Status": status},
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Networks": networks},
    }


def test_a_sandbox_is_ready_while_its_infra_container_runs() -> None:
    status = sandbox_status(pod(), infra(), ("192.0.2.9",))
    assert (status.ready, status.ips, status.created_at) == (True, ("10.89.0.2", "fd00::2"), CREATED)


@pytest.mark.parametrize("found", [infra("exited"), None])
def test_a_sandbox_without_a_running_infra_container_has_no_address(found: dict[str, object] | None) -> None:
    status = sandbox_status(pod(), found, ("192.0.2.9",))
    assert (status.ready, status.ips) == (False, ())


def test_a_sandbox_on_the_network_of_the_machine_has_its_addresses() -> None:
    assert sandbox_status(pod(), infra(mode="host"), ("192.0.2.9",)).ips == ("192.0.2.9",)


def test_an_image() -> None:
    image = image_status(
        {
            "Id": "5de7",
            "RepoTags": ["localhost/busybox:latest"],
            "RepoDigests": ["localhost/busybox@sha256:9af1"],
            "Size": 7,
            "Config": {
                "User": "nobody:nogroup",
                "Env": ["PATH=/bin", "EMPTY="],
                "Entrypoint": ["/bin/echo"],
                "Cmd": ["hi"],
                "WorkingDir": "/w",
                "StopSignal": "SIGQUIT",
            },
        }
    )
    assert (image.id, image.tags, image.size) == ("sha256:5de7", ("localhost/busybox:latest",), 7)
    assert (image.user, image.entrypoint, image.command) == ("nobody:nogroup", ("/bin/echo",), ("hi",))
    assert (image.env, image.working_dir, image.stop_signal) == ({"PATH": "/bin", "EMPTY": ""}, "/w", "SIGQUIT")


def test_an_image_that_says_nothing() -> None:
    image = image_status({"Id": "5de7", "RepoTags": None, "RepoDigests": None, "Config": None})
    assert (image.tags, image.digests, image.env, image.user) == ((), (), {}, "")


def test_use_is_told_in_seconds_and_bytes() -> None:
    stats = container_stats({"CPUNano": 1_500_000_000, "MemUsage": 4096})
    assert timedelta(seconds=stats.cpu_seconds) == timedelta(seconds=1.5)
    assert stats.memory_bytes == 4096
