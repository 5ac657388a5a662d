"""Podman's REST API, for the rest of this package.

Requests go over podman-py's connections (see `podkit.runtime.podman.transport`); its managers are not used, because they hide
what a kubelet needs (see ``docs/podman.md``). What HTTP cannot do, the two-way streams of ``exec``, goes over a socket of its
own (`Client.open_socket`).

Everything that comes out of here is either an answer or an error of `podkit.errors`. A request that could not even be
delivered because our own service had died is sent once more after the service was started again.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, BinaryIO, Protocol

from attrs import frozen

from podkit.errors import PodkitError, RuntimeUnavailable
from podkit.loop import cancellation
from podkit.runtime.podman import transport
from podkit.runtime.podman.errors import is_momentary, message_of, refused, unreachable
from podkit.runtime.podman.service import Service

ANSWER_SECONDS = 300.0
"""Podman holds a lock per container and pod; an answer that takes longer than this will not come."""
PAUSES = (0.0, 0.02, 0.1, 0.4, 1.0)
"""Seconds before it is asked again, where Podman stumbled over something that changed meanwhile."""
_REPEATABLE = frozenset({"GET", "HEAD", "PUT"})
"""The methods of requests that can be made twice and come to the same."""
PREFIX = "/v5.0.0/libpod/"
"""Where the API begins. Podman 4 answers it too, as it can; Podman 5 answers an older version in the words of Podman 4."""


class ErrorMaker(Protocol):
    """How a refusal becomes an error."""

    def __call__(self, operation: str, status: int, detail: str, /) -> PodkitError:
        """Make it."""


@frozen
class Request:
    """One request.

    Attributes:
        method: such as ``GET``.
        path: below ``/libpod/``, without a leading slash; with one, from the root.
        operation: what it is for, in words that continue "could not …".
        params: the query.
        json: the body, as JSON.
        data: the body, as bytes, or a file of them.
        headers: further headers.
        accept: statuses of 300 and more that are an answer too, not an error.
        error: makes the error of a refusal.
        timeout: seconds in which data must come; None: for ever.
    """

    method: str
    path: str
    operation: str
    params: Mapping[str, str] = {}
    json: Any = None
    data: bytes | BinaryIO | None = None
    headers: Mapping[str, str] = {}
    accept: frozenset[int] = frozenset()
    error: ErrorMaker = refused
    timeout: float | None = ANSWER_SECONDS


@frozen
class Answer:
    """What Podman answered: the HTTP status, the body and the headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}

    def json(self) -> Any:
        """The body, read as JSON; None if there is none."""
        return json.loads(self.body) if self.body.strip() else None


class Client:
    """A connection to one service, safe to use from several threads.

    Args:
        service: where to connect to; it is closed with the client.

    Attributes:
        service: likewise.
        closed: whether it has been closed.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._pool = transport.open_pool(service.uri)
        self.closed = False
        self._process = os.getpid()

    def send(self, request: Request) -> Answer:
        """Ask, and return the whole answer.

        Raises:
            RuntimeUnavailable: the service does not answer.
            RuntimeFailed: it refused, as ``request.error`` says.
        """
        response = self._ask(request)
        return Answer(response.status, self._read(request, response), response.headers)

    @contextlib.contextmanager
    def stream(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Ask, and read the answer piece by piece as it comes.

        Raises:
            RuntimeUnavailable: the service does not answer.
            RuntimeFailed: it refused.
        """
        response = self._ask(request)
        try:
            with cancellation.on_cancellation(lambda: transport.break_off(response)):
                yield self._pieces(request, response)
        finally:
            response.close()

    def open_socket(self, operation: str) -> socket.socket:
        """A fresh connection to the service, for streams that go both ways. The caller closes it.

        Raises:
            RuntimeUnavailable: the service does not answer.
        """
        self.check_open(operation)
        try:
            return transport.connect(self.service.uri)
        except OSError as error:
            if not self.service.revive():
                raise unreachable(self.service.uri, operation, error) from error
        try:
            return transport.connect(self.service.uri)
        except OSError as error:
            raise unreachable(self.service.uri, operation, error) from error

    def close(self) -> None:
        """Close all connections, then the service."""
        self.closed = True
        self._pool.close()
        self.service.close()

    def check_open(self, operation: str) -> None:
        """See that it has not been closed.

        Raises:
            RuntimeUnavailable: it has.
        """
        if os.getpid() != self._process:
            raise RuntimeUnavailable(
                f"could not {operation}: this runtime belongs to process {self._process}, from which this one was forked; "
                "make another PodmanRuntime here"
            )
        if self.closed:
            raise RuntimeUnavailable(f"could not {operation}: the runtime has been closed; make another PodmanRuntime")

    def _ask(self, request: Request) -> Any:
        self.check_open(request.operation)
        pauses = iter(PAUSES if request.method in _REPEATABLE else ())
        while True:
            response = self._answer_to(request)
            if response.status < HTTPStatus.MULTIPLE_CHOICES or response.status in request.accept:
                return response
            detail = message_of(self._read(request, response))
            pause = next(pauses, None) if is_momentary(request.path, detail) else None
            if pause is None:
                raise request.error(request.operation, response.status, detail)
            cancellation.sleep(pause)

    def _answer_to(self, request: Request) -> Any:
        try:
            return self._once(request)
        except OSError as error:
            if not _never_arrived(error) or self.closed or not self.service.revive():
                raise unreachable(self.service.uri, request.operation, _innermost(error)) from error
        try:
            return self._once(request)
        except OSError as again:
            raise unreachable(self.service.uri, request.operation, _innermost(again)) from again

    def _once(self, request: Request) -> Any:
        headers = dict(request.headers)
        data = request.data
        if request.json is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(request.json).encode()
        return transport.send(
            self._pool,
            request.method,
            request.path if request.path.startswith("/") else f"{PREFIX}{request.path}",
            params=request.params,
            headers=headers,
            body=data,
            timeout=request.timeout,
        )

    def _read(self, request: Request, response: Any) -> bytes:
        try:
            return transport.read(response)
        except OSError as error:
            raise unreachable(self.service.uri, request.operation, _innermost(error)) from error

    def _pieces(self, request: Request, response: Any) -> Iterator[bytes]:
        try:
            yield from transport.pieces(response)
        except OSError as error:
            raise unreachable(self.service.uri, request.operation, _innermost(error)) from error


def get(path: str, operation: str, params: Mapping[str, str] | None = None) -> Request:
    """A request that reads."""
    return Request("GET", path, operation, params or {})


def post(path: str, operation: str, params: Mapping[str, str] | None = None, json: Any = None) -> Request:
    """A request that does."""
    return Request("POST", path, operation, params or {}, json)


def label_filter(labels: Mapping[str, str]) -> str:
    """Podman's ``filters`` parameter for what carries all of these labels."""
    return json.dumps({"label": [f"{key}={value}" for key, value in labels.items()]})


def _never_arrived(error: BaseException) -> bool:
    """Whether Podman cannot have acted on the request: the connection was refused, or closed before an answer began.

    The second is not certain, but our own service ends only when it has been idle, so that what it closes was idle too.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (ConnectionError, FileNotFoundError)) or type(seen).__name__ in (
            "RemoteDisconnected",
            "ProtocolError",
        ):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _innermost(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
