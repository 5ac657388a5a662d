"""`PodmanRuntime`: the `podkit.runtime.base.Runtime` that is Podman.

The class is thin: it knows which requests make an operation, and what "gone already" means for it. What the documents look
like is in `sandbox`, `container` and `status`; how requests travel in `client` and `service`; refusals in `errors`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from podkit.errors import ContainerNotFound, PodkitError, RuntimeFailed, StartFailed
from podkit.runtime.base import (
    Closeable,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ContainerStatus,
    Credentials,
    ExecResult,
    ImageStatus,
    LogEntry,
    Resources,
    RuntimeEvent,
    RuntimeInfo,
    SandboxConfig,
    SandboxStatus,
)
from podkit.runtime.podman import exec as execution
from podkit.runtime.podman import images, logs, network, processes, service
from podkit.runtime.podman.client import Client, Request, get, label_filter, post
from podkit.runtime.podman.container import SHARED_MEMORY, container_spec, needs_shared_memory, resource_limits
from podkit.runtime.podman.errors import name_is_taken, network_is_missing, start_refused, state_is_over
from podkit.runtime.podman.events import Events
from podkit.runtime.podman.info import controllers, machine_addresses, runtime_info
from podkit.runtime.podman.sandbox import sandbox_spec
from podkit.runtime.podman.status import START_ERROR, container_stats, container_status, sandbox_status

_NETWORK_TRIES = 5
"""How often the network is made again, when other processes that end just now remove it as often."""
_LOOK_SECONDS = 0.2
"""How often Podman is asked whether a container whose log is followed has been started, or has ended."""
_LEFTOVERS = 8
"""After so many commands in a container their monitors are told to clean up."""
_AGREE_SECONDS = 2.0
"""How long after the end of a process Podman may take to notice it."""


class PodmanRuntime:
    """Pods and containers on Podman.

    Args:
        uri: the service to use, such as ``unix:///run/podman/podman.sock``. By default it is looked for (``CONTAINER_HOST``, the
            user's and the system's socket), and started if there is none.

    Raises:
        RuntimeUnavailable: there is no Podman, or it does not answer.
    """

    def __init__(self, uri: str | None = None) -> None:
        self._client = Client(service.find(uri))
        self._start_failures: dict[str, tuple[str, datetime]] = {}
        self._known: dict[str, tuple[tuple[Any, ...], ContainerStatus]] = {}
        self._executed: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        self._network_used = False
        self._events = Events(
            self._client,
            find=self.containers,
            inspect=self._inspect,
            watch_processes=lambda: self._local,
        )
        try:
            self._client.send(get("_ping", "reach Podman"))
        except BaseException:
            self._client.close()
            raise

    def close(self) -> None:
        """Free connections, threads and the service if it is ours; remove podkit's network if no pod uses it any more."""
        self._events.close()
        if self._network_used:
            self._network_used = False
            network.remove_if_unused(self._client)
        self._client.close()

    @functools.cached_property
    def _local(self) -> bool:
        return processes.serves_from_here(self._client.service.uri)

    @functools.cached_property
    def _host_addresses(self) -> tuple[str, ...]:
        return machine_addresses(self._client.service.uri)

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        """Podman needs 200 ms to say what it is, and it is always the same."""
        document: dict[str, Any] = self._client.send(get("info", "ask Podman what it is")).json()
        return document

    @property
    def _controllers(self) -> frozenset[str]:
        return controllers(self._document)

    def info(self) -> RuntimeInfo:
        """What Podman and its machine are."""
        return runtime_info(self._document, addresses=self._host_addresses, local=self._local)

    # Sandboxes

    def run_sandbox(self, config: SandboxConfig) -> str:
        """Make a pod and start it; see `podkit.runtime.base.Runtime.run_sandbox`. Two requests, where the network exists."""
        self._network_used = True
        for _ in range(_NETWORK_TRIES):
            try:
                return self._run_sandbox(config)
            except RuntimeFailed as error:
                if config.host_network or not network_is_missing(error):
                    raise
            network.ensure(self._client)
        return self._run_sandbox(config)

    def _run_sandbox(self, config: SandboxConfig) -> str:
        operation = f"make sandbox {config.name}"
        try:
            created = self._client.send(post("pods/create", operation, json=sandbox_spec(config, network.NAME)))
        except RuntimeFailed as error:
            if not name_is_taken(error):
                with contextlib.suppress(PodkitError):
                    self._remove_half_made(config)
            raise
        sandbox_id = str(created.json()["Id"])
        try:
            self._client.send(post(f"pods/{sandbox_id}/start", operation))
        except BaseException:
            with contextlib.suppress(PodkitError):
                self.remove_sandbox(sandbox_id)
            raise
        return sandbox_id

    def _remove_half_made(self, config: SandboxConfig) -> None:
        """Podman 4 leaves a pod behind whose infra container it could not make. One with other labels is somebody else's."""
        pod = self.sandbox(config.name)
        if pod.labels == config.labels and not pod.ready:
            self.remove_sandbox(pod.id)

    def stop_sandbox(self, sandbox_id: str) -> None:
        """Kill what runs in it, all at once, then let Podman take down its network.

        Podman's own stop would give each container its stop timeout (10 s), and takes 0 for "not given".
        """
        if self._kill_sandbox(sandbox_id):
            request = post(f"pods/{sandbox_id}/stop", f"stop sandbox {sandbox_id[:12]}", {"t": "1"})
            with contextlib.suppress(ContainerNotFound):
                self._client.send(evolve(request, accept=frozenset({304, 404})))

    def _kill_sandbox(self, sandbox_id: str) -> bool:
        """Kill what runs in it; False if there is no such sandbox."""
        request = post(f"pods/{sandbox_id}/kill", f"stop sandbox {sandbox_id[:12]}", {"signal": "KILL"})
        return self._client.send(evolve(request, accept=frozenset({304, 404, 409}))).status != 404

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove the pod with its containers and their anonymous volumes.

        They are killed before, because Podman would end one after the other.
        """
        self._addresses.pop(sandbox_id, None)
        if not self._kill_sandbox(sandbox_id):
            return
        self._network_used = True
        operation = f"remove sandbox {sandbox_id[:12]}"
        params = {"force": "true", "timeout": "0"}
        with contextlib.suppress(ContainerNotFound):
            self._clear_leftovers(sandbox_id, operation)
            self._delete(Request("DELETE", f"pods/{sandbox_id}", operation, params, accept=frozenset({404})))

    def _clear_leftovers(self, sandbox_id: str, operation: str) -> None:
        if self._executed and self._local:
            pod = self._client.send(get(f"pods/{sandbox_id}/json", operation)).json()
            members = {str(member["Id"]) for member in pod.get("Containers") or ()}
            if any(self._executed.pop(member, 0) for member in members):
                processes.end_exec_monitors(members)

    def _delete(self, request: Request) -> None:
        """Remove something; a second time where Podman finds only by the first that a container has died unnoticed."""
        try:
            self._client.send(request)
        except RuntimeFailed as error:
            if not state_is_over(error):
                raise
            self._client.send(request)

    def sandboxes(self, labels: Mapping[str, str]) -> list[SandboxStatus]:
        """All pods that carry these labels."""
        request = get("pods/json", "list sandboxes", {"filters": label_filter(labels)})
        return [self._sandbox_status(pod, pod.get("InfraId")) for pod in self._client.send(request).json() or ()]

    def sandbox(self, sandbox_id: str) -> SandboxStatus:
        """One pod."""
        pod = self._client.send(get(f"pods/{sandbox_id}/json", f"look at sandbox {sandbox_id[:12]}")).json()
        return self._sandbox_status(pod, pod.get("InfraContainerID"))

    def _sandbox_status(self, pod: Mapping[str, Any], infra_id: str | None) -> SandboxStatus:
        infra = None
        if infra_id:
            with contextlib.suppress(ContainerNotFound):
                infra = self._inspect(infra_id)
        return sandbox_status(pod, infra, self._host_addresses)

    # Containers

    def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Make a container; see `podkit.runtime.base.Runtime.create_container`. One request for all but rare settings."""
        image_user, target_pid = "", 0
        security = config.security
        if security.group is not None and security.user is None and not security.username:
            found = self.image(config.image)
            image_user = found.user if found else ""
        if config.target:
            target_pid = self.container(config.target).pid
        limited = resource_limits(config.resources)
        spec = container_spec(
            sandbox_id,
            config,
            image_user=image_user,
            target_pid=target_pid,
            shared_memory=self._shared_memory(sandbox_id) if needs_shared_memory(config) else "",
            controllers=self._controllers if limited else (),
            lowest_oom_score=processes.lowest_oom_score() if self._local else -1000,
        )
        created = self._client.send(post("containers/create", f"create container {config.name}", json=spec))
        return str(created.json()["Id"])

    def _shared_memory(self, sandbox_id: str) -> str:
        pod = self._client.send(get(f"pods/{sandbox_id}/json", f"look at sandbox {sandbox_id[:12]}")).json()
        infra = self._inspect(str(pod.get("InfraContainerID") or ""))
        host_ipc = (infra.get("HostConfig") or {}).get("IpcMode") == "host"
        return SHARED_MEMORY if host_ipc else f"{infra['StaticDir']}/shm"

    def start_container(self, container_id: str) -> None:
        """Start its process; see `podkit.runtime.base.Runtime.start_container`."""
        request = post(f"containers/{container_id}/start", f"start container {container_id[:12]}")
        try:
            self._client.send(evolve(request, accept=frozenset({304}), error=start_refused))
        except StartFailed as error:
            self._start_failures[container_id] = (error.detail, datetime.now(UTC))
            raise
        self._events.started(container_id)

    def signal_container(self, container_id: str, signal: str) -> None:
        """Send a signal to its first process."""
        request = post(f"containers/{container_id}/kill", f"signal container {container_id[:12]}", {"signal": signal})
        try:
            self._client.send(evolve(request, accept=frozenset({404, 409})))
        except RuntimeFailed as error:
            if not state_is_over(error):
                raise

    def remove_container(self, container_id: str) -> None:
        """Remove it with its anonymous volumes."""
        params = {"force": "true", "timeout": "0", "v": "true"}
        operation = f"remove container {container_id[:12]}"
        with contextlib.suppress(ContainerNotFound):
            self._delete(Request("DELETE", f"containers/{container_id}", operation, params, accept=frozenset({404})))
        if self._executed.pop(container_id, 0) and self._local:
            processes.end_exec_monitors((container_id,))
        self._start_failures.pop(container_id, None)
        self._known.pop(container_id, None)

    def container(self, container_id: str) -> ContainerStatus:
        """One container."""
        return self._status(container_id)

    def containers(self, labels: Mapping[str, str]) -> list[ContainerStatus]:
        """All containers that carry these labels; only those are inspected that have changed since the last look."""
        params = {"all": "true", "filters": label_filter(labels)}
        listed = self._client.send(get("containers/json", "list containers", params)).json() or ()
        found = []
        for entry in listed:
            if not entry.get("IsInfra"):
                with contextlib.suppress(ContainerNotFound):
                    found.append(self._listed_status(entry))
        return found

    def _listed_status(self, entry: Mapping[str, Any]) -> ContainerStatus:
        sign = tuple(entry.get(key) for key in ("State", "Pid", "StartedAt", "ExitedAt", "ExitCode"))
        known = self._known.get(entry["Id"])
        if known is not None and known[0] == sign and not self._has_died(known[1]):
            return known[1]
        status = self._status(entry["Id"])
        if status.state.value == entry["State"] and status.state is not ContainerState.CREATED:
            self._known[status.id] = (sign, status)
        return status

    def _status(self, container_id: str) -> ContainerStatus:
        status = container_status(inspected := self._inspect(container_id))
        if self._has_died(status):
            return self._agreed(container_id)
        failure = self._start_failures.get(inspected["Id"])
        if failure is None or status.state is not ContainerState.CREATED:
            return status
        error, moment = failure
        return evolve(status, state=ContainerState.EXITED, exit_code=START_ERROR, error=error, finished_at=moment)

    def _has_died(self, status: ContainerStatus) -> bool:
        return status.state is ContainerState.RUNNING and status.pid > 0 and self._local and processes.ended(status.pid)

    def _agreed(self, container_id: str) -> ContainerStatus:
        """The status once Podman knows what the kernel knows; unknown if its monitor has died, so that it never will."""
        deadline = time.monotonic() + _AGREE_SECONDS
        while True:
            monitor = int(self._inspect(container_id)["State"].get("ConmonPid") or 0)
            monitor_died = monitor > 0 and processes.ended(monitor)
            status = container_status(self._inspect(container_id))
            if not self._has_died(status):
                return status
            if monitor_died or time.monotonic() > deadline:
                return evolve(status, state=ContainerState.UNKNOWN, pid=0)
            time.sleep(0.002)

    def _inspect(self, container_id: str) -> dict[str, Any]:
        answer = self._client.send(get(f"containers/{container_id}/json", f"look at container {container_id[:12]}"))
        document: dict[str, Any] = answer.json()
        return document

    def update_resources(self, container_id: str, resources: Resources) -> None:
        """Change its limits in place."""
        limits = resource_limits(resources, self._controllers)
        self._client.send(
            post(f"containers/{container_id}/update", f"resize container {container_id[:12]}", json=limits)
        )

    def logs(
        self,
        container_id: str,
        *,
        follow: bool = False,
        since: datetime | None = None,
        tail: int | None = None,
    ) -> Iterator[LogEntry]:
        """What it has written; see `podkit.runtime.base.Runtime.logs`."""
        path = Path((self._inspect(container_id)["HostConfig"]["LogConfig"] or {}).get("Path") or "/nonexistent")
        if self._local and os.access(path if path.exists() else path.parent, os.R_OK):
            over = self._end_of_log(container_id) if follow else _always
            return logs.from_file(path, since=since, tail=tail, over=over)
        return logs.from_api(self._client, container_id, follow=follow, since=since, tail=tail)

    def _end_of_log(self, container_id: str) -> Callable[[], bool]:
        """Whether a container will write no more: asks the kernel while its process lives, then Podman."""
        pid, next_look = 0, 0.0

        def over() -> bool:
            nonlocal pid, next_look
            if self._client.closed:
                return True
            if (pid and not processes.ended(pid)) or time.monotonic() < next_look:
                return False
            next_look = time.monotonic() + _LOOK_SECONDS
            try:
                status = self.container(container_id)
            except ContainerNotFound:
                return True
            pid = status.pid
            return status.state in (ContainerState.EXITED, ContainerState.UNKNOWN)

        return over

    def subscribe(self, labels: Mapping[str, str], handler: Callable[[RuntimeEvent], None]) -> Closeable:
        """Call a handler for each event of what carries these labels; see `podkit.runtime.base.Runtime.subscribe`."""
        return self._events.subscribe(labels, handler)

    def stats(self, container_id: str) -> ContainerStats:
        """What it uses now."""
        params = {"containers": container_id, "stream": "false"}
        operation = f"measure container {container_id[:12]}"
        reports = self._client.send(get("containers/stats", operation, params)).json().get("Stats") or ()
        for report in reports:
            return container_stats(report)
        raise ContainerNotFound(f"could not {operation}: it does not run", operation=operation)

    def exec(
        self,
        container_id: str,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a command in it; see `podkit.runtime.base.Runtime.exec`."""
        kill = processes.kill if self._local else _ignore
        result = execution.run(self._client, container_id, argv, stdin=stdin, timeout=timeout, kill=kill)
        self._executed[container_id] = self._executed.get(container_id, 0) + 1
        if self._executed[container_id] % _LEFTOVERS == 0 and self._local:
            processes.hasten_exec_monitors((container_id,))
        return result

    def connect(self, sandbox_id: str, port: int, *, timeout: float | None = None) -> socket.socket:
        """Open a TCP connection to a port of a sandbox; see `podkit.runtime.base.Runtime.connect`.

        Raises:
            RuntimeFailed: Podman runs elsewhere, or rootless, so that its pods' addresses cannot be reached from here.
        """
        if not self.info().pods_reachable:
            raise RuntimeFailed(
                f"could not connect to port {port} of sandbox {sandbox_id[:12]}: the addresses of pods cannot be reached from"
                " here, because Podman runs rootless or on another machine; use exec instead of httpGet or tcpSocket",
                operation="connect",
            )
        address = self._addresses.get(sandbox_id)
        if address is None:
            ips = self.sandbox(sandbox_id).ips
            if not ips:
                raise ContainerNotFound(f"sandbox {sandbox_id[:12]} has no address any more", operation="connect")
            address = self._addresses[sandbox_id] = ips[0]
        return socket.create_connection((address, port), timeout=timeout)

    def put_archive(self, container_id: str, path: str, archive: bytes) -> None:
        """Unpack a tar archive at a directory of it."""
        operation = f"copy to {path} in container {container_id[:12]}"
        self._client.send(Request("PUT", f"containers/{container_id}/archive", operation, {"path": path}, data=archive))

    def get_archive(self, container_id: str, path: str) -> bytes:
        """A file or directory of it as a tar archive."""
        operation = f"copy {path} from container {container_id[:12]}"
        return self._client.send(get(f"containers/{container_id}/archive", operation, {"path": path})).body

    # Images

    def image(self, reference: str) -> ImageStatus | None:
        """An image that Podman has."""
        return images.find(self._client, reference)

    def pull_image(self, reference: str, credentials: Credentials | None = None) -> ImageStatus:
        """Fetch an image from its registry."""
        return images.pull(self._client, reference, credentials)


def _always() -> bool:
    return True


def _ignore(_pid: int) -> None:
    """The processes of another machine are out of reach."""
