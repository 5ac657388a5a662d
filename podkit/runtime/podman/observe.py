"""What containers and sandboxes are at this moment.

Podman's lists are sparse and its ``inspect`` is complete, at 2 ms each. A container goes only forward through its life, so
what has been inspected once stays true as long as its line in the list does not change.

Podman learns of the end of a process late, or never (see `podkit.runtime.podman.processes`). Where the kernel says that a
container has ended and Podman that it runs, we wait until they agree: nobody who has been told of an end can then read that it
runs.
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from podkit.errors import ContainerNotFound
from podkit.runtime.base import ContainerState, ContainerStatus, ProcessUser, SandboxConfig, SandboxStatus
from podkit.runtime.podman import cgroup, processes
from podkit.runtime.podman.alarm import Alarm, alarm_for
from podkit.runtime.podman.client import Client, get, label_filter
from podkit.runtime.podman.info import machine_addresses
from podkit.runtime.podman.sandbox import infra_name
from podkit.runtime.podman.status import (
    START_ERROR,
    container_status,
    is_on_host_network,
    process_user,
    sandbox_status,
)

_AGREE_SECONDS = 10.0
"""How long after the end of a process Podman may take to notice it."""
_AGREE_POLL_SECONDS = (0.002, 0.05)
"""How often it is asked: at first, and when it takes long, so as not to keep it from it."""
_END_SECONDS = 1.0
"""How long Podman may take to notice that a container has ended of which something says so that Podman does not know of."""
_LOOK_SECONDS = 0.2
"""How often Podman is asked whether a container whose log is followed has been started, or has ended."""
_ALARM_SECONDS = 0.5
"""How long the kernel may take to tell of the removal of a control group, where a container was killed."""
_KILLED = 137
_LINE = ("State", "Pid", "StartedAt", "ExitedAt", "ExitCode")


@frozen
class Holder:
    """The process that holds the namespaces of a sandbox.

    Attributes:
        pid: its id.
        status: the sandbox, as it is as long as this process lives.
        on_host_network: whether its network is that of Podman's machine.
    """

    pid: int
    status: SandboxStatus
    on_host_network: bool


class Observer:
    """Looks at containers and sandboxes.

    Args:
        client: the connection to Podman.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[tuple[Any, ...], ContainerStatus]] = {}
        self._made: dict[str, dict[str, Any]] = {}
        self._ready: dict[str, Holder] = {}
        self._failed: dict[str, tuple[str, datetime]] = {}
        self._oom_counters: dict[str, Path] = {}
        self._alarms: dict[str, Alarm] = {}
        self._out_of_memory: dict[str, Path] = {}
        self._user: dict[str, ProcessUser] = {}

    @functools.cached_property
    def local(self) -> bool:
        """Whether containers are processes of this machine, whose ids mean the same to us as to Podman."""
        return processes.serves_from_here(self._client.service.uri)

    @functools.cached_property
    def host_addresses(self) -> tuple[str, ...]:
        """The addresses of Podman's machine."""
        return machine_addresses(self._client.service.host)

    # Containers

    def inspect(self, container_id: str) -> dict[str, Any]:
        """The document of a container.

        Raises:
            ContainerNotFound: there is none.
        """
        answer = self._client.send(get(f"containers/{container_id}/json", f"look at container {container_id[:12]}"))
        document: dict[str, Any] = answer.json()
        return document

    def container(self, container_id: str) -> ContainerStatus:
        """One container.

        Raises:
            ContainerNotFound: there is none.
        """
        document = self.inspect(container_id)
        status = container_status(document)
        if self._has_died(status):
            self.note_end(status.id)
            status = self._agreed(status.id)
        elif status.state is ContainerState.EXITED:
            self.note_end(status.id)
        self._note_control_group(status.id, status.pid)
        if status.state is ContainerState.EXITED:
            self._ask_alarm(status)
        if status.started_at is not None:
            status = evolve(status, user=self._user_of(document))
        if status.id in self._out_of_memory and status.state is ContainerState.EXITED:
            return evolve(status, oom_killed=True)
        failure = self._failed.get(status.id)
        if failure is None or status.state is not ContainerState.CREATED:
            return status
        error, moment = failure
        return evolve(status, state=ContainerState.EXITED, exit_code=START_ERROR, error=error, finished_at=moment)

    def has_ended(self, container_id: str) -> bool:
        """Whether a container has ended, or is gone; Podman is given a moment to find out. For when something points to it."""
        deadline = time.monotonic() + _END_SECONDS
        pause, longest = _AGREE_POLL_SECONDS
        try:
            while self.container(container_id).state is ContainerState.RUNNING:
                if time.monotonic() > deadline:
                    return False
                time.sleep(pause)
                pause = min(pause * 1.5, longest)
        except ContainerNotFound:
            return True
        return True

    def containers(self, labels: Mapping[str, str]) -> list[ContainerStatus]:
        """All containers that carry these labels, but no infra containers."""
        return self._statuses(entry for entry in self._list(labels) if not entry.get("IsInfra"))

    def inventory(self, labels: Mapping[str, str]) -> tuple[list[SandboxStatus], list[ContainerStatus]]:
        """All sandboxes and containers that carry these labels: an infra container carries those of its pod."""
        listed = self._list(labels)
        sandboxes = []
        for entry in listed:
            if entry.get("IsInfra"):
                with contextlib.suppress(ContainerNotFound):
                    sandboxes.append(self._alive(entry["Pod"]) or self.sandbox(entry["Pod"]))
        return sandboxes, self._statuses(entry for entry in listed if not entry.get("IsInfra"))

    def _list(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        params = {"all": "true", "filters": label_filter(labels)}
        return self._client.send(get("containers/json", "list containers", params)).json() or []

    def _statuses(self, listed: Iterable[Mapping[str, Any]]) -> list[ContainerStatus]:
        found = []
        for entry in listed:
            with contextlib.suppress(ContainerNotFound):
                found.append(self._listed(entry))
        return found

    def failed_to_start(self, container_id: str, error: str) -> None:
        """Remember why a container could not be started: Podman itself forgets it before version 5, and never says when."""
        self._failed[container_id] = (error, datetime.now(UTC))

    def note_end(self, container_id: str) -> None:
        """A container has ended just now: see whether for lack of memory, before its control group is gone."""
        counter = self._oom_counters.pop(container_id, None)
        if counter is None:
            return
        if cgroup.has_killed(counter):
            self._out_of_memory[container_id] = counter
        elif not counter.exists():
            return  # it is too late to ask; maybe there is an alarm that has heard of it
        self._silence(container_id)

    def expect(self, container_id: str, pid: int) -> None:
        """A container is about to run, whose first process is this one: notice it from the beginning if it lacks memory."""
        self._note_control_group(container_id, pid)
        counter = self._oom_counters.get(container_id)
        alarm = alarm_for(counter) if counter is not None else None
        if alarm is not None:
            self._alarms[container_id] = alarm

    def _ask_alarm(self, status: ContainerStatus) -> None:
        alarm = self._alarms.pop(status.id, None)
        if alarm is not None:
            if alarm.has_rung_twice(_ALARM_SECONDS if status.exit_code == _KILLED else 0.0):
                self._out_of_memory[status.id] = cgroup.ROOT
            alarm.close()

    def _silence(self, container_id: str) -> None:
        alarm = self._alarms.pop(container_id, None)
        if alarm is not None:
            alarm.close()

    def close(self) -> None:
        """Listen to no control group any more."""
        for container_id in list(self._alarms):
            self._silence(container_id)

    def _user_of(self, document: Mapping[str, Any]) -> ProcessUser | None:
        """Whom a container has started as, which the document says by which Podman has had it started."""
        container_id = str(document["Id"])
        if container_id not in self._user and self.local:
            try:
                found = json.loads(Path(str(document.get("OCIConfigPath") or "")).read_bytes())["process"]["user"]
            except (OSError, ValueError, KeyError):
                return None
            self._user[container_id] = process_user(found)
        return self._user.get(container_id)

    def _note_control_group(self, container_id: str, pid: int) -> None:
        """Where a container that runs is in the kernel's eyes can be seen only while it runs."""
        if pid and self.local and container_id not in self._oom_counters:
            counter = cgroup.oom_counter(pid)
            if counter is not None:
                self._oom_counters[container_id] = counter
                cgroup.kill_together(counter)

    def forget_container(self, container_id: str) -> None:
        """A container has been removed."""
        self._oom_counters.pop(container_id, None)
        self._silence(container_id)
        self._out_of_memory.pop(container_id, None)
        self._user.pop(container_id, None)
        self._failed.pop(container_id, None)
        self._known.pop(container_id, None)

    def log_is_complete(self, container_id: str) -> Callable[[], bool]:
        """A question that can be asked often: whether a container will write no more."""
        pid, next_look = 0, 0.0

        def complete() -> bool:
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

        return complete

    def _listed(self, entry: Mapping[str, Any]) -> ContainerStatus:
        line = tuple(entry.get(key) for key in _LINE)
        known = self._known.get(entry["Id"])
        if known is not None and known[0] == line and not self._has_died(known[1]):
            return known[1]
        status = self.container(entry["Id"])
        if status.state.value == entry["State"] and status.state is not ContainerState.CREATED:
            self._known[status.id] = (line, status)
        return status

    def _has_died(self, status: ContainerStatus) -> bool:
        return status.state is ContainerState.RUNNING and status.pid > 0 and self.local and processes.ended(status.pid)

    def _agreed(self, container_id: str) -> ContainerStatus:
        """The status once Podman knows what the kernel knows; unknown if its monitor has died, so that it never will."""
        deadline = time.monotonic() + _AGREE_SECONDS
        pause, longest = _AGREE_POLL_SECONDS
        while True:
            monitor = int(self.inspect(container_id)["State"].get("ConmonPid") or 0)
            monitor_has_died = monitor > 0 and processes.ended(monitor)
            status = container_status(self.inspect(container_id))
            if not self._has_died(status) or time.monotonic() > deadline:
                return status
            if monitor_has_died:
                return evolve(status, state=ContainerState.UNKNOWN, pid=0)
            time.sleep(pause)
            pause = min(pause * 1.5, longest)

    # Sandboxes

    def sandbox(self, sandbox_id: str) -> SandboxStatus:
        """One sandbox.

        Raises:
            ContainerNotFound: there is none.
        """
        made = self._made.get(sandbox_id)
        if made is not None:
            with contextlib.suppress(ContainerNotFound):
                infra = self.inspect(infra_name(sandbox_id))
                return self._noted({**made, "Created": infra["Created"]}, infra)
        pod = self.pod(sandbox_id)
        return self._sandbox(pod, pod.get("InfraContainerID"))

    def made_sandbox(self, sandbox_id: str, config: SandboxConfig) -> None:
        """A sandbox has been made here, so that what does not change of it is known."""
        self._made[sandbox_id] = {"Id": sandbox_id, "Name": config.name, "Labels": dict(config.labels)}

    def sandboxes(self, labels: Mapping[str, str]) -> list[SandboxStatus]:
        """All sandboxes that carry these labels."""
        request = get("pods/json", "list sandboxes", {"filters": label_filter(labels)})
        return [self._sandbox(pod, pod.get("InfraId")) for pod in self._client.send(request).json() or ()]

    def pod(self, sandbox_id: str) -> dict[str, Any]:
        """The document of a pod.

        Raises:
            ContainerNotFound: there is none.
        """
        answer = self._client.send(get(f"pods/{sandbox_id}/json", f"look at sandbox {sandbox_id[:12]}"))
        document: dict[str, Any] = answer.json()
        return document

    def infra(self, sandbox_id: str) -> dict[str, Any]:
        """The document of the container that holds the namespaces of a pod.

        Raises:
            ContainerNotFound: there is none.
        """
        return self.inspect(str(self.pod(sandbox_id).get("InfraContainerID") or ""))

    def forget_sandbox(self, sandbox_id: str) -> None:
        """A sandbox has been removed with its containers."""
        self._made.pop(sandbox_id, None)
        self._ready.pop(sandbox_id, None)
        members = {status.id for _, status in list(self._known.values()) if status.sandbox_id == sandbox_id}
        groups = {**self._oom_counters, **self._out_of_memory}
        members |= {container_id for container_id, path in groups.items() if sandbox_id in str(path)}
        for container_id in members:
            self.forget_container(container_id)

    def _sandbox(self, pod: Mapping[str, Any], infra_id: str | None) -> SandboxStatus:
        if (known := self._alive(pod["Id"])) is not None:
            return known
        infra = None
        if infra_id:
            with contextlib.suppress(ContainerNotFound):
                infra = self.inspect(infra_id)
        return self._noted(pod, infra)

    def _alive(self, sandbox_id: str) -> SandboxStatus | None:
        """A sandbox stays as it is while its infra container runs, which can be seen where that is a process of this machine."""
        holder = self._ready.get(sandbox_id)
        return holder.status if holder is not None and not processes.ended(holder.pid) else None

    def holder(self, sandbox_id: str) -> Holder | None:
        """The process of this machine that holds a sandbox; None if there is none.

        Raises:
            ContainerNotFound: there is no such sandbox.
        """
        if self._alive(sandbox_id) is None:
            self.sandbox(sandbox_id)
        return self._ready.get(sandbox_id)

    def _noted(self, pod: Mapping[str, Any], infra: Mapping[str, Any] | None) -> SandboxStatus:
        status = sandbox_status(pod, infra, self.host_addresses)
        pid = int(infra["State"].get("Pid") or 0) if infra is not None else 0
        if infra is not None and status.ready and pid and self.local:
            self._ready[status.id] = Holder(pid, status, is_on_host_network(infra))
        else:
            self._ready.pop(status.id, None)
        return status
