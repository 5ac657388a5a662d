"""The ConfigMaps, Secrets and claims of a store as a kubelet sees them, and which Pods are to be looked at when one changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from podkit.kubelet.sources import references
from podkit.loop.control import ControlLoop
from podkit.model import ConfigMap, PersistentVolumeClaim, Pod, Secret
from podkit.store.base import Store

Source: TypeAlias = ConfigMap | Secret | PersistentVolumeClaim
"""What Pods refer to."""


class InformedSources:
    """Follows what Pods refer to; see `podkit.kubelet.sources.Sources`.

    Args:
        store: where it is.
        loop: the kubelet's loop, which follows it.
        look: lets the Pod with a uid be looked at, because something that it reads has changed.
        claim_changed: is told of each claim that is there after a change.
    """

    def __init__(
        self,
        store: Store,
        loop: ControlLoop[str],
        *,
        look: Callable[[str], None],
        claim_changed: Callable[[PersistentVolumeClaim], None],
    ) -> None:
        self._look = look
        self._claim_changed = claim_changed
        self._readers: dict[tuple[str, str, str], set[str]] = {}
        self._config_maps = loop.follow(lambda wake: store.watch(ConfigMap, wake=wake), self._changed)
        self._secrets = loop.follow(lambda wake: store.watch(Secret, wake=wake), self._changed)
        self._claims = loop.follow(lambda wake: store.watch(PersistentVolumeClaim, wake=wake), self._changed)

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """The ConfigMap of this name; None if there is none."""
        return self._config_maps.get(namespace, name)

    def secret(self, namespace: str, name: str) -> Secret | None:
        """The Secret of this name; None if there is none."""
        return self._secrets.get(namespace, name)

    def claim(self, namespace: str, name: str) -> PersistentVolumeClaim | None:
        """The claim for storage of this name; None if there is none."""
        return self._claims.get(namespace, name)

    def note_reader(self, pod: Pod, *, present: bool) -> None:
        """Remember, or forget, what a Pod reads."""
        for kind, name in references(pod):
            key = (kind, pod.metadata.namespace or "default", name)
            if present:
                self._readers.setdefault(key, set()).add(pod.metadata.uid or "")
            elif key in self._readers:
                self._readers[key].discard(pod.metadata.uid or "")
                if not self._readers[key]:
                    del self._readers[key]

    def _changed(self, old: Source | None, new: Source | None) -> None:
        source = new or old
        if source is None:
            return
        key = (type(source).__name__, source.metadata.namespace or "default", source.metadata.name or "")
        for uid in self._readers.get(key, ()):
            self._look(uid)
        if isinstance(new, PersistentVolumeClaim):
            self._claim_changed(new)
