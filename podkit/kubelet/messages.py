"""What a container that has ended left as its termination message (`kuberuntime_container.go` `getTerminationMessage`)."""

from __future__ import annotations

from podkit.errors import PodkitError
from podkit.kubelet import container as containers
from podkit.kubelet.observation import attempt_of, container_name
from podkit.kubelet.services import NodeServices
from podkit.model import Pod
from podkit.runtime.base import ContainerStatus

FALLBACK_LINES = 80
FALLBACK_BYTES = 2048
"""How much of the log stands in for the message that a failed container did not write."""


def termination_message(services: NodeServices, pod: Pod, ended: ContainerStatus) -> str:
    """The end of its message file; where that is empty, and its policy says so, the end of the log of a failure."""
    name = container_name(ended)
    message = services.files.message(pod.metadata.uid or "", name, attempt_of(ended))
    falls_back = containers.find(pod, name).termination_message_policy == "FallbackToLogsOnError"
    if message or ended.exit_code == 0 or not falls_back or ended.started_at is None:
        return message
    try:
        log = b"".join(entry.content for entry in services.runtime.logs(ended.id, tail=FALLBACK_LINES))
    except PodkitError as error:  # a message is never worth keeping a Pod from its end
        return f"Error on reading the log: {error}"
    return log[-FALLBACK_BYTES:].decode(errors="replace")
