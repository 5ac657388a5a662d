"""Performs what probes and hooks consist of: run a command in a container, ask over HTTP, TCP or gRPC.

`pkg/probe/{exec,http,tcp,grpc}` and `pkg/kubelet/lifecycle/handlers.go`. Each answers with an `Outcome`; none raises. Nothing is
needed in the image: what goes over the network goes from here to the Pod's address.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from attrs import frozen

from podkit.errors import PodkitError
from podkit.kubelet import grpc_health
from podkit.kubelet.expansion import expand
from podkit.kubelet.patience import Deadline, ImpatientSocket
from podkit.model import Container, GRPCAction, HTTPGetAction, TCPSocketAction
from podkit.runtime.base import Runtime

USER_AGENT = "kube-probe/1.36"
BODY_LIMIT = 10 * 1024
REDIRECTS = 10


@frozen
class Outcome:
    """What an action has come to.

    Attributes:
        success: None when it could not be performed at all, which says nothing about the container.
        message: what went wrong, or the output.
        warning: something odd about a success.
    """

    success: bool | None
    message: str = ""
    warning: str = ""


@frozen
class Target:
    """Whom an action is about.

    Attributes:
        container: the container in the Pod's spec.
        container_id: the container in the engine.
        sandbox_id: its sandbox.
        address: the Pod's address.
    """

    container: Container
    container_id: str
    sandbox_id: str
    address: str


@frozen
class _Response:
    status: int
    location: str | None
    body: str


class Actions:
    """Performs actions on the containers of one engine."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def run(self, target: Target, command: Sequence[str], timeout: float | None) -> Outcome:
        """Run a command in the container; success is exit code 0. Its words may refer to literal variables."""
        literal = {variable.name: variable.value for variable in target.container.env if variable.value}
        argv = [expand(word, literal) for word in command]
        try:
            result = self._runtime.exec(target.container_id, argv, timeout=timeout)
        except PodkitError as error:
            return Outcome(None, str(error))
        output = (result.stdout + result.stderr)[:BODY_LIMIT].decode(errors="replace")
        if result.exit_code is None:
            return Outcome(False, f"command timed out: {' '.join(argv)!r} timed out after {timeout:g}s")
        return Outcome(result.exit_code == 0, output)

    def probe_http(self, target: Target, action: HTTPGetAction, timeout: float) -> Outcome:
        """Ask over HTTP; success is a status from 200 to 399. A redirect to another host is not followed, and is a success."""
        deadline = Deadline.after(timeout)
        try:
            url = self._url(target, action, action.scheme or "HTTP")
            for _ in range(REDIRECTS):
                response = self._get(target, url, action, deadline)
                following = urljoin(url, response.location) if response.location else None
                if not 300 <= response.status < 400 or following is None:
                    break
                if urlsplit(following).hostname != urlsplit(url).hostname:
                    return Outcome(True, warning=f"Probe terminated redirects, Response body: {response.body}")
                url = following
        except ConfigurationError as error:
            return Outcome(None, str(error))
        except (OSError, http.client.HTTPException, PodkitError, ValueError) as error:
            return Outcome(False, f'Get "{url}": {_reason(error)}')
        success = 200 <= response.status < 400
        return Outcome(success, "" if success else f"HTTP probe failed with statuscode: {response.status}")

    def hook_http(self, target: Target, action: HTTPGetAction, timeout: float) -> Outcome:
        """Ask over HTTP; any answer is a success. HTTPS that is answered in plain HTTP is asked again so."""
        schemes = ["HTTPS", "HTTP"] if action.scheme == "HTTPS" else ["HTTP"]
        failure = Outcome(False)
        for scheme in schemes:
            try:
                self._get(target, self._url(target, action, scheme), action, Deadline.after(timeout))
            except ssl.SSLError as error:
                failure = Outcome(False, _reason(error))
            except (OSError, http.client.HTTPException, PodkitError, ValueError, ConfigurationError) as error:
                return Outcome(False, _reason(error))
            else:
                return Outcome(True)
        return failure

    def probe_tcp(self, target: Target, action: TCPSocketAction, timeout: float) -> Outcome:
        """Open a connection and close it again."""
        try:
            port = port_number(target.container, action.port)
            self._connect(target, action.host or target.address, port, timeout).close()
        except ConfigurationError as error:
            return Outcome(None, str(error))
        except (OSError, PodkitError) as error:
            return Outcome(False, f"dial tcp {action.host or target.address}:{port}: {_reason(error)}")
        return Outcome(True)

    def probe_grpc(self, target: Target, action: GRPCAction, timeout: float) -> Outcome:
        """Ask the gRPC health service; only SERVING is a success."""
        deadline, address = Deadline.after(timeout), _authority(target.address, action.port)
        try:
            connection = self._runtime.connect(target.sandbox_id, action.port, timeout=timeout)
        except TimeoutError:
            return Outcome(False, f'timeout: failed to connect service "{address}" within {timeout:g}s')
        except (OSError, PodkitError) as error:
            return Outcome(False, f'error: failed to connect service at "{address}": {_reason(error)}')
        with connection:
            try:
                status = grpc_health.check(connection, address, action.service or "", deadline, USER_AGENT)
            except grpc_health.CallFailed as error:
                if error.code == grpc_health.UNIMPLEMENTED:
                    protocol = "the grpc health protocol (grpc.health.v1.Health)"
                    return Outcome(False, f"error: this server does not implement {protocol}: {error.message}")
                return Outcome(False, f"error: health rpc probe failed: {error}")
            except TimeoutError:
                return Outcome(False, f"timeout: health rpc did not complete within {timeout:g}s")
            except OSError as error:
                return Outcome(False, f"error: health rpc probe failed: {error}")
        healthy = status == grpc_health.SERVING
        return Outcome(healthy, "service healthy" if healthy else f'service unhealthy (responded with "{status}")')

    @staticmethod
    def _url(target: Target, action: HTTPGetAction, scheme: str) -> str:
        path = action.path or "/"
        authority = _authority(action.host or target.address, port_number(target.container, action.port))
        return f"{scheme.lower()}://{authority}{path if path.startswith('/') else '/' + path}"

    def _get(self, target: Target, url: str, action: HTTPGetAction, deadline: Deadline) -> _Response:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port)
        plain = self._connect(target, host, port, deadline.left())
        with contextlib.closing(_encrypted(plain) if parts.scheme == "https" else plain) as stream:
            connection.sock = ImpatientSocket(stream, deadline)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers=_headers(action))
            response = connection.getresponse()
            body = response.read(BODY_LIMIT).decode(errors="replace")
            return _Response(response.status, response.getheader("Location"), body)

    def _connect(self, target: Target, host: str, port: int, timeout: float) -> socket.socket:
        if host == target.address:
            return self._runtime.connect(target.sandbox_id, port, timeout=timeout)
        return socket.create_connection((host, port), timeout=timeout)


class ConfigurationError(Exception):
    """A probe or hook refers to something that is not there."""


def port_number(container: Container, port: int | str) -> int:
    """A port by its number, or by its name among the container's ports.

    Raises:
        ConfigurationError: it has no port of that name.
    """
    if isinstance(port, int):
        return port
    named = [one.container_port for one in container.ports if one.name == port]
    if named:
        return named[0]
    if port.isdigit():
        return int(port)
    raise ConfigurationError(f"couldn't find port: {port!r} in the ports of container {container.name}")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _headers(action: HTTPGetAction) -> Mapping[str, str]:
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
    for header in action.http_headers:
        known = next((name for name in headers if name.lower() == header.name.lower()), header.name)
        headers[known] = header.value
    return {name: value for name, value in headers.items() if value}


def _encrypted(plain: socket.socket) -> ssl.SSLSocket:
    """TLS without looking at the certificate, as a kubelet does it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(plain)
    except BaseException:
        plain.close()
        raise


def _reason(error: Exception) -> str:
    """What went wrong, in the words that a kubelet has for it."""
    if isinstance(error, ConnectionRefusedError):
        return "connect: connection refused"
    if isinstance(error, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return str(error)
