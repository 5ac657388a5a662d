"""Mirror Pods: how a store shows the static Pods of a node.

A static Pod comes from a file of its node, and only its kubelet knows it. In the store there is a view of it, the mirror Pod, which
has a uid of its own; its annotations name the uid under which the Pod runs.

Source of the rules: ``pkg/kubelet/types/pod_update.go``, ``pkg/kubelet/pod/mirror_client.go``.
"""

from __future__ import annotations

from podkit.model.pod import Pod

MIRROR = "kubernetes.io/config.mirror"
"""The annotation that marks a mirror Pod; like `HASH`, it says the uid of the static Pod."""
HASH = "kubernetes.io/config.hash"
SOURCE = "kubernetes.io/config.source"
"""The annotation that says where a static Pod comes from: ``file``."""
SEEN = "kubernetes.io/config.seen"
"""The annotation that says when its kubelet saw it first."""


def is_mirror(pod: Pod) -> bool:
    """Whether a Pod is only the view of a static one."""
    return MIRROR in pod.metadata.annotations


def is_static(pod: Pod) -> bool:
    """Whether a Pod comes from a file of its node, or is the view of one that does."""
    return SOURCE in pod.metadata.annotations and HASH in pod.metadata.annotations


def uid_on_node(pod: Pod) -> str:
    """The uid under which a Pod runs on its node; that of a mirror Pod is the static Pod's."""
    return pod.metadata.annotations.get(MIRROR) or pod.metadata.uid or ""
