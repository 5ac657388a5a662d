"""Making and deleting Pods for a controller, each of which is then awaited: the informer may show it later than the next look.

Source of the rules: ``pkg/controller/controller_utils.go`` (RealPodControl).
"""

from __future__ import annotations

from podkit.controllers.controller import ObjectKey
from podkit.controllers.expectations import Expectations
from podkit.controllers.failures import Failures
from podkit.errors import NotFound, PodkitError
from podkit.loop.informer import Informer, object_key
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.store.base import EventSink, Store


class PodControl:
    """Makes and deletes Pods, and reports it about their owner.

    Args:
        store: where they are.
        pods: the controller's view of them.
        awaited: what the controller has done and does not see yet, by the key of the owner.
        report: where Events go.
    """

    def __init__(self, store: Store, pods: Informer[Pod], awaited: Expectations, report: EventSink) -> None:
        self._store = store
        self._pods = pods
        self._awaited = awaited
        self._report = report

    def create(self, key: ObjectKey, owner: KubernetesObject, new: Pod, failed: Failures) -> None:
        """Make a Pod; that it is refused is noted among the failures."""
        try:
            pod = self._store.create(new)
        except PodkitError as error:
            failed.add(error)
            self._report(owner, "FailedCreate", f"Error creating: {error}", type="Warning")
            return
        if self._pods.get(*object_key(pod)) is None:
            self._awaited.expect(key, pod.metadata.uid or "")
        self._report(owner, "SuccessfulCreate", f"Created pod: {pod.metadata.name}")

    def delete(self, key: ObjectKey, owner: KubernetesObject, pod: Pod, failed: Failures) -> None:
        """Delete a Pod; that it is gone already is as good."""
        meta = pod.metadata
        self._awaited.expect(key, meta.uid or "")
        try:
            self._store.delete(Pod, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
        except NotFound:
            self._awaited.observe(key, meta.uid or "")
        except PodkitError as error:
            self._awaited.observe(key, meta.uid or "")
            failed.add(error)
            self._report(owner, "FailedDelete", f"Error deleting: {error}", type="Warning")
        else:
            self._report(owner, "SuccessfulDelete", f"Deleted pod: {meta.name}")
