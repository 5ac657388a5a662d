"""Puts the parts of a cluster together, and takes them apart again.

A cluster is a store, the controllers and the scheduler, and for each node a directory, a runtime and a kubelet; they meet only in
the store. `Machinery` makes them in that order and closes them in the opposite one. Every step of closing is done even if an
earlier one fails, also when making them came only half way.

What it makes itself it also closes: a runtime or a store that was passed in stays its owner's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from podkit.cluster.driver import Driver, Loop, make_driver
from podkit.cluster.kept import OBJECTS, kept_directory, nodes_beside
from podkit.cluster.late_node import LateNode
from podkit.cluster.node_root import NodeRoot, abandoned, make_directory
from podkit.controllers import (
    CronJobController,
    DaemonSetController,
    DeploymentController,
    EphemeralVolumeController,
    GarbageCollector,
    JobController,
    NamespaceController,
    NodeLifecycleController,
    PodGarbageCollector,
    ReplicaSetController,
    ReplicationManager,
    StatefulSetController,
    TaintEvictionController,
    TTLAfterFinishedController,
    VolumeClaimController,
)
from podkit.controllers.controller import Controller
from podkit.errors import PodkitError, RuntimeUnavailable
from podkit.kubelet import EvictionConfig, Kubelet
from podkit.log import logger
from podkit.loop.clock import Clock, SystemClock, VirtualClock
from podkit.loop.forks import never_free
from podkit.loop.interrupts import interrupts_deferred
from podkit.loop.measures import LoopMeasures
from podkit.loop.turns import TakingTurns
from podkit.runtime.base import Runtime
from podkit.scheduler import Scheduler
from podkit.store.base import Store
from podkit.store.memory import MemoryStore
from podkit.store.sqlite import SqliteStore, remove, save

log = logger(__name__)


class MeasuredLoop(Loop, Protocol):
    """A control loop that says what it has done."""

    def measures(self) -> LoopMeasures:
        """What there is to do at this moment, and what has been done by now."""


NODE_NAME = "node-1"
"""The name of the node of a cluster that has one. It is not the machine's name, because that may change."""

OnExit: TypeAlias = Literal["delete", "keep"]
MakeController: TypeAlias = Callable[[Store, Clock], Controller[Any]]


@frozen
class Blueprint:
    """What a cluster is to be made of; what is None is made anew.

    Attributes:
        runtime: the container engine of the only node.
        nodes: by the name of the node, its container engine.
        store: where the objects are, or the file for them.
        clock: what time it is.
        root_dir: where the nodes keep their files.
        adopt: whether to take over what an earlier cluster has kept.
        on_exit: what becomes of the Pods at the end.
        static_pod_path: where the manifests of the nodes' own Pods are; None: they have none.
        allowed_unsafe_sysctls: the sysctls that Pods may set beside the safe ones.
        eviction: when the nodes evict Pods because they are short of something.
    """

    runtime: Runtime | None = None
    nodes: Mapping[str, Runtime] | None = None
    store: Store | Path | None = None
    clock: Clock | None = None
    root_dir: Path | None = None
    adopt: bool = False
    on_exit: OnExit = field(default="delete")
    static_pod_path: Path | None = None
    allowed_unsafe_sysctls: Sequence[str] = ()
    eviction: EvictionConfig | None = None

    @on_exit.validator
    def _check_on_exit(self, _: object, value: str) -> None:
        if value not in ("delete", "keep"):
            raise PodkitError(f"on_exit is 'delete' or 'keep', not {value!r}")

    def __attrs_post_init__(self) -> None:
        if self.runtime is not None and self.nodes is not None:
            raise PodkitError("a cluster has either one runtime, or several nodes with one each: pass runtime or nodes")
        if self.nodes is not None and not self.nodes:
            raise PodkitError("a cluster needs at least one node")
        if self.adopt and self.store is not None:
            raise PodkitError(
                "adopt looks for the objects of an earlier cluster; with a store of your own, leave it out"
            )


CONTROLLERS: tuple[MakeController, ...] = (
    lambda store, clock: DeploymentController(store, clock=clock),
    lambda store, clock: ReplicaSetController(store, clock=clock),
    lambda store, clock: ReplicationManager(store, clock=clock),
    lambda store, clock: StatefulSetController(store, clock=clock),
    lambda store, clock: DaemonSetController(store, clock=clock),
    lambda store, clock: JobController(store, clock=clock),
    lambda store, clock: CronJobController(store, clock=clock),
    lambda store, clock: GarbageCollector(store, clock=clock),
    lambda store, clock: NamespaceController(store, clock=clock),
    lambda store, clock: NodeLifecycleController(store, clock=clock),
    lambda store, clock: TaintEvictionController(store, clock=clock),
    lambda store, clock: PodGarbageCollector(store, clock=clock),
    lambda store, clock: TTLAfterFinishedController(store, clock=clock),
    lambda store, clock: EphemeralVolumeController(store, clock=clock),
    lambda store, clock: VolumeClaimController(store, clock=clock),
)
"""What runs beside the scheduler and the kubelets."""


class Machinery:
    """The running parts of a cluster.

    Args:
        plan: what to make it of.

    Attributes:
        clock: what time it is.
        store: where the objects are.
        runtimes: by the name of the node, its container engine.
        driver: makes the loops go round.
        closed: whether it has been closed, or is being closed.
        controllers: the loops that look after objects, the scheduler among them.
        nodes: the kubelets, and what waits for those whose engine does not answer.
    """

    clock: Clock
    store: Store
    runtimes: dict[str, Runtime]
    driver: Driver
    controllers: Sequence[MeasuredLoop]
    nodes: Sequence[Kubelet | LateNode]

    def __init__(self, plan: Blueprint) -> None:
        self._grace, self.closed = 0.0, False
        self._locks: list[NodeRoot] = []
        self._closing = ExitStack()
        try:
            with interrupts_deferred():
                self._build(plan)
        except BaseException:
            self.close()
            raise

    def close(self, *, grace: float = 0.0) -> None:
        """End everything; doing so twice does no harm. Ctrl-C does not break it off.

        Args:
            grace: seconds that containers have to end by themselves before they are killed.
        """
        self._grace, self.closed = grace, True
        with interrupts_deferred():
            self._closing.close()

    def abandon(self, reason: str) -> None:
        """In a forked child: let go of everything, and change nothing; see `podkit.loop.forks`."""
        self.driver.abandon(reason)
        for root in self._locks:
            root.abandon()
        never_free(self._closing.pop_all())

    def _build(self, plan: Blueprint) -> None:
        self.runtimes = self._runtimes(plan)
        self.clock = _clock(plan.clock, self.runtimes)
        base = self._base(plan)
        roots = self._roots(base, keep=plan.on_exit == "keep", made=plan.root_dir is None)
        self.store = self._store(plan, base)
        nodes = self._nodes(roots, plan)
        controllers = [make(self.store, self.clock) for make in CONTROLLERS]
        scheduler = Scheduler(self.store, clock=self.clock)
        self.controllers = [scheduler, *controllers]
        self.nodes = nodes
        together = TakingTurns("controllers", [controller.loop for controller in controllers], clock=self.clock)
        self.driver = make_driver([scheduler, together, *nodes], self.clock)
        self._closing.callback(self.driver.stop)
        for node in nodes:
            if isinstance(node, Kubelet):
                node.register()
        self.driver.start()

    def _nodes(self, roots: Mapping[str, Path], plan: Blueprint) -> list[Kubelet | LateNode]:
        """The kubelets; for a node whose engine does not answer, something that waits for it.

        Raises:
            RuntimeUnavailable: no engine answers.
        """
        nodes: list[Kubelet | LateNode] = []
        away: list[RuntimeUnavailable] = []
        for name, root in roots.items():
            make = partial(self._kubelet, name, root, plan)
            node: Kubelet | LateNode
            try:
                node = make()
            except RuntimeUnavailable as error:
                away.append(error)
                if len(away) == len(roots):
                    raise away[0] from None
                log.warning("node %s is away, and waited for: %s", name, error, extra={"node": name})
                node = LateNode(name, make, self.clock)
            if plan.on_exit == "delete":
                self._closing.callback(self._evict_all, node)
            nodes.append(node)
        return nodes

    def _evict_all(self, node: Kubelet | LateNode) -> None:
        node.evict_all(self._grace)

    def _runtimes(self, plan: Blueprint) -> dict[str, Runtime]:
        if plan.nodes is not None:
            return dict(plan.nodes)
        if plan.runtime is not None:
            return {NODE_NAME: plan.runtime}
        from podkit.runtime.podman import PodmanRuntime

        own = PodmanRuntime()
        self._closing.callback(own.close)
        return {NODE_NAME: own}

    def _base(self, plan: Blueprint) -> Path:
        """The directory that has one for each node."""
        for directory in abandoned():
            log.warning(
                "%s, with Pods in the container engine, was left behind by a process that died: podkit.clean() removes it",
                directory,
            )
        if plan.root_dir is not None:
            return plan.root_dir
        if isinstance(plan.store, Path):
            return nodes_beside(plan.store)
        return kept_directory(self.runtimes.values()) if plan.adopt else make_directory()

    def _store(self, plan: Blueprint, base: Path) -> Store:
        """Where the objects are. Whoever keeps Pods keeps their objects too, so that they can be adopted."""
        if plan.store is not None and not isinstance(plan.store, Path):
            if plan.on_exit == "keep":
                self._closing.callback(save, plan.store, base / OBJECTS)
            return plan.store
        store: Store
        if plan.store is None and plan.on_exit == "delete" and not plan.adopt:
            store = MemoryStore(self.clock)
        else:
            path = plan.store or base / OBJECTS
            if plan.adopt and not path.exists():
                raise PodkitError(f"there is nothing to adopt in {base}: no cluster has kept its Pods there")
            if plan.store is None and not plan.adopt:
                remove(path)  # of a cluster that is not adopted
            store = SqliteStore(path, self.clock)
        self._closing.callback(store.close)
        return store

    def _roots(self, base: Path, *, keep: bool, made: bool) -> dict[str, Path]:
        """The directories of the nodes, locked."""
        if not keep and (made or not base.exists()):
            self._closing.callback(_remove_if_empty, base)
        roots = {}
        for name in self.runtimes:
            root = NodeRoot(base / name, keep=keep)
            self._locks.append(root)
            self._closing.callback(root.close, remove=not keep)
            roots[name] = root.path
        return roots

    def _kubelet(self, name: str, root: Path, plan: Blueprint) -> Kubelet:
        return Kubelet(
            name,
            self.runtimes[name],
            self.store,
            root_dir=root,
            static_pod_path=plan.static_pod_path,
            allowed_unsafe_sysctls=plan.allowed_unsafe_sysctls,
            eviction=plan.eviction,
            clock=self.clock,
        )


def _clock(wanted: Clock | None, runtimes: Mapping[str, Runtime]) -> Clock:
    """The clock of a cluster: the one that is wanted, or that on which its engines run, as simulated ones do.

    Raises:
        PodkitError: they are not the same, so that what one waits for would never come at the other.
    """
    clock = wanted
    for node, runtime in runtimes.items():
        own: Clock | None = getattr(runtime, "clock", None)
        if own is not None and clock is not None and own is not clock and VirtualClock in (type(own), type(clock)):
            raise PodkitError(
                f"the engine of node {node} runs on another clock; give the same to all, or leave clock out"
            )
        clock = clock or own
    return clock or SystemClock()


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()
