"""`PodmanRuntime`: the `podkit.runtime.base.Runtime` that is Podman.

The class is thin: it knows which requests make an operation, and what "gone already" means for it. What the documents look
like is in `sandbox`, `container` and `status`; how requests travel in `client` and `service`; refusals in `errors`.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from attrs import evolve

from podkit.errors import ContainerNotFound, PodkitError, RuntimeFailed
from podkit.loop.side_by_side import side_by_side
from podkit.runtime.base import (
    Closeable,
    ContainerConfig,
    ContainerStats,
    ContainerStatus,
    Credentials,
    ExecResult,
    Forward,
    ImageStatus,
    LogEntry,
    MachineStats,
    PullListener,
    Resources,
    RuntimeEvent,
    RuntimeInfo,
    SandboxConfig,
    SandboxStatus,
    VolumeStatus,
)
from podkit.runtime.podman import cgroup, files, images, logs, path_stat, processes, pull, service, volumes
from podkit.runtime.podman import network as networks
from podkit.runtime.podman.client import Client, Request, get, post
from podkit.runtime.podman.container import SHARED_MEMORY, container_spec, needs_shared_memory, resource_limits
from podkit.runtime.podman.errors import (
    name_is_taken,
    network_is_missing,
    signal_was_not_sent,
    state_is_over,
)
from podkit.runtime.podman.events import Events
from podkit.runtime.podman.exec import ApiCommands
from podkit.runtime.podman.info import controllers, log_is_measured, runtime_info
from podkit.runtime.podman.inside import can_enter
from podkit.runtime.podman.machine import machine_stats
from podkit.runtime.podman.network import NAME as NETWORK
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.oci import DirectCommands
from podkit.runtime.podman.reach import Reach
from podkit.runtime.podman.sandbox import infra_name, sandbox_spec
from podkit.runtime.podman.start import Starter
from podkit.runtime.podman.status import container_stats
from podkit.runtime.podman.streams import StreamOpener
from podkit.runtime.podman.translation import translator
from podkit.runtime.podman.users import (
    UnreadableError,
    Users,
    completed,
    depends_on_image,
    from_container,
    from_layers,
    lacks_home,
)
from podkit.runtime.podman.volume_files import VolumeFiles
from podkit.runtime.streams import Streams

_AT_ONCE = 4
"""How many containers of a pod are removed at the same time: more would only wait for each other, in Podman and for processors."""
_NETWORK_TRIES = 5
"""How often the network is made again, when other processes that end just now remove it as often."""


class PodmanRuntime:
    """Pods and containers on Podman.

    Args:
        uri: the service to use, such as ``unix:///run/podman/podman.sock``. By default it is looked for (``CONTAINER_HOST``, the
            user's and the system's socket), and started if there is none.
        network: the Podman network on which Pods have their addresses, for example one with IPv6. It must be there, and stays.
            By default it is a bridge ``podkit`` with IPv4, which is made and removed as it is needed.

    Raises:
        RuntimeUnavailable: there is no Podman, or it does not answer.

    Example:
        ::

            far = PodmanRuntime("ssh://me@build.example/run/user/1000/podman/podman.sock")
            with Cluster(far) as cluster:
                cluster.run(job)
            far.close()
    """

    def __init__(self, uri: str | None = None, *, network: str | None = None) -> None:
        self._client = Client(service.find(uri))
        self._observer = Observer(self._client)
        self._starter = Starter(self._client, self._observer)
        self._reach = Reach(self._observer)
        self._api_commands = ApiCommands(self._client, self._observer)
        self._commands = DirectCommands(self._observer, lambda: self._document, self._api_commands)
        self._streams = StreamOpener(self._client, self._observer, self._api_commands)
        self._volume_files = VolumeFiles(self._client)
        self._users: dict[str, Users] = {}
        self._network = network or NETWORK
        self._network_used = False
        self._events = Events(self._client, self._observer)
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
            networks.remove_if_unused(self._client)
        self._volume_files.close()
        self._commands.close()
        self._streams.close()
        self._observer.close()
        self._client.close()

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        """Podman needs 200 ms to say what it is, and it is always the same."""
        document: dict[str, Any] = self._client.send(get("info", "ask Podman what it is")).json()
        return document

    @functools.cached_property
    def _enters(self) -> bool:
        return can_enter(rootless=bool((self._document["host"].get("security") or {}).get("rootless")))

    @functools.cached_property
    def _translates(self) -> bool:
        return translator() is not None

    @property
    def _controllers(self) -> frozenset[str]:
        return controllers(self._document)

    def info(self) -> RuntimeInfo:
        """What Podman and its machine are."""
        return runtime_info(
            self._document,
            addresses=self._observer.host_addresses,
            local=self._observer.local,
            enters=self._enters,
            translates=self._translates,
        )

    # Sandboxes

    def run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None = None) -> str:
        """Make a pod and start it; see `podkit.runtime.base.Runtime.run_sandbox`. Two requests, where the network exists."""
        self._use_network()
        for _ in range(_NETWORK_TRIES):
            try:
                return self._run_sandbox(config, meanwhile)
            except RuntimeFailed as error:
                if config.host_network or not network_is_missing(error) or self._network != NETWORK:
                    raise
            networks.ensure(self._client)
        return self._run_sandbox(config, meanwhile)

    def _use_network(self) -> None:
        """From now on podkit's own network may have to be removed at the end."""
        self._network_used = self._network == NETWORK

    def _run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None) -> str:
        operation = f"make sandbox {config.name}"
        controllers = self._controllers if resource_limits(config.resources) else ()
        spec = sandbox_spec(config, self._network, controllers=controllers)
        try:
            created = self._client.send(post("pods/create", operation, json=spec))
        except RuntimeFailed as error:
            if not name_is_taken(error):
                with contextlib.suppress(PodkitError):
                    self._remove_half_made(config)
            raise
        sandbox_id = str(created.json()["Id"])
        try:
            # not pods/start, which also looks at the whole pod, and keeps it locked meanwhile
            start = post(f"containers/{infra_name(sandbox_id)}/start", operation)
            start = evolve(start, accept=frozenset({304}))
            with ThreadPoolExecutor(1, thread_name_prefix="podkit-sandbox") as thread:
                started = thread.submit(self._client.send, start)
                if meanwhile is not None:
                    meanwhile(sandbox_id)
            started.result()
        except BaseException:
            with contextlib.suppress(PodkitError):
                self.remove_sandbox(sandbox_id)
            raise
        self._observer.made_sandbox(sandbox_id, config)
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
            self._unless_over(evolve(request, accept=frozenset({304, 404})))

    def _kill_sandbox(self, sandbox_id: str) -> bool:
        """Kill what runs in it; False if there is no such sandbox."""
        request = post(f"pods/{sandbox_id}/kill", f"stop sandbox {sandbox_id[:12]}", {"signal": "KILL"})
        return self._client.send(evolve(request, accept=frozenset({304, 404, 409}))).status != 404

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove the pod with its containers.

        Its containers are removed before, all at once, while its network is taken down: Podman would do one after the other.
        """
        self._reach.forget(sandbox_id)
        self._observer.forget_sandbox(sandbox_id)
        self._use_network()
        operation = f"remove sandbox {sandbox_id[:12]}"
        params = {"force": "true", "timeout": "0"}
        with contextlib.suppress(ContainerNotFound):
            self._remove_members(sandbox_id)
            self._delete(Request("DELETE", f"pods/{sandbox_id}", operation, params, accept=frozenset({404})))

    def _remove_members(self, sandbox_id: str) -> None:
        """Remove all containers of a pod but its infra container, and stop that. Trouble is left to the removal of the pod."""
        pod = self._observer.pod(sandbox_id)
        infra = pod.get("InfraContainerID")
        members = [str(member["Id"]) for member in pod.get("Containers") or () if member["Id"] != infra]
        if self._observer.local:
            self._api_commands.end_monitors(members)

        def quietly(work: Callable[[str], None], container_id: str) -> None:
            with contextlib.suppress(PodkitError):
                work(container_id)

        jobs = [functools.partial(quietly, self._remove_container, member) for member in members]
        if infra:
            jobs.insert(0, functools.partial(quietly, self._stop_infra, str(infra)))
        side_by_side(jobs, at_most=_AT_ONCE)

    def _stop_infra(self, infra_id: str) -> None:
        request = post(f"containers/{infra_id}/stop", f"stop container {infra_id[:12]}", {"timeout": "0"})
        self._unless_over(evolve(request, accept=frozenset({304, 404})))

    def _delete(self, request: Request) -> None:
        """Remove something; a second time where the first fails.

        Podman may find only by the first that a container has died unnoticed, or somebody may just be looking at its files.
        """
        try:
            self._client.send(request)
        except ContainerNotFound:
            raise
        except RuntimeFailed:
            self._client.send(request)

    def sandboxes(self, labels: Mapping[str, str]) -> list[SandboxStatus]:
        """All pods that carry these labels."""
        return self._observer.sandboxes(labels)

    def inventory(self, labels: Mapping[str, str]) -> tuple[list[SandboxStatus], list[ContainerStatus]]:
        """All pods and containers that carry these labels, in one request; pods without an infra container are missing."""
        return self._observer.inventory(labels)

    def sandbox(self, sandbox_id: str) -> SandboxStatus:
        """One pod."""
        return self._observer.sandbox(sandbox_id)

    # Containers

    def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Make a container; see `podkit.runtime.base.Runtime.create_container`. One request for all but rare settings."""
        if not depends_on_image(config.security) and not lacks_home(config):
            return self._create(sandbox_id, config)
        document = images.inspect(self._client, config.image)
        known = self._users.get(config.image)
        if known is None and self._observer.local:
            with contextlib.suppress(UnreadableError):
                known = self._users[config.image] = from_layers(document)
        if known is None:
            container_id = self._create(sandbox_id, config)
            known = self._users[config.image] = from_container(lambda path: self.get_archive(container_id, path))
            self.remove_container(container_id)
        return self._create(sandbox_id, completed(config, document, known))

    def _create(self, sandbox_id: str, config: ContainerConfig) -> str:
        target_pid = self.container(config.target).pid if config.target else 0
        for mount in config.image_mounts:
            images.check_mountable(self._client, mount, self.info().version)
        limited = resource_limits(config.resources)
        spec = container_spec(
            sandbox_id,
            config,
            target_pid=target_pid,
            shared_memory=self._shared_memory(sandbox_id, config) if needs_shared_memory(config) else "",
            controllers=self._controllers if limited else (),
            lowest_oom_score=processes.lowest_oom_score() if self._observer.local else -1000,
        )
        created = self._client.send(post("containers/create", f"create container {config.name}", json=spec))
        container_id = str(created.json()["Id"])
        if config.resources.memory_limit and "memory" in self._controllers:
            self._starter.note_limit(container_id)
        return container_id

    def _shared_memory(self, sandbox_id: str, config: ContainerConfig) -> str:
        return SHARED_MEMORY if config.host_ipc else f"{self._observer.infra(sandbox_id)['StaticDir']}/shm"

    def start_container(self, container_id: str) -> None:
        """Start its process; see `podkit.runtime.base.Runtime.start_container`."""
        self._starter.start(container_id)

    def signal_container(self, container_id: str, signal: str) -> None:
        """Send a signal to its first process."""
        request = post(f"containers/{container_id}/kill", f"signal container {container_id[:12]}", {"signal": signal})
        try:
            self._unless_over(evolve(request, accept=frozenset({404, 409})))
        except RuntimeFailed as error:
            if not signal_was_not_sent(error) or not self._observer.has_ended(container_id):
                raise

    def _unless_over(self, request: Request) -> None:
        """Ask for something that is no error where what it is about has ended, or is gone."""
        try:
            self._client.send(request)
        except ContainerNotFound:
            return
        except RuntimeFailed as error:
            if not state_is_over(error):
                raise

    def remove_container(self, container_id: str) -> None:
        """Remove it with its anonymous volumes."""
        self._remove_container(container_id)
        self._api_commands.end_monitors((container_id,))
        self._commands.forget(container_id)
        self._starter.forget(container_id)
        self._streams.forget(container_id)
        self._observer.forget_container(container_id)

    def _remove_container(self, container_id: str) -> None:
        params = {"force": "true", "timeout": "0", "v": "true"}
        operation = f"remove container {container_id[:12]}"
        with contextlib.suppress(ContainerNotFound):
            self._delete(Request("DELETE", f"containers/{container_id}", operation, params, accept=frozenset({404})))

    def container(self, container_id: str) -> ContainerStatus:
        """One container. Of one that runs, its end will be noticed at once: whoever starts one asks for it next."""
        status = self._observer.container(container_id)
        self._events.seen(status)
        return status

    def containers(self, labels: Mapping[str, str]) -> list[ContainerStatus]:
        """All containers that carry these labels."""
        return self._observer.containers(labels)

    def update_resources(self, container_id: str, resources: Resources) -> None:
        """Change what it may use, in place."""
        limits = resource_limits(resources, self._controllers)
        if limits:
            operation = f"resize container {container_id[:12]}"
            self._client.send(post(f"containers/{container_id}/update", operation, json=limits))

    def update_sandbox_resources(self, sandbox_id: str, resources: Resources) -> None:
        """Change what a pod may use, in place. Podman cannot: its control group is written to, which must be of this machine."""
        if not resource_limits(resources, self._controllers):
            return
        operation = f"resize sandbox {sandbox_id[:12]}"
        if not self._observer.local:
            raise RuntimeFailed(f"could not {operation}: Podman runs on another machine", operation=operation)
        cgroup.resize(str(self._observer.pod(sandbox_id).get("CgroupPath") or ""), resources, operation)

    def logs(
        self,
        container_id: str,
        *,
        follow: bool = False,
        since: datetime | None = None,
        tail: int | None = None,
    ) -> Iterator[LogEntry]:
        """What it has written; see `podkit.runtime.base.Runtime.logs`."""
        path = Path(
            (self._observer.inspect(container_id)["HostConfig"]["LogConfig"] or {}).get("Path") or "/nonexistent"
        )
        if self._observer.local and os.access(path if path.exists() else path.parent, os.R_OK):
            over = self._observer.log_is_complete(container_id) if follow else _always
            return logs.from_file(path, since=since, tail=tail, over=over)
        return logs.from_api(self._client, container_id, follow=follow, since=since, tail=tail)

    def subscribe(self, labels: Mapping[str, str], handler: Callable[[RuntimeEvent], None]) -> Closeable:
        """Call a handler for each event of what carries these labels; see `podkit.runtime.base.Runtime.subscribe`."""
        return self._events.subscribe(labels, handler)

    def stats(self, container_id: str) -> ContainerStats:
        """What it uses now."""
        params = {"containers": container_id, "stream": "false"}
        operation = f"measure container {container_id[:12]}"
        if not self.info().stats_available:
            reason = "without root, Podman can measure containers only on a machine with cgroup version 2"
            raise RuntimeFailed(f"could not {operation}: {reason}", operation=operation, detail=reason)
        reports = self._client.send(get("containers/stats", operation, params)).json().get("Stats") or ()
        for report in reports:
            return container_stats(report)
        raise ContainerNotFound(f"could not {operation}: it does not run", operation=operation)

    def machine_stats(self) -> MachineStats:
        """What the machine has left, if it is this one; of another one only the size of its disk is known."""
        if not self._observer.local:
            return MachineStats(storage=int((self._document.get("store") or {}).get("graphRootAllocated") or 0))
        return machine_stats(Path(str((self._document.get("store") or {}).get("graphRoot") or "/nonexistent")))

    def storage_used(self, container_id: str) -> int:
        """What Podman measures: the writable layer, and since 4.4 all that it keeps for the container, with the log."""
        operation = f"measure what container {container_id[:12]} has written"
        inspected = self._client.send(get(f"containers/{container_id}/json", operation, {"size": "true"})).json()
        written = int(inspected.get("SizeRw") or 0)
        if self._observer.local and not log_is_measured(self._document):
            log = Path((inspected["HostConfig"]["LogConfig"] or {}).get("Path") or "/nonexistent")
            with contextlib.suppress(OSError):
                written += log.stat().st_size
        return written

    def exec(
        self,
        container_id: str,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a command in it; see `podkit.runtime.base.Runtime.exec`."""
        return self._commands.run(container_id, argv, stdin=stdin, timeout=timeout)

    def open_exec(self, container_id: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False) -> Streams:
        """Run a command in it to talk with; see `podkit.runtime.base.Runtime.open_exec`."""
        return self._streams.command(container_id, argv, stdin=stdin, tty=tty)

    def attach(self, container_id: str, *, stdin: bool = False, stdin_once: bool = False) -> Streams:
        """Attach to it; see `podkit.runtime.base.Runtime.attach`. Its input ends at the latest when the runtime is closed."""
        return self._streams.attach(container_id, stdin=stdin, stdin_once=stdin_once)

    def connect(
        self, sandbox_id: str, port: int, *, timeout: float | None = None, host: str | None = None
    ) -> socket.socket:
        """Open a TCP connection to a port of a sandbox; see `podkit.runtime.base.Runtime.connect`.

        Raises:
            RuntimeFailed: Podman runs on another machine, whose pods cannot be reached from here.
        """
        return self._reach.connect(sandbox_id, port, timeout, directly=self.info().pods_reachable, host=host)

    def bind(self, sandbox_id: str, host: str, port: int) -> tuple[socket.socket, socket.socket]:
        """Open a port inside a sandbox; see `podkit.runtime.base.Runtime.bind`."""
        return self._reach.bind(sandbox_id, host, port, as_root=self.info().pods_reachable)

    def forward(self, sandbox_id: str, forwards: Sequence[Forward]) -> None:
        """Let addresses lead elsewhere; see `podkit.runtime.base.Runtime.forward`."""
        self._reach.forward(sandbox_id, forwards, as_root=self.info().pods_reachable)

    def put_archive(self, container_id: str, path: str, archive: bytes | BinaryIO) -> None:
        """Unpack a tar archive at a directory of it."""
        files.put(self._client, container_id, path, archive)

    def get_archive(self, container_id: str, path: str) -> bytes:
        """A file or directory of it as a tar archive."""
        packed = io.BytesIO()
        self.read_archive(container_id, path, packed)
        return packed.getvalue()

    def read_archive(self, container_id: str, path: str, sink: BinaryIO) -> None:
        """Write a file or directory of it to a file, as a tar archive."""
        files.read(self._client, container_id, path, sink)

    def is_directory(self, container_id: str, path: str) -> bool | None:
        """Whether there is a directory; see `podkit.runtime.base.Runtime.is_directory`."""
        return path_stat.is_directory(self._client, container_id, path)

    # Volumes

    def create_volume(self, name: str, labels: Mapping[str, str]) -> VolumeStatus:
        """Make a volume, unless it is there already."""
        return volumes.create(self._client, name, labels)

    def remove_volume(self, name: str) -> None:
        """Remove a volume with all that is in it."""
        volumes.remove(self._client, name)

    def volumes(self, labels: Mapping[str, str]) -> list[VolumeStatus]:
        """All volumes that carry these labels."""
        return volumes.find(self._client, labels)

    def write_volume(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive in a volume."""
        self._volume_files.write(name, archive)

    def read_volume(self, name: str, path: str) -> bytes | None:
        """A file or directory of a volume as a tar archive; None if there is none."""
        return self._volume_files.read(name, path)

    def volume_mode(self, name: str) -> int:
        """The permission bits of a volume itself."""
        return self._volume_files.mode(name)

    # Images

    def image(self, reference: str) -> ImageStatus | None:
        """An image that Podman has."""
        return images.find(self._client, reference)

    def pull_image(
        self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
    ) -> ImageStatus:
        """Fetch an image from its registry."""
        return pull.pull(self._client, reference, credentials, tell)


def _always() -> bool:
    return True
