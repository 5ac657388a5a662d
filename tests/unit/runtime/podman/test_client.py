"""Requests, refusals, and services that go away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from podkit.errors import ContainerNotFound, RuntimeFailed, RuntimeUnavailable
from podkit.runtime.podman import network
from podkit.runtime.podman.client import Client, get, label_filter, post
from tests.unit.runtime.podman.fake_service import FakeService


def refusal(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"cause": "x", "message": message, "response": status}).encode()


def test_an_answer_is_the_status_and_the_document(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: (200, b'{"a": 1}')) as service:
        client = Client(service)
        assert client.send(get("info", "ask", {"b": "c d"})).json() == {"a": 1}
        client.close()
    (method, path) = service.requests[0]
    assert method == "GET"
    assert path.endswith("/libpod/info?b=c+d")


def test_a_body_goes_as_json(tmp_path: Path) -> None:
    seen = []

    def respond(_method: str, _path: str, body: bytes) -> tuple[int, bytes]:
        seen.append(json.loads(body))
        return 201, b""

    with FakeService(tmp_path / "s", respond) as service:
        client = Client(service)
        answer = client.send(post("pods/create", "make it", json={"name": "web", "empty": ""}))
        client.close()
    assert (answer.status, answer.json(), seen) == (201, None, [{"name": "web", "empty": ""}])


def test_a_refusal_is_an_error_unless_it_is_an_answer(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: refusal(404, "no such container")) as service:
        client = Client(service)
        request = get("containers/x/json", "look at container x")
        with pytest.raises(ContainerNotFound, match="could not look at container x: Podman says: no such container"):
            client.send(request)
        assert client.send(evolve(request, accept=frozenset({404}))).status == 404
        client.close()


def test_a_missing_socket_is_no_service(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: (200, b"")) as service:
        client = Client(service)
    (tmp_path / "s").unlink()
    with pytest.raises(RuntimeUnavailable, match=r"could not ask: the Podman service at unix:.* does not answer"):
        client.send(get("info", "ask"))
    with pytest.raises(RuntimeUnavailable):
        client.open_socket("listen")
    client.close()


def test_a_service_that_ends_in_the_middle_is_unavailable(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: None) as service:
        client = Client(service)
        with pytest.raises(RuntimeUnavailable):
            client.send(get("info", "ask"))
        client.close()
    assert len(service.requests) == 1


class Phoenix(FakeService):
    """A service that can be brought back."""

    revived = 0

    def revive(self) -> bool:
        self.revived += 1
        return True


def test_what_did_not_arrive_is_asked_once_more(tmp_path: Path) -> None:
    answers = iter([None, (200, b'"yes"')])
    with Phoenix(tmp_path / "s", lambda *_: next(answers)) as service:
        client = Client(service)
        assert client.send(get("info", "ask")).json() == "yes"
        client.close()
    assert service.revived == 1


def test_it_is_not_asked_a_third_time(tmp_path: Path) -> None:
    with Phoenix(tmp_path / "s", lambda *_: None) as service:
        client = Client(service)
        with pytest.raises(RuntimeUnavailable):
            client.send(get("info", "ask"))
        client.close()
    assert len(service.requests) == 2


def test_a_closed_client_says_so(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: (200, b"")) as service:
        client = Client(service)
        client.close()
        with pytest.raises(RuntimeUnavailable, match="has been closed"):
            client.send(get("info", "ask"))
        with pytest.raises(RuntimeUnavailable, match="has been closed"):
            client.open_socket("listen")


def test_what_is_to_be_found_elsewhere_is_no_answer(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: (301, b"")) as service:
        client = Client(service)
        with pytest.raises(RuntimeFailed, match="could not ask: Podman says: HTTP status 301"):
            client.send(get("info", "ask"))
        client.close()


def test_all_labels_must_match() -> None:
    assert json.loads(label_filter({"a": "b", "c": ""})) == {"label": ["a=b", "c="]}


# Pulling: Podman answers 200 and tells of errors in the stream


# The network


def network_service(tmp_path: Path, found: tuple[int, bytes], removal: tuple[int, bytes]) -> Callable[[], FakeService]:
    def respond(method: str, _path: str, _body: bytes) -> tuple[int, bytes]:
        return found if method == "GET" else removal

    def act() -> FakeService:
        with FakeService(tmp_path / "s", respond) as service:
            client = Client(service)
            network.remove_if_unused(client)
            client.close()
        return service

    return act


OURS = (200, b'{"name": "podkit", "labels": {"io.podkit.network": "true"}}')


def test_podkits_own_network_is_removed(tmp_path: Path) -> None:
    service = network_service(tmp_path, OURS, (200, b"[]"))()
    assert service.requests[1][0] == "DELETE"


def test_a_network_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    service = network_service(tmp_path, (200, b'{"name": "podkit", "labels": null}'), (200, b"[]"))()
    assert [method for method, _ in service.requests] == ["GET"]


@pytest.mark.parametrize("removal", [refusal(500, "network is being used"), refusal(404, "network not found")])
def test_a_network_that_is_used_or_gone_is_no_trouble(tmp_path: Path, removal: tuple[int, bytes]) -> None:
    network_service(tmp_path, OURS, removal)()


def test_making_a_network_that_is_there_is_no_error(tmp_path: Path) -> None:
    taken = refusal(409, "network name podkit already used: network already exists")
    with FakeService(tmp_path / "s", lambda *_: taken) as service:
        client = Client(service)
        network.ensure(client)
        client.close()


def test_a_network_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with FakeService(tmp_path / "s", lambda *_: refusal(500, "no free subnet")) as service:
        client = Client(service)
        with pytest.raises(RuntimeFailed, match="no free subnet"):
            network.ensure(client)
        client.close()
