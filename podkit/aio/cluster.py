"""The door for programs that live on an event loop."""

from __future__ import annotations

import asyncio
import builtins
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload

from podkit.aio.awaited import Face, awaited, awaited_source_verb, awaited_verb, like, opened_verb, run
from podkit.aio.opening import Opening
from podkit.aio.port_forward import PortForward
from podkit.aio.rollout import Rollout
from podkit.aio.runner import Pool, Runner, in_own_thread
from podkit.aio.session import Session
from podkit.aio.streams import LogStream, Watch
from podkit.aio.subscription import Subscription
from podkit.cluster.cluster import Cluster as SyncCluster
from podkit.cluster.execution import ExecResult
from podkit.cluster.object_watch import ObjectWatch
from podkit.cluster.progress import Tell
from podkit.cluster.subscription import ObjectChange, require_handler
from podkit.cluster.until import Until
from podkit.cluster.wiring import OnExit
from podkit.errors import PodkitError
from podkit.kubelet import EvictionConfig
from podkit.loop.cancellation import Cancellation, Cancelled
from podkit.loop.clock import Clock
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.selector import Labels
from podkit.runtime.base import Runtime
from podkit.store.base import Store
from podkit.store.subresources import Subresource

T = TypeVar("T", bound=KubernetesObject)

MAX_THREADS = 32


def _log_stream(cluster: Face, open: Callable[[Any], Any]) -> LogStream:
    return LogStream(cluster._behind, open)


def _session(cluster: Face, open: Callable[[Any], Any]) -> Opening[Session]:
    async def start() -> Session:
        runner, behind = await cluster._behind()
        return Session(await runner.open(Pool.SLOW, open, behind), runner)

    return Opening(start)


def _port_forward(cluster: Face, open: Callable[[Any], Any]) -> Opening[PortForward]:
    async def start() -> PortForward:
        runner, behind = await cluster._behind()
        return PortForward(await runner.open(Pool.SLOW, open, behind))

    return Opening(start)


def _rollout(cluster: Face, open: Callable[[Any], Any]) -> Rollout:
    async def find() -> tuple[Runner, Any]:
        runner, behind = await cluster._behind()
        return runner, await runner.call(Pool.QUICK, open, behind)

    return Rollout(find)


class Cluster:
    """`podkit.Cluster` for an event loop: the same arguments, the same verbs, to be awaited.

    It is opened by ``async with``, or by `open`, and everything that it can be asked is what `podkit.Cluster` can be asked, with
    the same errors. It belongs to one event loop.

    Args:
        runtime: see `podkit.Cluster`, as for all that is not told of here.
        nodes: likewise.
        store: likewise.
        clock: likewise. With a ``VirtualClock`` one thing is done at a time.
        root_dir: likewise.
        adopt: likewise.
        static_pod_path: likewise.
        allowed_unsafe_sysctls: likewise.
        eviction: likewise.
        on_exit: likewise.
        progress: likewise.
        max_threads: how many calls that talk with containers (`exec`, `logs`, copying, reading from and writing to a `Session`,
            `top`) can go on at once; further ones wait for their turn. Waiting, watching and following logs do not count.

    Example:
        ::

            async with podkit.aio.Cluster() as cluster:
                pod = await cluster.create(Pod.new("web", containers=[Container("main", image="nginx")]))
                await cluster.wait(pod, "Ready", timeout=60)
                async for line in cluster.stream_logs(pod):
                    print(line, end="")
    """

    def __init__(
        self,
        runtime: Runtime | None = None,
        *,
        nodes: Mapping[str, Runtime] | None = None,
        store: Store | str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
        root_dir: str | os.PathLike[str] | None = None,
        adopt: bool = False,
        static_pod_path: str | os.PathLike[str] | None = None,
        allowed_unsafe_sysctls: Sequence[str] = (),
        eviction: EvictionConfig | None = None,
        on_exit: OnExit | None = None,
        progress: bool | Tell = False,
        max_threads: int = MAX_THREADS,
    ) -> None:
        def make() -> SyncCluster:
            return SyncCluster(
                runtime,
                nodes=nodes,
                store=store,
                clock=clock,
                root_dir=root_dir,
                adopt=adopt,
                static_pod_path=static_pod_path,
                allowed_unsafe_sysctls=allowed_unsafe_sysctls,
                eviction=eviction,
                on_exit=on_exit,
                progress=progress,
            )

        self._make = make
        self._max_threads = max_threads
        self._owns = True
        self._cluster: SyncCluster | None = None
        self._runner: Runner | None = None
        self._subscriptions: set[Subscription[Any]] = set()

    @classmethod
    def over(cls, cluster: SyncCluster, *, max_threads: int = MAX_THREADS) -> Self:
        """An asynchronous face for a cluster that is open already, and stays so when this is closed.

        Args:
            cluster: the cluster.
            max_threads: see the class.
        """
        self = cls(max_threads=max_threads)
        self._make, self._owns = (lambda: cluster), False
        return self

    async def open(self) -> Self:
        """Open it, and return it; `close` closes it. Where there is a block for it, ``async with`` does both.

        Raises:
            RuntimeUnavailable, NodeInUse, StoreError: as `podkit.Cluster` raises them.
            PodkitError: it is open already.
        """
        if self._runner is not None:
            raise PodkitError("this cluster has been opened already; open another one")
        wish = Cancellation()
        self._cluster = await in_own_thread(lambda: self._open(wish), wish.request)
        self._runner = Runner(self._cluster.machinery.driver, self._cluster.machinery.clock, self._max_threads)
        return self

    def _open(self, wish: Cancellation) -> SyncCluster:
        cluster = self._make()
        if wish.requested and self._owns:
            cluster.close()
            raise Cancelled
        return cluster

    async def close(self, *, grace: float = 0.0) -> None:
        """End everything, as `podkit.Cluster.close` does; what is still awaited fails, streams end. Closing twice does no harm.

        A cancellation does not break it off.

        Args:
            grace: seconds that containers have to end by themselves before they are killed.
        """
        await self._end(lambda cluster: cluster.close(grace=grace))

    async def _end(self, close: Callable[[SyncCluster], None]) -> None:
        cluster, runner = self._cluster, self._runner
        if cluster is None or runner is None:
            return

        def end() -> None:
            runner.stop()
            try:
                if self._owns:
                    close(cluster)
            finally:
                runner.close()

        try:
            await in_own_thread(end)
        finally:  # what their handlers still await has failed by now
            await asyncio.gather(*(one.close() for one in list(self._subscriptions)))

    async def __aenter__(self) -> Self:
        """The cluster, which is closed at the end of the block."""
        return self if self._runner is not None else await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it. What closing fails with does not hide what the block has failed with."""
        await self._end(lambda cluster: cluster.__exit__(kind, problem, trace))

    def __repr__(self) -> str:
        return f"<podkit.aio.Cluster over {self._cluster!r}>" if self._cluster else "<podkit.aio.Cluster, not open yet>"

    @property
    def sync(self) -> SyncCluster:
        """The cluster behind, whose verbs block.

        Raises:
            PodkitError: it has not been opened.
        """
        if self._cluster is None:
            raise PodkitError("this cluster is not open: use `async with` it, or await its open()")
        return self._cluster

    @property
    def store(self) -> Store:
        """Where the objects are. Its methods block, though not for long with one in memory."""
        return self.sync.store

    async def _behind(self) -> tuple[Runner, SyncCluster]:
        cluster = self.sync
        if self._runner is None:
            raise PodkitError("this cluster is not open yet")
        return self._runner, cluster

    # --- objects

    @like(SyncCluster.create)
    async def create(self, obj: T, *, dry_run: bool = False) -> T:  # noqa: D102
        created: T = await run(self, SyncCluster.create, obj, dry_run=dry_run)
        return created

    @like(SyncCluster.update)
    async def update(self, obj: T, *, subresource: Subresource = "", dry_run: bool = False) -> T:  # noqa: D102
        updated: T = await run(self, SyncCluster.update, obj, subresource=subresource, dry_run=dry_run)
        return updated

    @like(SyncCluster.update_status)
    async def update_status(self, obj: T, *, dry_run: bool = False) -> T:  # noqa: D102
        updated: T = await run(self, SyncCluster.update_status, obj, dry_run=dry_run)
        return updated

    @overload
    async def get(self, kind: type[T], name: str, *, namespace: str = ...) -> T: ...
    @overload
    async def get(self, kind: T) -> T: ...
    @overload
    async def get(self, kind: str, name: str = ..., *, namespace: str = ...) -> Any: ...
    @like(SyncCluster.get)
    async def get(self, *args: Any, **options: Any) -> Any:  # noqa: D102
        return await run(self, SyncCluster.get, *args, **options)

    @overload
    async def list(
        self, kind: type[T], namespace: str | None = ..., labels: Labels | None = ..., fields: str | None = ...
    ) -> builtins.list[T]: ...
    @overload
    async def list(
        self, kind: str, namespace: str | None = ..., labels: Labels | None = ..., fields: str | None = ...
    ) -> builtins.list[Any]: ...
    @like(SyncCluster.list)
    async def list(self, *args: Any, **options: Any) -> builtins.list[Any]:  # noqa: D102
        found: builtins.list[Any] = await run(self, SyncCluster.list, *args, **options)
        return found

    apply = awaited(SyncCluster.apply)
    diff = awaited(SyncCluster.diff)
    patch = awaited_verb(SyncCluster.patch)
    delete = awaited_source_verb(SyncCluster.delete)
    delete_collection = awaited(SyncCluster.delete_collection)
    debug = awaited_verb(SyncCluster.debug)
    resize = awaited_verb(SyncCluster.resize)
    events = awaited(SyncCluster.events)
    describe = awaited_verb(SyncCluster.describe)

    @overload
    def watch(
        self, kind: type[T], namespace: str | None = ..., labels: Labels | None = ..., since: str | None = ...
    ) -> Watch[T]: ...
    @overload
    def watch(
        self, kind: str, namespace: str | None = ..., labels: Labels | None = ..., since: str | None = ...
    ) -> Watch[Any]: ...
    def watch(
        self, kind: Any, namespace: str | None = None, labels: Labels | None = None, since: str | None = None
    ) -> Watch[Any]:
        """Follow the changes of a kind: ``async for event in cluster.watch(Pod): ...``; see `podkit.Cluster.watch`."""

        def begin(cluster: SyncCluster) -> ObjectWatch[Any]:
            watch: ObjectWatch[Any] = cluster.watch(kind, namespace, labels, since)
            return watch

        return Watch(self._behind, begin)

    @overload
    def on(
        self,
        kind: type[T],
        handler: Callable[[ObjectChange[T]], object],
        *,
        namespace: str | None = ...,
        labels: Labels | None = ...,
    ) -> Opening[Subscription[T]]: ...
    @overload
    def on(
        self,
        kind: str,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = ...,
        labels: Labels | None = ...,
    ) -> Opening[Subscription[Any]]: ...
    def on(
        self,
        kind: Any,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
    ) -> Opening[Subscription[Any]]:
        """Call a function whenever an object of a kind changes, beginning with ``ADDED`` for each that is there.

        It is `podkit.Cluster.on` for a loop: await it, and it goes on until it or the cluster is closed; or use it with
        ``async with``. The handler is called on the loop, with one change after the other; one that is a coroutine function is
        awaited before the next. It may use the cluster, and close its subscription. What it raises is logged, and the next change
        is told nevertheless.

        Args:
            kind: the class, or the name in any usual form; ``"events"`` for what Kubernetes calls Events.
            handler: a function or a coroutine function; it is given an `ObjectChange`, with ``type``, ``object`` and ``old``.
            namespace: only those of this one. Default: all.
            labels: a label selector.

        Raises:
            UnknownKind: there is no such kind.
            TypeError: the handler is no function.
            PodkitError: when it is awaited: the cluster has been closed.

        Example:
            ::

                async def tell(change: ObjectChange[Event]) -> None:
                    await socket.send_json({"reason": change.object.reason, "message": change.object.message})

                await cluster.on(Event, tell)
        """
        require_handler(handler)
        name = kind_of(kind).plural

        async def start() -> Subscription[Any]:
            runner, cluster = await self._behind()
            subscription = Subscription[Any](name, handler, self._subscriptions.discard)
            await subscription.open(runner, lambda hear: cluster.on(kind, hear, namespace=namespace, labels=labels))
            self._subscriptions.add(subscription)
            return subscription

        return Opening(start)

    # --- waiting

    @overload
    async def wait(
        self, target: type[T], name: str, until: Until[T], timeout: float | None = ..., *, namespace: str = ...
    ) -> T: ...
    @overload
    async def wait(self, target: T, until: Until[T], timeout: float | None = ...) -> T: ...
    @overload
    async def wait(
        self, target: str, name: str, until: Until[Any], timeout: float | None = ..., *, namespace: str = ...
    ) -> Any: ...
    @overload
    async def wait(
        self, target: str, until: Until[Any], timeout: float | None = ..., *, namespace: str = ...
    ) -> Any: ...
    @overload
    async def wait(
        self, target: Iterable[T], until: Until[T], timeout: float | None = ..., *, any: bool = ...
    ) -> builtins.list[T]: ...
    @like(SyncCluster.wait)
    async def wait(self, *args: Any, **options: Any) -> Any:  # noqa: D102
        return await run(self, SyncCluster.wait, *args, **options)

    @like(SyncCluster.run)
    async def run(self, obj: T, timeout: float | None = None, check: bool = True) -> T:  # noqa: D102
        done: T = await run(self, SyncCluster.run, obj, timeout=timeout, check=check)
        return done

    explain = awaited_verb(SyncCluster.explain, Pool.SLOW)

    # --- what goes on in Pods

    logs = awaited_verb(SyncCluster.logs, Pool.SLOW)
    copy_to = awaited_verb(SyncCluster.copy_to, Pool.SLOW)
    copy_from = awaited_verb(SyncCluster.copy_from, Pool.SLOW)
    top = awaited(SyncCluster.top, Pool.SLOW)

    @overload
    async def exec(
        self,
        target: KubernetesObject | str,
        argv: Sequence[str],
        container: str | None = ...,
        stdin: str | bytes | None = ...,
        timeout: float | None = ...,
        check: bool = ...,
        text: Literal[True] = ...,
        *,
        namespace: str = ...,
    ) -> ExecResult[str]: ...
    @overload
    async def exec(
        self,
        target: KubernetesObject | str,
        argv: Sequence[str],
        container: str | None = ...,
        stdin: str | bytes | None = ...,
        timeout: float | None = ...,
        check: bool = ...,
        *,
        text: Literal[False],
        namespace: str = ...,
    ) -> ExecResult[bytes]: ...
    @overload
    async def exec(
        self, target: type[Any] | str, name: str, argv: Sequence[str], **options: Any
    ) -> ExecResult[Any]: ...
    @like(SyncCluster.exec)
    async def exec(self, *args: Any, **options: Any) -> ExecResult[Any]:  # noqa: D102
        result: ExecResult[Any] = await run(self, SyncCluster.exec, *args, pool=Pool.SLOW, **options)
        return result

    stream_logs = opened_verb(SyncCluster.stream_logs, _log_stream)
    stream_exec = opened_verb(SyncCluster.stream_exec, _session)
    attach = opened_verb(SyncCluster.attach, _session)
    port_forward = opened_verb(SyncCluster.port_forward, _port_forward)

    # --- what keeps a number of Pods, and nodes

    scale = awaited_verb(SyncCluster.scale)
    rollout = opened_verb(SyncCluster.rollout, _rollout)
    cordon = awaited(SyncCluster.cordon)
    uncordon = awaited(SyncCluster.uncordon)
    drain = awaited(SyncCluster.drain)

    # --- what is looked at

    timeline = awaited_verb(SyncCluster.timeline)
    topology = awaited(SyncCluster.topology)
    live = awaited(SyncCluster.live)
