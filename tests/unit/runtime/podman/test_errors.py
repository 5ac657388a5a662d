"""Podman's refusals, as it has put them in several versions and with several OCI runtimes."""

from __future__ import annotations

import errno
import json

import pytest

from podkit.errors import ContainerNotFound, ImageNotFound, ImagePullFailed, PortInUse, RuntimeFailed, StartFailed
from podkit.runtime.podman import errors


@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (404, "no container with name or ID feed found: no such container", ContainerNotFound),
        (404, "no pod with name or ID feed found: no such pod", ContainerNotFound),
        (500, "localhost/nope: image not known", ImageNotFound),
        (404, "no such image: localhost/nope: image not known", ImageNotFound),
        (
            409,
            "starting container f4e8: cannot listen on the TCP port: listen tcp4 :80: bind: address already in use",
            PortInUse,
        ),
        (500, "rootlessport listen tcp 0.0.0.0:8080: bind: address already in use", PortInUse),
        (
            500,
            "crun: executable file `/no` not found in $PATH: OCI runtime attempted to invoke a command that was not found",
            StartFailed,
        ),
        (500, "crun: open executable: Permission denied: OCI permission denied", StartFailed),
        (
            500,
            'runc: exec: "/no": stat /no: no such file: OCI runtime attempted to invoke a command that was not found',
            StartFailed,
        ),
        (500, 'workdir "/w" does not exist on container 40b8', StartFailed),
        (500, "statfs /nope: no such file or directory", RuntimeFailed),
        (500, "anything else", RuntimeFailed),
    ],
)
def test_the_message_decides_what_a_refusal_is(status: int, detail: str, kind: type[RuntimeFailed]) -> None:
    error = errors.refused("do it", status, detail)
    assert type(error) is kind
    assert (error.operation, error.detail, error.status) == ("do it", detail, status)
    assert str(error).startswith("could not do it: Podman says: ")


def test_an_id_that_does_not_exist_is_gone_whatever_it_looks_like() -> None:
    detail = 'no container with name or ID "address already in use" found: no such container'
    assert type(errors.refused("look", 404, detail)) is ContainerNotFound


def test_a_port_that_only_root_may_open_is_not_one_that_is_taken() -> None:
    detail = "rootlessport cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80'"
    error = errors.refused("make sandbox web", 500, detail)
    assert type(error) is RuntimeFailed
    assert "choose a host port from 1024 on" in str(error)


def test_a_bad_mount_says_what_to_do() -> None:
    assert "must exist on the machine" in str(
        errors.refused("create container web", 500, "statfs /nope: no such file or directory")
    )


def test_whatever_is_wrong_with_a_start_is_a_failed_start() -> None:
    assert type(errors.start_refused("start it", 500, "crun: something new")) is StartFailed
    assert type(errors.start_refused("start it", 404, "no such container")) is ContainerNotFound


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ("reading manifest latest in docker.io/library/nope: manifest unknown: manifest unknown", ImageNotFound),
        ("reading manifest 1 in quay.io/a/b: name unknown: repository name not known to registry", ImageNotFound),
        ("requested access to the resource is denied", ImagePullFailed),
        ("pinging container registry: dial tcp: connect: connection refused", ImagePullFailed),
        ("unauthorized: authentication required", ImagePullFailed),
    ],
)
def test_an_image_is_missing_only_if_the_registry_says_so(detail: str, kind: type[RuntimeFailed]) -> None:
    error = errors.pull_failed("nope", detail)
    assert type(error) is kind
    assert detail in str(error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (json.dumps({"cause": "a", "message": "b\n c", "response": 500}), "b c"),
        (json.dumps({"cause": "a", "message": ""}), "a"),
        (json.dumps({"Errs": ["x", "y"], "Id": "1"}), "x; y"),
        (b"Not Found\n", "Not Found"),
        (b"\xff", "\ufffd"),
        ("[]", "[]"),
    ],
)
def test_what_podman_says_is_found_in_any_body(body: bytes | str, message: str) -> None:
    assert errors.message_of(body) == message


def test_what_can_be_tried_again_is_recognised() -> None:
    gone = errors.refused("x", 500, "unable to find network with name or ID podkit: network not found")
    assert errors.network_is_missing(gone)
    taken = errors.refused("x", 500, 'the container name "c1" is already in use by 40b8')
    assert errors.name_is_taken(taken)
    assert errors.name_is_taken(errors.refused("x", 409, "network name podkit already used: network already exists"))
    assert not errors.name_is_taken(gone)


def test_what_to_do_depends_on_why_the_service_is_out_of_reach() -> None:
    forbidden = errors.unreachable("unix:///run/podman.sock", "ask", PermissionError(errno.EACCES, "Permission denied"))
    assert "the socket is another user's" in str(forbidden)
    missing = errors.unreachable("unix:///run/podman.sock", "ask", FileNotFoundError(errno.ENOENT, "No such file"))
    assert "install Podman" in str(missing)
