"""Performs what probes and hooks consist of: run a command in a container, ask over HTTP, TCP or gRPC.

`pkg/probe/{exec,http,tcp,grpc}` and `pkg/kubelet/lifecycle/handlers.go`. Each answers with an `Outcome`; none raises. Nothing is
needed in the image: what goes over the network goes from here to the Pod's address.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from attrs import frozen

from podkit.errors import PodkitError
from podkit.kubelet import grpc_health
from podkit.kubelet.patience import Deadline, ImpatientSocket
from podkit.model import Container, GRPCAction, HTTPGetAction, TCPSocketAction
from podkit.runtime.base import Runtime

USER_AGENT = "kube-probe/1.36"
HOOK_USER_AGENT = "kube-lifecycle/1.36"
BODY_LIMIT = 10 * 1024
REDIRECTS = 10
"""How many redirects are followed (Go's `net/http`)."""
_REDIRECTING = frozenset({301, 302, 303, 307, 308})


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
        pod: the Pod, as messages name it: ``name_namespace(uid)``.
    """

    container: Container
    container_id: str
    sandbox_id: str
    address: str
    pod: str = ""


@frozen
class _Response:
    status: int
    location: str | None
    body: str


class Actions:
    """Performs actions on the containers of one engine. A ``timeout`` is in seconds, and for the action as a whole.

    Args:
        runtime: the engine.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def probe_command(self, target: Target, command: Sequence[str], timeout: float) -> Outcome:
        """Run a command in the container; success is exit code 0."""
        try:
            result = self._runtime.exec(target.container_id, command, timeout=timeout)
        except PodkitError as error:
            return Outcome(None, str(error))
        if result.exit_code is None:
            return Outcome(False, f'command timed out: "{" ".join(command)}" timed out after {timeout:g}s')
        return Outcome(result.exit_code == 0, (result.stdout + result.stderr)[:BODY_LIMIT].decode(errors="replace"))

    def hook_command(self, target: Target, command: Sequence[str]) -> Outcome:
        """Run a command in the container, however long it takes."""
        output = ""
        try:
            result = self._runtime.exec(target.container_id, command, timeout=None)
        except PodkitError as error:
            problem = str(error)
        else:
            if result.exit_code == 0:
                return Outcome(True)
            output = (result.stdout + result.stderr).decode(errors="replace")
            complaint = result.stderr.decode(errors="replace")
            problem = f"command '{' '.join(command)}' exited with {result.exit_code}: {complaint}"
        words = f"Exec lifecycle hook ([{' '.join(command)}])"
        return Outcome(False, f"{_failed(words, target)} - error: {problem}, message: {json.dumps(output)}")

    def probe_http(self, target: Target, action: HTTPGetAction, timeout: float) -> Outcome:
        """Ask over HTTP; success is a status from 200 to 399. A redirect to another host is not followed, and is a success."""
        deadline = Deadline.after(timeout)
        try:
            url = self._url(target, action, action.scheme or "HTTP")
            response = self._get(target, url, _headers(action, USER_AGENT), deadline)
            for count in range(REDIRECTS):
                following = _following(url, response)
                if following is None:
                    break
                if count + 1 == REDIRECTS:
                    return Outcome(False, f'Get "{following}": stopped after {REDIRECTS} redirects')
                url = following
                response = self._get(target, url, _headers(action, USER_AGENT), deadline)
        except ConfigurationError as error:
            return Outcome(None, str(error))
        except (OSError, http.client.HTTPException, PodkitError, ValueError) as error:
            return Outcome(False, f'Get "{url}": {_reason(error, url)}')
        if not 200 <= response.status < 400:
            return Outcome(False, f"HTTP probe failed with statuscode: {response.status}")
        redirects = response.status >= 300
        return Outcome(True, warning=f"Probe terminated redirects, Response body: {response.body}" if redirects else "")

    def hook_http(self, target: Target, action: HTTPGetAction, timeout: float) -> Outcome:
        """Ask over HTTP; any answer is a success.

        HTTPS that is answered in plain HTTP is asked again so, without ``Authorization``; that is a success with a warning.
        """
        headers = _headers(action, HOOK_USER_AGENT)
        problem, warning = "", ""
        for scheme in ("HTTPS", "HTTP") if action.scheme == "HTTPS" else ("HTTP",):
            url = ""
            try:
                url = self._url(target, action, scheme)
                self._get(target, url, headers, Deadline.after(timeout))
            except ssl.SSLError as error:
                problem = problem or f'Get "{url}": {_reason(error, url)}'
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
                host = urlsplit(url).netloc
                warning = f"request to HTTPS lifecycle hook {host} got HTTP response, retry with HTTP succeeded"
            except ConfigurationError as error:
                problem = str(error)
                break
            except (OSError, http.client.HTTPException, PodkitError, ValueError) as error:
                problem = problem or f'Get "{url}": {_reason(error, url)}'
            else:
                return Outcome(True, warning=warning)
        words = f"HTTP lifecycle hook ({action.path or ''})"
        return Outcome(False, f"{_failed(words, target)} - error: {problem}")

    def probe_tcp(self, target: Target, action: TCPSocketAction, timeout: float) -> Outcome:
        """Open a connection and close it again."""
        host = action.host or target.address
        try:
            port = port_number(target.container, action.port)
            self._connect(target, host, port, timeout).close()
        except ConfigurationError as error:
            return Outcome(None, str(error))
        except TimeoutError:
            return Outcome(False, f"dial tcp {_authority(host, port)}: i/o timeout")
        except ConnectionRefusedError:
            return Outcome(False, f"dial tcp {_authority(host, port)}: connect: connection refused")
        except (OSError, PodkitError) as error:
            return Outcome(False, f"dial tcp {_authority(host, port)}: {error}")
        return Outcome(True)

    def probe_grpc(self, target: Target, action: GRPCAction, timeout: float) -> Outcome:
        """Ask the gRPC health service; only SERVING is a success."""
        deadline, address = Deadline.after(timeout), _authority(target.address, action.port)
        try:
            connection = self._runtime.connect(target.sandbox_id, action.port, timeout=timeout)
        except TimeoutError:
            return Outcome(False, f'timeout: failed to connect service "{address}" within {timeout:g}s')
        except (OSError, PodkitError) as error:
            return Outcome(False, f'error: failed to connect service at "{address}": {_reason(error, f"//{address}")}')
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

    def _get(self, target: Target, url: str, headers: Mapping[str, str], deadline: Deadline) -> _Response:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port)
        plain = self._connect(target, host, port, deadline.left())
        with contextlib.closing(_encrypted(plain) if parts.scheme == "https" else plain) as stream:
            connection.sock = ImpatientSocket(stream, deadline)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers=dict(headers))
            response = connection.getresponse()
            body = response.read(BODY_LIMIT).decode(errors="replace")
            return _Response(response.status, response.getheader("Location"), body)

    def _connect(self, target: Target, host: str, port: int, timeout: float) -> socket.socket:
        if host == target.address:
            return self._runtime.connect(target.sandbox_id, port, timeout=timeout)
        if not _is_loopback(host) and not self._runtime.info().pods_reachable:
            with contextlib.suppress(OSError, PodkitError):  # it may be another Pod, which only Pods reach
                return self._runtime.connect(target.sandbox_id, port, timeout=timeout, host=host)
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


def _is_loopback(host: str) -> bool:
    """Whether an address or name stands for the machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _following(url: str, response: _Response) -> str | None:
    """Where a response leads to, if that is on the same host; None: it is the last one."""
    if response.status not in _REDIRECTING or not response.location:
        return None
    following = urljoin(url, response.location)
    return following if urlsplit(following).hostname == urlsplit(url).hostname else None


def _headers(action: HTTPGetAction, user_agent: str) -> Mapping[str, str]:
    headers = {"User-Agent": user_agent, "Accept": "*/*", "Connection": "close"}
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


def _failed(hook: str, target: Target) -> str:
    return f'{hook} for Container "{target.container.name}" in Pod "{target.pod}" failed'


def _reason(error: Exception, url: str) -> str:
    """What went wrong on the way to a URL, in the words that a kubelet has for it."""
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {urlsplit(url).netloc}: connect: connection refused"
    if isinstance(error, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return str(error)
