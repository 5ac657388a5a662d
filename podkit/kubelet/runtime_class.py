"""Whether this node has the runtime that a Pod's runtime class asks for.

Podman runs all containers of a service under one OCI runtime, which cannot be chosen for a single container over its API (up to
version 5). So a node has one handler. For another one, start another service (``podman --runtime kata system service``) and make
it a node of its own.

Source of the rules: ``pkg/kubelet/runtimeclass/runtimeclass_manager.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.errors import NotFound, RuntimeFailed
from podkit.model import Pod, RuntimeClass
from podkit.store.base import Store


def require_handler(pod: Pod, store: Store, handlers: Sequence[str]) -> None:
    """See that the node has the runtime of a Pod.

    Args:
        pod: the Pod.
        store: where its runtime class is.
        handlers: the OCI runtimes of the node.

    Raises:
        RuntimeFailed: it has not, or the runtime class is gone; the message names those that it has.
    """
    name = pod.spec.runtime_class_name
    if not name:
        return
    try:
        handler = store.get(RuntimeClass, name).handler
    except NotFound:
        raise RuntimeFailed(f'failed to get sandbox runtime: RuntimeClass "{name}" not found') from None
    if handler not in handlers:
        raise RuntimeFailed(
            f'failed to get sandbox runtime: no runtime for "{handler}" (RuntimeClass "{name}") is configured; '
            f"this node has {', '.join(handlers) or 'none that has a name'}"
        )
