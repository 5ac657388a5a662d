"""The kubelet: follows the Pods that are bound to its node, and gives each a worker.

Three things make it look at a Pod: the store says that the Pod, or a ConfigMap or Secret that it reads, has changed; the
container engine says that something has happened to one of its containers; or its last sync asked for it. Beside that it
lists everything in the engine every few seconds, because events can be lost (the kubelet's PLEG relist). All of that ends in
one queue of Pod uids, from which a few threads work, never two on one Pod.

Everything that it makes in the engine carries the node's labels; a kubelet that is started over the same root directory and
store finds it again, goes on with what is still wanted, and removes the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podkit.admission.mirror_pods import is_mirror, uid_on_node
from podkit.admission.pod_resources import Amounts, pod_requests
from podkit.errors import PodkitError
from podkit.kubelet.actions import Actions
from podkit.kubelet.changes import differs
from podkit.kubelet.conditions import is_given_up
from podkit.kubelet.downward import NodeFacts
from podkit.kubelet.eviction import EvictionConfig, EvictionManager
from podkit.kubelet.eviction.manager import PERIOD as EVICTION_PERIOD
from podkit.kubelet.eviction.meter import Meter
from podkit.kubelet.files import PodFiles
from podkit.kubelet.filesystem import EngineFilesystem, LocalFilesystem, NodeFilesystem, Owners
from podkit.kubelet.hooks import Hooks
from podkit.kubelet.images import ImageManager
from podkit.kubelet.informed_sources import InformedSources
from podkit.kubelet.measures import NodeMeasures, Stopwatch
from podkit.kubelet.memory import Eviction
from podkit.kubelet.network import Directory, InformedDirectory, ServiceAccess
from podkit.kubelet.network.directory import NAMESPACE
from podkit.kubelet.node_keeper import HEARTBEAT_PERIOD, NodeKeeper
from podkit.kubelet.observation import signatures
from podkit.kubelet.outlet import StoredPods
from podkit.kubelet.removal import remove_everything
from podkit.kubelet.resize import given
from podkit.kubelet.root import Root
from podkit.kubelet.services import NodeServices
from podkit.kubelet.static import StaticPods
from podkit.kubelet.static.manifests import Manifests
from podkit.kubelet.static.mirrors import Mirrors
from podkit.kubelet.static.notice import Notice
from podkit.kubelet.tasks import InlineTasks, Tasks, ThreadTasks
from podkit.kubelet.tokens import TokenIssuer
from podkit.kubelet.volumes import ClaimVolumes, VolumeManager
from podkit.kubelet.worker import PodWorker
from podkit.log import about
from podkit.loop.clock import Clock, SystemClock, VirtualClock
from podkit.loop.control import ControlLoop
from podkit.loop.informer import OpenWatch
from podkit.loop.watch import T
from podkit.model import Node, PersistentVolumeClaim, Pod, Service
from podkit.model.meta import KubernetesObject
from podkit.runtime.base import (
    NODE,
    NODE_ROOT,
    POD_UID,
    Closeable,
    EventType,
    Runtime,
    RuntimeEvent,
)
from podkit.store.base import Store
from podkit.store.memory import MemoryStore
from podkit.store.recorder import EventRecorder

RELIST = "relist"
"""The key under which the queue holds the relist, which belongs to no Pod."""
CLAIM = "claim "
"""What the keys begin with under which the queue holds claims whose data is to be removed."""
EVICTION = "eviction"
"""The key under which the queue holds the look at what Pods use of the node."""
HEARTBEAT = "heartbeat"
"""The key under which the queue holds the next sign of life."""
SERVICES = "services"
"""The key under which the queue holds the addresses of Services, to which others lead now."""
STATIC = "static"
"""The key under which the queue holds the reading of the directory with static Pods."""
READ_PERIOD = 20.0
"""Seconds between two looks at that directory, when changes of it are noticed too (`fileCheckFrequency`)."""
READ_PERIOD_UNNOTICED = 1.0
"""Seconds between two looks at it when they are not."""
RELIST_PERIOD = 5.0
"""Seconds between two lists of everything in the engine. A kubelet that gets no events does it each second."""


class Kubelet:
    """Runs the Pods of one node.

    Args:
        node_name: the name of the node.
        runtime: the container engine. It stays the caller's: whoever made it closes it.
        store: where Pods are, and where their status goes. Default: one of its own, in memory, which is enough for static Pods.
        root_dir: the directory in which the node keeps the files of its Pods; it belongs to this kubelet alone. By it the next
            kubelet finds again what this one has left running. Default: a private one.
        clock: what time it is. Default: that of a simulated engine, else the machine's. With a `VirtualClock` nothing is done in
            threads: use `step`.
        static_pod_path: a directory whose files are Pods that this node runs whatever the store says, or one such file. It
            is read again when it changes (at once with the extra ``podkit[static-pods]``, else within a second).
        allowed_unsafe_sysctls: the sysctls that Pods may set beside the safe ones; ``net.core.*`` stands for all that begin so.
        workers: how many Pods are worked on at the same time.
        eviction: when Pods are evicted because the node is short of something; see `EvictionConfig`.
        pod_pids_limit: how many processes and threads a Pod may have (``podPidsLimit``); None: as many as its containers.

    Example:
        A tool that embeds a kubelet over a store of its own::

            kubelet = Kubelet("node-1", PodmanRuntime(), store, root_dir=Path("/var/lib/mytool"))
            kubelet.start()
            ...
            kubelet.stop()
    """

    def __init__(
        self,
        node_name: str,
        runtime: Runtime,
        store: Store | None = None,
        *,
        root_dir: str | os.PathLike[str] | None = None,
        static_pod_path: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
        allowed_unsafe_sysctls: Sequence[str] = (),
        workers: int = 4,
        eviction: EvictionConfig | None = None,
        pod_pids_limit: int | None = None,
    ) -> None:
        self.node_name = node_name
        self._allowed_unsafe_sysctls = allowed_unsafe_sysctls
        self._runtime = runtime
        self._clock = clock or getattr(runtime, "clock", None) or SystemClock()
        self._owns_store = store is None
        self._store: Store = store if store is not None else MemoryStore(self._clock)
        self._info = runtime.info()
        self._root = Root(root_dir)
        self._labels = {NODE: node_id(self._root.path), NODE_ROOT: str(self._root.path)}
        self._filesystem = self._make_filesystem()
        self._tasks: Tasks = InlineTasks() if isinstance(self._clock, VirtualClock) else ThreadTasks()
        self._loop: ControlLoop[str] = ControlLoop(
            f"kubelet-{node_name}", self._reconcile, clock=self._clock, workers=workers, fields=self._fields
        )
        self._stopwatch = Stopwatch(self._clock)
        self._workers: dict[str, PodWorker] = {}
        self._seen: dict[str, frozenset[tuple[str, str]]] | None = None
        self._begun = False
        self._registered = False
        self._engine_is_away = False
        self._answered_at = -math.inf
        self._given_up: set[str] = set()
        self._subscription: Closeable | None = None
        self._pods = self._loop.follow(
            self._watch(Pod),
            self._pod_changed,
            indexes={"uid": lambda pod: [pod.metadata.uid or ""], NAMESPACE: _namespace_of},
        )
        services = self._loop.follow(
            self._watch(Service), lambda _, __: self._endpoints_changed(), indexes={NAMESPACE: _namespace_of}
        )
        self._directory: Directory = InformedDirectory(services, self._pods, self._loop.pump)
        self._sources = InformedSources(self._store, self._loop, look=self._retry, claim_changed=self._claim_changed)
        self._recorder = EventRecorder(self._store, "kubelet", self._clock, host=node_name)
        self._over = False
        self._outlet = StoredPods(self._store)
        manifests = Path(static_pod_path) if static_pod_path is not None else None
        self._static = self._static_pods(manifests)
        self._notice = self._notice_of(manifests)
        self._node = NodeKeeper(node_name, self._info, self._store, self._filesystem, self._clock, self._report)
        self._evictions = EvictionManager(
            eviction or EvictionConfig(),
            Meter(runtime, self._filesystem, self._info.memory),
            pods=self._own_pods,
            evict=self._evict,
            tell=self._node.tell_pressure,
            tasks=self._tasks,
            clock=self._clock,
        )
        self._services = self._make_services(pod_pids_limit or 0)

    def _make_filesystem(self) -> NodeFilesystem:
        if self._info.shares_files:
            return LocalFilesystem(self._root.path / "pods", Owners(self._info.as_owner))
        return EngineFilesystem(self._runtime, self._labels)

    def _make_services(self, pids_limit: int) -> NodeServices:
        node = self._node.object(None)
        actions = Actions(self._runtime)
        claims = ClaimVolumes(self.node_name, self._runtime, self._filesystem, self._labels)
        return NodeServices(
            facts=NodeFacts(self.node_name, self._info.addresses, node.status.allocatable),
            engine=self._info,
            allowed_sysctls=tuple(self._allowed_unsafe_sysctls),
            requested_by_others=self._requested_by_others,
            refusal=self._evictions.refusal,
            pids_limit=pids_limit,
            labels=self._labels,
            runtime=self._runtime,
            store=self._store,
            sources=self._sources,
            tokens=TokenIssuer(self.node_name, self._clock),
            images=ImageManager(self._runtime, self._tasks, self._clock, self._stopwatch.image_pull.observe),
            filesystem=self._filesystem,
            claims=claims,
            volumes=VolumeManager(self._filesystem, claims),
            files=(files := PodFiles(self._filesystem)),
            access=ServiceAccess(self._runtime, self._info, self._directory, files.machine_resolver, self._report),
            actions=actions,
            hooks=Hooks(actions, self._tasks, self._clock),
            tasks=self._tasks,
            report=self._report,
            annotate=self._annotate,
            clock=self._clock,
        )

    def _static_pods(self, path: Path | None) -> StaticPods | None:
        if path is None:
            return None
        return StaticPods(
            Manifests(path, self.node_name),
            Mirrors(self.node_name, self._store),
            clock=self._clock,
            report=self._report,
            wake=self._loop.enqueue,
        )

    def _notice_of(self, path: Path | None) -> Notice | None:
        """With a virtual clock there are no threads."""
        if path is None or isinstance(self._clock, VirtualClock):
            return None
        return Notice(path, lambda: self._loop.enqueue(STATIC))

    # --- running

    @property
    def store(self) -> Store:
        """Where the Pods are."""
        return self._store

    def register(self) -> Node:
        """Create the Node object of this machine, or bring it up to date; return it. The kubelet does so when it begins to run."""
        self._registered = True
        return self._node.register()

    def start(self) -> None:
        """Run in threads of its own until `stop`."""
        self._begin()
        self._loop.start()

    def run(self) -> None:
        """Run in this thread until `stop` is called from another one."""
        self._begin()
        self._loop.run()

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""
        self._begin()
        return self._loop.step()

    def sync_once(self) -> None:
        """Look at every Pod of this node once, in this thread, and do what can be done now."""
        self._loop.enqueue(RELIST)
        self.step()
        for pod in self._own_pods():
            self._loop.enqueue(pod.metadata.uid or "")
        self._loop.step()

    def next_due(self) -> float | None:
        """When, on the clock's monotonic time, something is due."""
        return self._loop.next_due()

    def stop(self) -> None:
        """End all threads. What runs in the engine goes on. Stopping twice does no harm.

        A Pod's worker ends after the step that it is in. A pull, hook or probe that does not come to its end within seconds is
        left to itself: what becomes of it is not told any more, so that the store may be closed now.
        """
        self._services.stopping.set()
        if self._notice is not None:
            self._notice.close()
        if self._subscription is not None:
            self._subscription.close()
        self._loop.stop()
        self._services.hooks.close()
        self._services.access.close()
        self._tasks.close()
        self._over = True
        if self._owns_store:
            self._store.close()
        self._root.leave()

    def measures(self) -> NodeMeasures:
        """What there is to do at this moment, and how long things have taken by now."""
        return self._stopwatch.read(self.node_name, self._loop.measures())

    def _fields(self, uid: str) -> Mapping[str, Any]:
        """What the log is to say of a key."""
        pod = self._pod(uid)
        return about(pod) if pod is not None else {"node": self.node_name}

    def _pod(self, uid: str) -> Pod | None:
        """The Pod of this node that has a uid; None when the store has none."""
        return next((pod for pod in self._pods.by_index("uid", uid) if pod.spec.node_name == self.node_name), None)

    def _report(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        *,
        type: str = "Normal",
        field_path: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Record an event, unless the kubelet has been stopped."""
        if not self._over:
            self._recorder(involved, reason, message, type=type, field_path=field_path, annotations=annotations)

    def _annotate(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        annotations: Mapping[str, str],
        *,
        type: str = "Normal",
        field_path: str | None = None,
    ) -> None:
        """Add to an event that has been recorded, unless the kubelet has been stopped."""
        if not self._over:
            self._recorder.annotate(involved, reason, message, annotations, type=type, field_path=field_path)

    def evict_all(self, grace: float) -> None:
        """End and remove everything that this node has in the engine, and all files of its Pods.

        The kubelet must have been stopped.

        Args:
            grace: seconds that containers have to end by themselves.

        Raises:
            PodkitError: something cannot be removed; all else has been.
        """
        remove_everything(self._services, grace)

    def _begin(self) -> None:
        """On the first call: see what the engine holds already, and listen to it."""
        if not self._begun:
            self._begun = True
            if not self._registered:
                self.register()
            with contextlib.suppress(PodkitError):  # the relist tries again, and says what is wrong
                self._subscribe()
            self._loop.enqueue(RELIST)
            self._loop.enqueue(EVICTION, after=EVICTION_PERIOD)
            self._loop.enqueue(HEARTBEAT, after=HEARTBEAT_PERIOD)
            if self._static is not None:
                # before anything is taken for what is left of a Pod that is not wanted any more
                self._reconcile(STATIC)
                self._loop.enqueue(STATIC)
            for uid in self._services.files.uids():  # some may be of Pods that are gone, with nothing in the engine
                self._loop.enqueue(uid)

    # --- what others say

    def _requested_by_others(self, uid: str) -> Amounts:
        """What the Pods of this node request that have not ended, but for one."""
        total: Amounts = {}
        for pod in self._own_pods():
            if pod.metadata.uid != uid and pod.status.phase not in ("Succeeded", "Failed"):
                for name, amount in pod_requests(given(pod).spec).items():
                    total[name] = total[name] + amount if name in total else amount
        return total

    def _watch(self, kind: type[T]) -> OpenWatch[T]:
        return lambda wake: self._store.watch(kind, wake=wake)

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        pod = new or old
        self._endpoints_changed()
        if pod is None or pod.spec.node_name != self.node_name:
            return
        if is_mirror(pod):
            self._mirror_changed(pod, present=new is not None)
            return
        uid = pod.metadata.uid or ""
        if old is not None and new is not None and old.metadata.uid != new.metadata.uid:
            self._pod_changed(old, None)
            old = None
        self._stopwatch.note_change(old, new)
        if new is None or old is None or differs(old, new):
            self._sources.note_reader(pod, present=new is not None)
            self._retry(uid)
        elif is_given_up(new):
            self._given_up.add(uid)

    def _endpoints_changed(self) -> None:
        """Services or Pods have changed, and so perhaps where the addresses of Services lead."""
        if self._services.access.changes_matter():
            self._loop.enqueue(SERVICES, after=self._services.access.pause())

    def _mirror_changed(self, mirror: Pod, *, present: bool) -> None:
        """A mirror Pod follows its static Pod; one without is removed."""
        uid = uid_on_node(mirror)
        if self._static is not None and self._static.knows(uid):
            self._loop.enqueue(uid)
        elif present:
            Mirrors(self.node_name, self._store).remove(mirror)

    def _claim_changed(self, claim: PersistentVolumeClaim) -> None:
        if self._services.claims.is_to_be_removed(claim):
            self._loop.enqueue(f"{CLAIM}{claim.metadata.namespace}/{claim.metadata.name}")

    def _retry(self, uid: str) -> None:
        """Let the worker of a Pod try at once what has failed: something that the Pod depends on has changed."""
        if (worker := self._workers.get(uid)) is not None:
            worker.retry_now()
        self._loop.enqueue(uid)

    def _runtime_event(self, event: RuntimeEvent) -> None:
        if event.type is EventType.LOST or POD_UID not in event.labels:
            self._loop.enqueue(RELIST)
        elif event.type is not EventType.STARTED:  # nobody but this kubelet starts its containers
            uid = event.labels[POD_UID]
            worker = self._workers.get(uid)
            if worker is None or worker.take_in(event):
                self._loop.enqueue(uid)

    def _subscribe(self) -> None:
        if self._subscription is None:
            self._subscription = self._runtime.subscribe(self._services.labels, self._runtime_event)

    def _look_at(self, uid: str) -> None:
        """Let the worker of a Pod ask the engine about it."""
        if (worker := self._workers.get(uid)) is not None:
            worker.look_anew()
        self._loop.enqueue(uid)

    # --- the work

    def _reconcile(self, uid: str) -> float | None:
        if uid == RELIST:
            with self._stopwatch.time(self._stopwatch.relist):
                self._relist()
            return RELIST_PERIOD
        if uid == HEARTBEAT:
            return self._beat()
        if uid == EVICTION:
            self._evictions.begin_look()
            return EVICTION_PERIOD
        if uid.startswith(CLAIM):
            self._remove_storage(uid.removeprefix(CLAIM))
            return None
        if uid == SERVICES:
            self._services.access.translate_anew()
            return None
        if uid == STATIC:
            return self._read_static_pods()
        if self._static is not None and self._static.knows(uid):
            static = self._static.take(uid)
            return self._sync(uid, static) if static is not None else None
        again = self._sync(uid, pod := self._pod(uid))
        if again is None and pod is None:
            self._workers.pop(uid, None)
        return again

    def _sync(self, uid: str, pod: Pod | None) -> float | None:
        """Let the worker of a Pod do what is due; None: of one of which only something in the engine is left."""
        with self._stopwatch.time_sync(pod, new=uid not in self._workers):
            worker = self._worker(uid, pod)
            return worker.sync(pod) if pod is not None else worker.sync_orphan()

    def _beat(self) -> float:
        """Say that the node is alive, unless its engine is not; and set right what was written on its Pods while it was silent."""
        if self._clock.monotonic() - self._answered_at <= 2 * RELIST_PERIOD:
            self._node.beat()
            while self._given_up:
                self._loop.enqueue(self._given_up.pop())
        return HEARTBEAT_PERIOD

    def _remove_storage(self, key: str) -> None:
        """Remove the data of a claim that is being deleted and that nobody uses any more."""
        namespace, _, name = key.partition("/")
        claim = self._sources.claim(namespace, name)
        if claim is not None and self._services.claims.is_to_be_removed(claim):
            self._services.claims.remove(claim, self._store)

    def _own_pods(self) -> list[Pod]:
        """The Pods of this node, also the static ones, which the store only shows."""
        stored = [pod for pod in self._pods.objects() if pod.spec.node_name == self.node_name and not is_mirror(pod)]
        return [*stored, *self._static.pods()] if self._static is not None else stored

    def _evict(self, pod: Pod, eviction: Eviction) -> None:
        """Let the worker of a Pod evict it."""
        uid = pod.metadata.uid or ""
        if (worker := self._workers.get(uid)) is not None:
            worker.evict(eviction)
            self._loop.enqueue(uid)

    def _worker(self, uid: str, pod: Pod | None) -> PodWorker:
        if uid not in self._workers:
            never_synced = pod is not None and pod.status.start_time is None
            new = never_synced and self._seen is not None and uid not in self._seen
            outlet = self._static if self._static is not None and self._static.knows(uid) else self._outlet
            self._workers[uid] = PodWorker(uid, self._services, outlet, lambda: self._loop.enqueue(uid), new=new)
        return self._workers[uid]

    def _read_static_pods(self) -> float:
        """Read the directory with static Pods; returns after how many seconds to do so again."""
        noticed = self._notice is not None and self._notice.begin()
        if self._static is not None:
            self._static.refresh()
        return READ_PERIOD if noticed else READ_PERIOD_UNNOTICED

    def _relist(self) -> None:
        """List everything in the engine, and look at the Pods of which there is something else than their workers know.

        When the engine has been away, all are looked at: their workers may be waiting long for their next try. Meanwhile none
        tells anything from memory: nothing is known of what goes on there.
        """
        was_away, self._engine_is_away = self._engine_is_away, True
        try:
            self._subscribe()
            before, now_there = self._seen or {}, signatures(self._runtime, self._services.labels)
        except PodkitError:
            for silent in list(self._workers.values()):
                silent.look_anew()
            raise
        self._engine_is_away, self._seen = False, now_there
        self._answered_at = self._clock.monotonic()
        if was_away:
            self._loop.enqueue(HEARTBEAT)
        workers = dict(self._workers)
        for uid in before.keys() | now_there.keys() | workers.keys():
            now, worker = now_there.get(uid, frozenset()), workers.get(uid)
            differs = before.get(uid, frozenset()) != now or (worker is not None and not worker.sees(now))
            if uid and (was_away or differs):
                self._look_at(uid)


def _namespace_of(obj: KubernetesObject) -> list[str]:
    return [obj.metadata.namespace or "default"]


def node_id(root: Path) -> str:
    """What the node with this root directory calls itself in the engine."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:16]
