"""Which container of a Pod is meant, and where the container engine has it.

A Pod's status says the id of each of its containers, and its spec the node; with the node's runtime that is all that is needed to
read logs, or to run a command in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from podkit.admission.mirror_pods import uid_on_node
from podkit.errors import ExecFailed, PodkitError
from podkit.kubelet.restart import restarts_after
from podkit.model.container import Container, EphemeralContainer
from podkit.model.container_status import ContainerStatus
from podkit.model.pod import Pod
from podkit.model.pod_containers import all_container_statuses, find_container, is_sidecar
from podkit.model.pod_state import is_active
from podkit.runtime.base import CONTAINER_NAME, POD_UID, Runtime
from podkit.runtime.base import ContainerState as EngineState

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""The annotation by which a Pod says which of its containers is usually meant."""


@frozen
class Place:
    """A container in an engine.

    Attributes:
        runtime: the engine.
        container_id: the engine's id of it.
        pod: the Pod.
        container: its name in the Pod.
    """

    runtime: Runtime
    container_id: str
    pod: Pod
    container: str


@frozen
class Way:
    """The way to a port of a Pod.

    Attributes:
        runtime: the engine.
        sandbox_id: the engine's id of the Pod's sandbox.
        port: the port inside.
    """

    runtime: Runtime
    sandbox_id: str
    port: int


class ContainerFinder:
    """Finds containers of Pods in the engines of a cluster.

    Args:
        runtimes: by the name of the node, its engine.
    """

    def __init__(self, runtimes: Mapping[str, Runtime]) -> None:
        self._runtimes = runtimes

    def with_log(self, pod: Pod, container: str | None, *, previous: bool = False) -> Place:
        """The container whose log is asked for.

        Args:
            pod: the Pod, with its status.
            container: its name; None: the usual one.
            previous: whether the run before the present one is meant.

        Raises:
            PodkitError: there is no such container, or it has not run yet.
        """
        name = choose(pod, container)
        identifier = _previous_id(pod, name) if previous else _current_id(pod, name)
        return Place(self._runtime(pod), identifier, pod, name)

    def next_attempt(self, pod: Pod, last: Place) -> Place | None:
        """The container that has come after this one, of the same name in the same Pod; None: there is none yet."""
        status = _status(pod, last.container)
        if status is None or status.container_id is None or _plain_id(status.container_id) == last.container_id:
            return None
        return evolve(last, container_id=_plain_id(status.container_id), pod=pod)

    def running(self, pod: Pod, container: str | None) -> Place:
        """The container in which something is to be done.

        One whose postStart hook has not ended yet runs too, though its Pod's status does not say so before.

        Raises:
            PodkitError: there is no such container.
            ExecFailed: it does not run.
        """
        name = choose(pod, container)
        status = _status(pod, name)
        if status is not None and status.container_id and status.state is not None and status.state.running is not None:
            return Place(self._runtime(pod), _plain_id(status.container_id), pod, name)
        identifier = self._unreported(pod, name) if pod.spec.node_name else None
        if identifier is None:
            raise ExecFailed(f"container {name!r} of {_called(pod)} does not run: {_what_it_does(pod, status)}")
        return Place(self._runtime(pod), identifier, pod, name)

    def _unreported(self, pod: Pod, name: str) -> str | None:
        """The id of a container that runs in the engine, while the Pod's status does not say so."""
        found = self._runtime(pod).containers({POD_UID: uid_on_node(pod), CONTAINER_NAME: name})
        return next((one.id for one in found if one.state is EngineState.RUNNING), None)

    def way(self, pod: Pod, port: int | str) -> Way:
        """How to get to a port of a Pod.

        Raises:
            PodkitError: the Pod does not run, or has no port of that name.
        """
        number = port_number(pod, port)
        if pod.status.phase != "Running":
            raise PodkitError(
                f"unable to forward port because {_called(pod)} is not running. Current status={pod.status.phase}"
            )
        runtime = self._runtime(pod)
        ready = [sandbox for sandbox in runtime.sandboxes({POD_UID: uid_on_node(pod)}) if sandbox.ready]
        if not ready:
            raise PodkitError(f"unable to forward port because {_called(pod)} has no network at the moment")
        return Way(runtime, max(ready, key=lambda sandbox: sandbox.created_at).id, number)

    def _runtime(self, pod: Pod) -> Runtime:
        node = pod.spec.node_name or ""
        if node not in self._runtimes:
            raise PodkitError(f"{_called(pod)} runs on node {node!r}, which is no node of this cluster")
        return self._runtimes[node]


def port_number(pod: Pod, port: int | str) -> int:
    """A port by its number, or by its name among the ports of a Pod's containers.

    Raises:
        PodkitError: there is none of that name, or no such number.
    """
    if isinstance(port, str) and not port.isdigit():
        known = [one for container in [*pod.spec.containers, *pod.spec.init_containers] for one in container.ports]
        found = next((one.container_port for one in known if one.name == port), None)
        if found is None:
            names = ", ".join(one.name for one in known if one.name) or "none"
            raise PodkitError(f"{_called(pod)} has no port named {port!r}; its named ports: {names}")
        return found
    if not 0 < int(port) < 65536:
        raise PodkitError(f"a port is a number from 1 to 65535, not {port}")
    return int(port)


def starts_again(pod: Pod, name: str) -> bool:
    """Whether there may come another container after the one that has ended, by the Pod's status or its restart policy."""
    if not is_active(pod):
        return False
    spec, status = find_container(pod.spec, name), _status(pod, name)
    if isinstance(spec, EphemeralContainer):
        return False
    ended = status.state.terminated if status is not None and status.state is not None else None
    if ended is None:
        return True
    initial = any(one.name == name for one in pod.spec.init_containers) and not is_sidecar(spec)
    return restarts_after(pod, spec, ended.exit_code) and not (initial and ended.exit_code == 0)


def choose(pod: Pod, container: str | None) -> str:
    """The name of the container that is meant: the one that is named, else the one that the Pod itself says, else the first.

    Raises:
        PodkitError: the Pod has none of that name.
    """
    names = names_of(pod)
    wanted = container or pod.metadata.annotations.get(DEFAULT_CONTAINER)
    if wanted in names and wanted is not None:
        return wanted
    if container is not None:
        raise PodkitError(f"{_called(pod)} has no container {container!r}; it has {', '.join(names)}")
    return names[0]


def names_of(pod: Pod) -> list[str]:
    """The names of all containers of a Pod, the first of the usual ones first."""
    spec = pod.spec
    everything: list[Container | EphemeralContainer] = [
        *spec.containers,
        *spec.init_containers,
        *spec.ephemeral_containers,
    ]
    return [one.name for one in everything]


def _current_id(pod: Pod, name: str) -> str:
    status = _status(pod, name)
    if status is None or status.container_id is None:
        raise PodkitError(
            f"container {name!r} in pod {pod.metadata.name!r} is waiting to start: {_what_it_does(pod, status)}"
        )
    return _plain_id(status.container_id)


def _previous_id(pod: Pod, name: str) -> str:
    status = _status(pod, name)
    last = status.last_state.terminated if status is not None and status.last_state is not None else None
    if last is None or last.container_id is None:
        raise PodkitError(f"previous terminated container {name!r} in pod {pod.metadata.name!r} not found")
    return _plain_id(last.container_id)


def _status(pod: Pod, name: str) -> ContainerStatus | None:
    return next((one for one in all_container_statuses(pod.status) if one.name == name), None)


def _what_it_does(pod: Pod, status: ContainerStatus | None) -> str:
    """The reason of its state, in a word or two."""
    state = status.state if status is not None else None
    if state is not None and state.terminated is not None:
        return f"it has ended with exit code {state.terminated.exit_code}"
    if state is not None and state.waiting is not None:
        return state.waiting.reason or "ContainerCreating"
    return "the pod is not scheduled yet" if pod.spec.node_name is None else "ContainerCreating"


def _plain_id(container_id: str) -> str:
    """The engine's own id out of ``podman://<id>``."""
    return container_id.partition("://")[2] or container_id


def _called(pod: Pod) -> str:
    return f"pod {pod.metadata.name!r}"
