"""What Podman's documents say, as podkit's plain data.

Only ``inspect`` tells the whole truth; lists are sparse. The functions here are pure. How Podman's states are read:

======================================  ==========================================================
Podman                                  podkit
======================================  ==========================================================
created, configured, initialized        created, or exited with code 128 if a start has failed
running, paused, stopping               running
stopped, exited, removing               exited
anything else                           unknown
======================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from podkit.runtime.base import ContainerState, ContainerStats, ContainerStatus, ImageStatus, ProcessUser, SandboxStatus

START_ERROR = 128
"""The exit code of a container that could not be started, as containerd reports it."""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_STATES = {
    "created": ContainerState.CREATED,
    "configured": ContainerState.CREATED,
    "initialized": ContainerState.CREATED,
    "running": ContainerState.RUNNING,
    "paused": ContainerState.RUNNING,
    "stopping": ContainerState.RUNNING,
    "stopped": ContainerState.EXITED,
    "exited": ContainerState.EXITED,
    "removing": ContainerState.EXITED,
}


def parse_time(text: str) -> datetime | None:
    """A time as Go prints it, up to nanoseconds; None for Go's zero time.

    Microseconds are what a `datetime` can hold; the rest is cut off.
    """
    moment = datetime.fromisoformat(text) if text else _NEVER
    return moment.astimezone(UTC) if moment.year > 1 else None


def container_status(inspected: Mapping[str, Any]) -> ContainerStatus:
    """The status of an inspected container."""
    state = inspected["State"]
    created_at = parse_time(inspected["Created"]) or _NEVER
    found = _STATES.get(state["Status"], ContainerState.UNKNOWN)
    started_at = parse_time(state.get("StartedAt") or "")
    # Podman 5 also notes there that somebody has tried to start it again
    error = state.get("Error") or "" if started_at is None else ""
    failed_to_start = found is ContainerState.CREATED and bool(error)
    finished_at, exit_code = None, None
    if failed_to_start:
        found, exit_code, finished_at = ContainerState.EXITED, START_ERROR, created_at
    elif found is ContainerState.EXITED:
        exit_code = int(state.get("ExitCode") or 0) & 0xFF
        finished_at = _not_before(parse_time(state.get("FinishedAt") or ""), started_at or created_at)
    return ContainerStatus(
        id=inspected["Id"],
        name=inspected["Name"],
        sandbox_id=inspected.get("Pod") or "",
        labels=(inspected.get("Config") or {}).get("Labels") or {},
        state=found,
        image=inspected.get("ImageName") or "",
        image_id=_image_id(inspected.get("Image") or ""),
        created_at=created_at,
        started_at=started_at,
        finished_at=finished_at,
        exit_code=exit_code,
        oom_killed=bool(state.get("OOMKilled")),
        error=error,
        pid=int(state.get("Pid") or 0) if found is ContainerState.RUNNING else 0,
    )


def process_user(described: Mapping[str, Any]) -> ProcessUser:
    """The user of a process, as the OCI specification describes it."""
    group = int(described.get("gid") or 0)
    groups = dict.fromkeys([group, *sorted(map(int, described.get("additionalGids") or ()))])
    return ProcessUser(int(described.get("uid") or 0), group, tuple(groups))


def _not_before(moment: datetime | None, earliest: datetime) -> datetime:
    """Podman takes the end from the time of a file, which can lie some milliseconds before the start that it recorded."""
    return earliest if moment is None else max(moment, earliest)


def sandbox_status(listed: Mapping[str, Any], infra: Mapping[str, Any] | None, host: tuple[str, ...]) -> SandboxStatus:
    """The status of a pod.

    Args:
        listed: the pod, from a list or inspected.
        infra: its infra container, inspected; None if it is gone.
        host: the machine's addresses, which a pod on its network has.
    """
    running = infra is not None and infra["State"]["Status"] == "running"
    return SandboxStatus(
        id=listed["Id"],
        name=listed["Name"],
        labels=listed.get("Labels") or {},
        ready=running,
        ips=_addresses(infra, host) if running and infra is not None else (),
        created_at=parse_time(listed["Created"]) or _NEVER,
    )


def is_on_host_network(infra: Mapping[str, Any]) -> bool:
    """Whether a pod is on the network of its machine, by its infra container."""
    return (infra.get("HostConfig") or {}).get("NetworkMode") == "host"


def _addresses(infra: Mapping[str, Any], host: tuple[str, ...]) -> tuple[str, ...]:
    if is_on_host_network(infra):
        return host
    networks = ((infra.get("NetworkSettings") or {}).get("Networks") or {}).values()
    families = ("IPAddress", "GlobalIPv6Address")
    return tuple(network[family] for family in families for network in networks if network.get(family))


def image_status(inspected: Mapping[str, Any]) -> ImageStatus:
    """The status of an inspected image."""
    config = inspected.get("Config") or {}
    return ImageStatus(
        id=_image_id(inspected["Id"]),
        tags=tuple(inspected.get("RepoTags") or ()),
        digests=tuple(inspected.get("RepoDigests") or ()),
        size=int(inspected.get("Size") or 0),
        user=config.get("User") or inspected.get("User") or "",
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        env=dict(variable.partition("=")[::2] for variable in config.get("Env") or ()),
        working_dir=config.get("WorkingDir") or "",
        stop_signal=config.get("StopSignal") or "",
    )


def _image_id(hexadecimal: str) -> str:
    return f"sha256:{hexadecimal}" if hexadecimal and ":" not in hexadecimal else hexadecimal


def container_stats(reported: Mapping[str, Any]) -> ContainerStats:
    """The use of one container, as ``containers/stats`` reports it."""
    return ContainerStats(
        cpu_seconds=int(reported.get("CPUNano") or 0) / 1e9,
        memory_bytes=int(reported.get("MemUsage") or 0),
        processes=int(reported.get("PIDs") or 0),
    )
