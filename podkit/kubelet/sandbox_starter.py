"""Makes the sandbox of one Pod, and the volumes that have to be there before it.

`kuberuntime_sandbox.go` `createPodSandbox`. What goes wrong is told as an event and remembered as a failure with a time for the
next try; nothing here raises because of a Pod.
"""

from __future__ import annotations

from functools import partial

from podkit.errors import PodkitError
from podkit.kubelet import container as containers
from podkit.kubelet import user_namespaces
from podkit.kubelet.filesystem import VolumeError
from podkit.kubelet.memory import Failure, PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.plan import RunSandbox
from podkit.kubelet.runtime_class import require_handler
from podkit.kubelet.services import NodeServices
from podkit.kubelet.shortcomings import Shortcomings
from podkit.kubelet.starter import RETRY_AFTER, ContainerStarter
from podkit.model import Pod
from podkit.runtime.base import USER_NAMESPACE


class SandboxStarter:
    """Makes the sandboxes of one Pod.

    Args:
        uid: the Pod's uid.
        services: what it works with.
        memory: what is remembered of the Pod.
        starter: starts the Pod's containers, and looks ahead for the first.
        shortcomings: what of the Pod is not honoured here.
    """

    def __init__(
        self,
        uid: str,
        services: NodeServices,
        memory: PodMemory,
        starter: ContainerStarter,
        shortcomings: Shortcomings,
    ) -> None:
        self._uid = uid
        self._node = services
        self._memory = memory
        self._starter = starter
        self._shortcomings = shortcomings

    def start(self, pod: Pod, action: RunSandbox, observed: ObservedPod) -> ObservedPod:
        """Make the Pod's volumes and one attempt of its sandbox; what the engine then has."""
        try:
            self._node.volumes.set_up(pod, self._node.payloads(pod))
        except VolumeError as error:
            return self._failed(pod, "FailedMount", str(error), observed)
        try:
            require_handler(pod, self._node.store, self._node.engine.runtime_handlers)
            config = containers.sandbox_config(
                pod,
                action.attempt,
                self._node.labels,
                self._node.files.machine_resolver(),
                self._node.access.name_server(pod),
                pids_limit=self._node.pids_limit,
                user_namespace=self._user_namespace(pod),
            )
            self._memory.made_ahead = None
            look_ahead = partial(self._starter.look_ahead, pod, new=not observed.containers and not _has_run(pod))
            sandbox_id = self._node.runtime.run_sandbox(config, look_ahead)
            sandbox = self._node.runtime.sandbox(sandbox_id)
            self._node.access.connect(pod, sandbox_id)
        except PodkitError as error:
            message = f"Failed to create pod sandbox: {error}"
            return self._failed(pod, "FailedCreatePodSandBox", message, observed)
        self._memory.sandbox_failure = None
        self._memory.addresses = sandbox.ips
        if action.attempt == 0:
            self._warn(pod)
        observed = observed.with_sandbox(sandbox)
        ahead = self._memory.made_ahead
        return observed.with_container(ahead.status) if ahead is not None else observed

    def _user_namespace(self, pod: Pod) -> int | None:
        """The first user of the machine that belongs to a Pod with a user namespace; None: it has none."""
        if pod.spec.host_users is not False:
            return None
        labels = [sandbox.labels for sandbox in self._node.runtime.sandboxes({})]
        taken = {int(found[USER_NAMESPACE]) for found in labels if USER_NAMESPACE in found}
        return user_namespaces.choose(self._uid, taken)

    def _warn(self, pod: Pod) -> None:
        """Tell what of a Pod that is about to run for the first time will not happen."""
        for found in self._shortcomings.of(pod):
            self._node.report(pod, found.reason, f"{found.path}: {found.message}", type="Warning")

    def _failed(self, pod: Pod, reason: str, message: str, observed: ObservedPod) -> ObservedPod:
        self._node.report(pod, reason, message, type="Warning")
        self._memory.sandbox_failure = Failure(reason, message, self._node.clock.now() + RETRY_AFTER)
        return observed


def _has_run(pod: Pod) -> bool:
    """Whether a Pod has had containers, also where the engine has lost them all."""
    known = [*pod.status.init_container_statuses, *pod.status.container_statuses]
    return any(status.container_id or status.last_state is not None for status in known)
