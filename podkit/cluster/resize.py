"""Changing what a container of a running Pod may use."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.cluster.target import Reference
from podkit.errors import PodkitError
from podkit.model.pod import Pod
from podkit.store.base import Store


def resize(
    store: Store,
    pod: Reference,
    container: str,
    requests: Mapping[str, str] | None,
    limits: Mapping[str, str] | None,
) -> Pod:
    """Change requests and limits of a container; those that are not given stay.

    Raises:
        NotFound: there is no such Pod.
        ValidationError: an API server would refuse the change.
        PodkitError: the Pod has no such container, or there is nothing to change.
    """
    namespace = pod.namespace or "default"
    found = store.get(Pod, pod.name, namespace=namespace)
    lists = {"containers": found.spec.containers, "initContainers": found.spec.init_containers}
    field = next((name for name, there in lists.items() if any(one.name == container for one in there)), None)
    if field is None:
        names = ", ".join(one.name for there in lists.values() for one in there)
        raise PodkitError(f"{pod} has no container {container!r} that could be resized; it has {names}")
    if not requests and not limits:
        raise PodkitError(f"there is nothing to resize in container {container!r} of {pod}: give requests or limits")
    resources = {key: dict(given) for key, given in (("requests", requests), ("limits", limits)) if given}
    patch = {
        "metadata": {"uid": pod.uid or found.metadata.uid},
        "spec": {field: [{"name": container, "resources": resources}]},
    }
    resized: Pod = store.patch(Pod, pod.name, patch, namespace=namespace, subresource="resize")
    return resized
