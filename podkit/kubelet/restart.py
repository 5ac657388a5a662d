"""Whether a container that has ended is to be started again.

The kubelet's `ShouldContainerBeRestarted` (`pkg/kubelet/container/helpers.go`) and `pkg/api/v1/pod/util.go`: rules of the
container first, then its own policy, then the Pod's. A restartable init container (a sidecar) always restarts.
"""

from __future__ import annotations

import hashlib
import json

from podkit.kubelet.observation import spec_hash
from podkit.model import Container, ContainerRestartRule, Pod
from podkit.runtime.base import ContainerState, ContainerStatus


def is_sidecar(container: Container) -> bool:
    """Whether an init container is one that goes on running beside the main containers."""
    return container.restart_policy == "Always"


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
    if spec_hash(ended) not in ("", identity(container)):
        return True
    exit_code = ended.exit_code if ended.exit_code is not None else 255
    for rule in container.restart_policy_rules:
        if _matches(rule, exit_code):
            return rule.action == "Restart"
    policy = restart_policy(pod, container)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def is_done(pod: Pod, container: Container, newest: ContainerStatus | None) -> bool:
    """Whether a container has ended and stays so."""
    return newest is not None and newest.state is ContainerState.EXITED and not should_restart(pod, container, newest)


def _matches(rule: ContainerRestartRule, exit_code: int) -> bool:
    condition = rule.exit_codes
    if condition is None:
        return False
    return (exit_code in condition.values) == (condition.operator == "In")
