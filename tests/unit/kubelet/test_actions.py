"""Probes and hooks over real sockets on the loopback interface."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from builders import container

from podkit.errors import ContainerNotFound
from podkit.kubelet.actions import Actions, Target
from podkit.model import ContainerPort, GRPCAction, HTTPGetAction, HTTPHeader, TCPSocketAction
from podkit.runtime.base import ExecResult
from tests.health_server import health_server

SUCCESS = ExecResult(0)


class Handler(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        answers = {
            "/ok": (200, ""),
            "/teapot": (418, ""),
            "/moved": (302, "/ok"),
            "/lost": (302, "/teapot"),
            "/away": (302, "http://192.0.2.1/x"),
            "/edge": (399, ""),
            "/unchanged": (304, "/ok"),
            "/round": (302, "/round"),
        }
        status, location = answers[self.path.partition("?")[0]]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


class FakeRuntime:
    """A runtime of which only the network and one command are asked for."""

    result: ExecResult | Exception = SUCCESS
    argv: tuple[str, ...] = ()

    def connect(self, sandbox_id: str, port: int, *, timeout: float | None = None) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=timeout)

    def exec(self, container_id: str, argv: list[str], *, timeout: float | None = None) -> ExecResult:
        self.argv = tuple(argv)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Handler.seen.clear()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def target(port: int = 0, **fields: Any) -> Target:
    ports = [ContainerPort(name="web", container_port=port)] if port else []
    return Target(container(ports=ports, **fields), "main-0", "sandbox-0", "127.0.0.1", "web_default(u-1)")


def actions(result: ExecResult | Exception = SUCCESS) -> tuple[Actions, FakeRuntime]:
    runtime = FakeRuntime()
    runtime.result = result
    return Actions(runtime), runtime  # type: ignore[arg-type]  # as much of a runtime as is needed


class TestGRPC:
    @pytest.mark.parametrize(
        ("status", "success", "message"),
        [
            ("SERVING", True, "service healthy"),
            ("NOT_SERVING", False, 'service unhealthy (responded with "NOT_SERVING")'),
            ("UNKNOWN", False, 'service unhealthy (responded with "UNKNOWN")'),
            (5, False, "error: health rpc probe failed: rpc error: code = 5 desc = not here"),
            (
                12,
                False,
                "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): not here",
            ),
            (None, False, "timeout: health rpc did not complete within 0.3s"),
        ],
    )
    def test_only_serving_is_a_success(self, status: str | int | None, success: bool, message: str) -> None:
        with health_server() as server:
            server.status = status
            outcome = actions()[0].probe_grpc(target(), GRPCAction(server.port), 5 if status is not None else 0.3)
        assert (outcome.success, outcome.message) == (success, message)

    @pytest.mark.parametrize("service", ["", "shop.Orders", "long" * 50])
    def test_the_server_is_told_the_service(self, service: str) -> None:
        with health_server() as server:
            assert actions()[0].probe_grpc(target(), GRPCAction(server.port, service), 5).success
            [(headers, message)] = server.requests
        assert headers[":path"] == "/grpc.health.v1.Health/Check"
        assert headers["user-agent"].startswith("kube-probe/")
        assert message.endswith(service.encode())
        assert bool(message) is bool(service)

    def test_nobody_there_is_a_failure(self, closed_port: int) -> None:
        outcome = actions()[0].probe_grpc(target(), GRPCAction(closed_port), 5)
        assert outcome.success is False
        assert "error: failed to connect service at" in outcome.message

    def test_another_protocol_is_a_failure(self, port: int) -> None:
        outcome = actions()[0].probe_grpc(target(), GRPCAction(port), 5)
        assert outcome.success is False
        assert "health rpc probe failed" in outcome.message


class TestHTTP:
    @pytest.mark.parametrize(
        ("path", "success", "message"),
        [
            ("/ok", True, ""),
            ("ok?x=1", True, ""),
            ("/moved", True, ""),
            ("/teapot", False, "HTTP probe failed with statuscode: 418"),
            ("/lost", False, "HTTP probe failed with statuscode: 418"),
        ],
    )
    def test_the_status_decides(self, port: int, path: str, success: bool, message: str) -> None:
        outcome = actions()[0].probe_http(target(port), HTTPGetAction(port="web", path=path), 5)
        assert (outcome.success, outcome.message) == (success, message)

    @pytest.mark.parametrize("path", ["/edge", "/unchanged"])
    def test_an_answer_that_is_no_redirect_but_ends_the_way_is_a_success_with_a_warning(
        self, port: int, path: str
    ) -> None:
        outcome = actions()[0].probe_http(target(port), HTTPGetAction(port=port, path=path), 5)
        assert (outcome.success, outcome.warning) == (True, "Probe terminated redirects, Response body: ")

    def test_who_is_sent_round_and_round_has_failed(self, port: int) -> None:
        outcome = actions()[0].probe_http(target(port), HTTPGetAction(port=port, path="/round"), 5)
        assert outcome.success is False
        assert outcome.message == f'Get "http://127.0.0.1:{port}/round": stopped after 10 redirects'
        assert len(Handler.seen) == 10

    def test_a_redirect_to_another_host_is_a_success_with_a_warning(self, port: int) -> None:
        outcome = actions()[0].probe_http(target(port), HTTPGetAction(port=port, path="/away"), 5)
        assert outcome.success
        assert "terminated redirects" in outcome.warning

    def test_headers_are_a_kubelets_unless_they_are_given(self, port: int) -> None:
        action = HTTPGetAction(
            port=port,
            path="/ok",
            http_headers=[
                HTTPHeader(name="X-Mine", value="1"),
                HTTPHeader(name="accept", value="text/plain"),
                HTTPHeader(name="Host", value="shop.example"),
            ],
        )
        actions()[0].probe_http(target(port), action, 5)
        [seen] = Handler.seen
        assert seen["User-Agent"].startswith("kube-probe/")
        assert (seen["X-Mine"], seen["Accept"], seen["Host"]) == ("1", "text/plain", "shop.example")

    def test_nobody_there_is_a_failure(self, closed_port: int) -> None:
        outcome = actions()[0].probe_http(target(), HTTPGetAction(port=closed_port), 5)
        assert outcome.success is False
        dial = f"dial tcp 127.0.0.1:{closed_port}: connect: connection refused"
        assert outcome.message == f'Get "http://127.0.0.1:{closed_port}/": {dial}'

    def test_no_answer_in_time_is_a_failure(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            outcome = actions()[0].probe_http(target(), HTTPGetAction(port=silent.getsockname()[1]), 0.05)
        assert outcome.success is False
        assert "deadline exceeded" in outcome.message

    def test_a_port_that_has_no_name_here_says_nothing_about_the_container(self, port: int) -> None:
        outcome = actions()[0].probe_http(target(port), HTTPGetAction(port="metrics"), 5)
        assert outcome.success is None
        assert "couldn't find port" in outcome.message

    def test_for_a_hook_any_answer_is_a_success(self, port: int) -> None:
        assert actions()[0].hook_http(target(port), HTTPGetAction(port=port, path="/teapot"), 5).success
        assert Handler.seen[0]["User-Agent"].startswith("kube-lifecycle/")

    def test_a_hook_over_https_that_is_answered_in_plain_http_is_asked_again_without_authorization(
        self, port: int
    ) -> None:
        headers = [HTTPHeader(name="Authorization", value="secret"), HTTPHeader(name="X-Mine", value="1")]
        action = HTTPGetAction(port=port, path="/ok", scheme="HTTPS", http_headers=headers)
        outcome = actions()[0].hook_http(target(port), action, 5)
        words = f"request to HTTPS lifecycle hook 127.0.0.1:{port} got HTTP response, retry with HTTP succeeded"
        assert (outcome.success, outcome.warning) == (True, words)
        [seen] = Handler.seen
        assert seen["X-Mine"] == "1"
        assert "Authorization" not in seen

    def test_a_hook_that_nobody_answers_says_so(self, closed_port: int) -> None:
        outcome = actions()[0].hook_http(target(), HTTPGetAction(port=closed_port, path="/x"), 5)
        assert outcome.success is False
        assert outcome.message == (
            'HTTP lifecycle hook (/x) for Container "main" in Pod "web_default(u-1)" failed - error: '
            f'Get "http://127.0.0.1:{closed_port}/x": dial tcp 127.0.0.1:{closed_port}: connect: connection refused'
        )


def test_tcp_wants_an_open_port(port: int, closed_port: int) -> None:
    probes = actions()[0]
    assert probes.probe_tcp(target(port), TCPSocketAction(port="web"), 5).success
    refused = probes.probe_tcp(target(), TCPSocketAction(port=closed_port), 5)
    assert (refused.success, refused.message) == (
        False,
        f"dial tcp 127.0.0.1:{closed_port}: connect: connection refused",
    )


def test_a_port_that_does_not_answer_in_time() -> None:
    class Silent(FakeRuntime):
        def connect(self, sandbox_id: str, port: int, *, timeout: float | None = None) -> socket.socket:
            raise TimeoutError("timed out")

    outcome = Actions(Silent()).probe_tcp(target(), TCPSocketAction(port=80), 1)  # type: ignore[arg-type]
    assert (outcome.success, outcome.message) == (False, "dial tcp 127.0.0.1:80: i/o timeout")


class TestCommand:
    @pytest.mark.parametrize(("code", "success"), [(0, True), (1, False), (127, False)])
    def test_the_exit_code_decides(self, code: int, success: bool) -> None:
        outcome = actions(ExecResult(code, b"out", b"err"))[0].probe_command(target(), ["check"], 1)
        assert (outcome.success, outcome.message) == (success, "outerr")

    def test_one_that_takes_too_long_has_failed(self) -> None:
        outcome = actions(ExecResult(None))[0].probe_command(target(), ["sleep", "9"], 1)
        assert (outcome.success, outcome.message) == (False, 'command timed out: "sleep 9" timed out after 1s')

    def test_one_that_cannot_be_run_says_nothing_about_the_container(self) -> None:
        assert actions(ContainerNotFound("gone"))[0].probe_command(target(), ["check"], 1).success is None

    def test_a_hook_that_fails_says_which_it_was_and_what_it_wrote(self) -> None:
        hooks, runtime = actions(ExecResult(3, b"out", b"err"))
        outcome = hooks.hook_command(target(), ["sh", "-c", "exit $(CODE)"])
        assert outcome.message == (
            'Exec lifecycle hook ([sh -c exit $(CODE)]) for Container "main" in Pod "web_default(u-1)" failed - error: '
            "command 'sh -c exit $(CODE)' exited with 3: err, message: \"outerr\""
        )
        assert runtime.argv == ("sh", "-c", "exit $(CODE)")

    def test_a_hook_that_cannot_be_run_has_failed(self) -> None:
        outcome = actions(ContainerNotFound("it is gone"))[0].hook_command(target(), ["true"])
        assert outcome.success is False
        assert "error: it is gone" in outcome.message


def test_a_server_that_never_comes_to_the_end_is_given_no_more_than_the_time_of_the_probe() -> None:
    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200:
                connection.sendall(bytes([byte]))
                done.wait(0.02)

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        target = Target(container(), "container-1", "sandbox-1", "127.0.0.1")
        outcome = Actions(FakeRuntime()).probe_http(target, HTTPGetAction(port=server.getsockname()[1]), 0.2)  # type: ignore[arg-type]
        done.set()
        dripping.join()
    assert outcome.success is False
    assert "context deadline exceeded" in outcome.message
