"""Whether a container has started, is ready, and, when it has ended, is to be started again.

The kubelet's `ShouldContainerBeRestarted` (`pkg/kubelet/container/helpers.go`) and `pkg/api/v1/pod/util.go`: rules of the
container first, then its own policy, then the Pod's. A restartable init container (a sidecar) always restarts.
"""

from __future__ import annotations

import hashlib
import json

from podkit.kubelet.memory import PodMemory
from podkit.kubelet.probes import ProbeKind, initial_verdict, probe_of
from podkit.model import Container, ContainerRestartRule, Pod
from podkit.runtime.base import ContainerState, ContainerStatus

LOST_EXIT_CODE = 137
"""What counts as the exit code of a container that was lost while it ran."""


def restart_policy(pod: Pod, container: Container) -> str:
    """The policy that holds for a container: its own, else the Pod's."""
    return container.restart_policy or pod.spec.restart_policy or "Always"


def identity(container: Container) -> str:
    """A hash of what makes a running container another one when it changes: its name and its image."""
    text = json.dumps([container.name, container.image])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def backoff_key(container: Container) -> str:
    """What a back-off belongs to: a changed image or changed resources start a fresh one (`kuberuntime/helpers.go`)."""
    resources = container.resources
    limits = sorted(resources.limits.items()) if resources else []
    requests = sorted(resources.requests.items()) if resources else []
    return json.dumps([container.name, container.image, limits, requests])


def should_restart(pod: Pod, container: Container, ended: ContainerStatus) -> bool:
    """Whether this container, which has ended so, is to be started again."""
    return restarts_after(pod, container, ended.exit_code if ended.exit_code is not None else 255)


def restarts_after(pod: Pod, container: Container, exit_code: int) -> bool:
    """Whether this container is to be started again after an end with this exit code."""
    if rule_after(container, exit_code) is not None:
        return True  # by itself, or with all others
    policy = restart_policy(pod, container)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def rule_after(container: Container, exit_code: int) -> ContainerRestartRule | None:
    """The first rule of a container that says what happens after an end with this exit code."""
    return next((rule for rule in container.restart_policy_rules if _matches(rule, exit_code)), None)


def is_done(pod: Pod, container: Container, newest: ContainerStatus | None, memory: PodMemory) -> bool:
    """Whether a container has ended and stays so.

    One that was ended because its definition has changed starts again whatever its policy, one that was ended because of a
    probe whatever its exit code, unless its policy is ``Never``.
    """
    if newest is None:
        return is_lost_for_good(pod, container)
    if newest.state is not ContainerState.EXITED or newest.id in memory.replaced:
        return False
    if newest.id in memory.probe_kills:
        return restart_policy(pod, container) == "Never"
    return not should_restart(pod, container, newest)


def is_lost_for_good(pod: Pod, container: Container) -> bool:
    """Whether a container that the engine does not have (any more) is not to be made again.

    That is so if the Pod's status says that it has run, and its policy would not start it again after the end that the status
    tells of; one that ran when it was lost counts as killed (`convertToAPIContainerStatuses`, `getPhase`).
    """
    state = next((status.state for status in pod.status.container_statuses if status.name == container.name), None)
    if state is None or (state.terminated is None and state.running is None):
        return False
    return not restarts_after(pod, container, state.terminated.exit_code if state.terminated else LOST_EXIT_CODE)


def has_started(container: Container, newest: ContainerStatus, memory: PodMemory) -> bool:
    """Whether a container runs, its postStart hook is through, and its startup probe, if it has one, has succeeded."""
    if newest.state is not ContainerState.RUNNING or (newest.id in memory.post_starts and _not_through(newest, memory)):
        return False
    return container.startup_probe is None or _verdict(container, ProbeKind.STARTUP, newest, memory) is True


def is_ready(container: Container, newest: ContainerStatus, memory: PodMemory) -> bool:
    """Whether a container that is no init container has started, and its readiness probe, if it has one, has succeeded."""
    if not has_started(container, newest, memory):
        return False
    return container.readiness_probe is None or _verdict(container, ProbeKind.READINESS, newest, memory) is True


def condemned_by(container: Container, running: ContainerStatus, memory: PodMemory) -> ProbeKind | None:
    """The probe because of which a container is to be ended; None when none is."""
    for kind in (ProbeKind.LIVENESS, ProbeKind.STARTUP):
        if probe_of(container, kind) is not None and _verdict(container, kind, running, memory) is False:
            return kind
    return None


def _not_through(newest: ContainerStatus, memory: PodMemory) -> bool:
    return memory.post_start_runs(newest.id) or bool(memory.post_start_error(newest.id))


def _verdict(container: Container, kind: ProbeKind, newest: ContainerStatus, memory: PodMemory) -> bool | None:
    state = memory.probes.get((container.name, kind))
    return state.verdict if state is not None and state.container_id == newest.id else initial_verdict(kind)


def _matches(rule: ContainerRestartRule, exit_code: int) -> bool:
    condition = rule.exit_codes
    if condition is None:
        return False
    return (exit_code in condition.values) == (condition.operator == "In")
