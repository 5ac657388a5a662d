"""The door: one object that runs Kubernetes objects on this machine, and the verbs that users know from ``kubectl``.

`Cluster` holds no logic of its own. It makes the parts (`podkit.cluster.wiring`), and each verb hands on to the module that
knows how: the store for objects, `waiter` for waiting, `apply`, `logs`, `describe` and so on. The verbs are in groups beside it
(`podkit.cluster.verb_group`), by what they are about; here are its life, and waiting. Objects that verbs take are never changed,
and objects that they return are the caller's.
"""

from __future__ import annotations

import atexit
import builtins
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from podkit.cluster.inspection_verbs import InspectionVerbs
from podkit.cluster.node_verbs import NodeVerbs
from podkit.cluster.object_verbs import ObjectVerbs
from podkit.cluster.pauses import Steps, waits
from podkit.cluster.picture_verbs import PictureVerbs
from podkit.cluster.pod_verbs import PodVerbs
from podkit.cluster.progress import Tell
from podkit.cluster.running import run_to_end
from podkit.cluster.target import Reference, refer, with_kind_and_name
from podkit.cluster.until import Until, read_until
from podkit.cluster.watch_verbs import WatchVerbs
from podkit.cluster.wiring import Blueprint, Machinery, OnExit
from podkit.cluster.workload_verbs import WorkloadVerbs
from podkit.errors import PodkitError
from podkit.kubelet import EvictionConfig
from podkit.loop import forks
from podkit.loop.clock import Clock
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.runtime.base import Runtime
from podkit.showing import repr_html
from podkit.store.base import Store

T = TypeVar("T", bound=KubernetesObject)


class Cluster(ObjectVerbs, WatchVerbs, InspectionVerbs, PodVerbs, WorkloadVerbs, NodeVerbs, PictureVerbs):
    """Runs Kubernetes objects on Podman, for as long as it is open.

    Everything goes on in threads of this process: there is no server to install and none to talk to.

    Args:
        runtime: the container engine of the only node, ``node-1``. Default: Podman, which is found or started. A runtime that is
            passed in stays the caller's, who closes it after the cluster.
        nodes: in place of ``runtime``, several nodes: by the name of the node, its runtime. One whose engine does not answer is
            waited for, and does not hold up the others.
        store: where the objects are. Default: in memory. One that is passed in stays the caller's. A path is the file of a
            `podkit.SqliteStore`: a later cluster on that path has its objects again, and adopts their Pods.
        clock: what time it is. Default: that of a simulated runtime, else the machine's. With a ``VirtualClock`` there are no
            threads: verbs that wait do all the work and move the clock on.
        root_dir: the directory in which the nodes keep the files of their Pods. Default: a private one, which is removed; with the
            path of a store, one beside it (``<store>-nodes``), which stays.
        adopt: take over the objects and Pods of the last cluster that was closed with ``on_exit="keep"`` and had no store of its
            own: the one in ``root_dir``, else the last one of this user.
        static_pod_path: a directory whose files are Pods that every node runs, whatever the store says.
        allowed_unsafe_sysctls: kernel parameters that Pods may set beside the safe ones, such as ``kernel.msgmax``, or
            ``net.core.*`` for all that begin so.
        eviction: below which amounts of memory, disk or processes that are left nodes evict Pods, the same for all of them; see
            `podkit.EvictionConfig`. Default: below 100 MiB of memory or disk.
        on_exit: ``delete``: closing removes all Pods that run here from the container engine, or ``keep``: they run on.
            Default: ``keep`` with a path as the store or with ``adopt``, else ``delete``.
        progress: show how far waits are: in a terminal (with the extra ``podkit[rich]``) or in a notebook, and nowhere where the
            output is neither. Or a function that is given a `podkit.Progress` whenever something changes. Default: nothing is
            shown.

    Raises:
        RuntimeUnavailable: there is no Podman, or it does not answer; of several nodes none does.
        NodeInUse: another cluster uses ``root_dir`` or the file of the store.
        StoreError: the file of the store is damaged, or cannot be opened.

    Example:
        ::

            with Cluster() as cluster:
                pod = cluster.create(Pod.new("hello", containers=[Container("main", image="busybox", command=["date"])],
                                             restart_policy="Never"))
                cluster.wait(pod, "phase=Succeeded", timeout=60)
                print(cluster.logs(pod))
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
    ) -> None:
        if isinstance(runtime, str):
            raise TypeError(f"runtime is a container engine, such as PodmanRuntime({runtime!r}), and not a str")
        keeps = adopt or isinstance(store, str | os.PathLike)
        root = Path(root_dir) if root_dir is not None else None
        static = Path(static_pod_path) if static_pod_path is not None else None
        plan = Blueprint(
            runtime,
            nodes,
            Path(store) if isinstance(store, str | os.PathLike) else store,
            clock,
            root,
            adopt,
            on_exit or ("keep" if keeps else "delete"),
            static,
            allowed_unsafe_sysctls=allowed_unsafe_sysctls,
            eviction=eviction,
        )
        super().__init__(Machinery(plan), progress)
        atexit.register(self.close)
        self._process, self._reason = os.getpid(), ""
        forks.stays_with_its_process(self)

    def close(self, *, grace: float = 0.0) -> None:
        """End everything. With ``on_exit="delete"`` nothing stays behind: no container, network, mount, file, process or thread.

        It is called at the end of a ``with`` block and, at the latest, when Python ends. Closing twice does no harm. Pressing
        Ctrl-C does not break it off.

        Args:
            grace: seconds that containers have to end by themselves before they are killed. To end a single Pod with its own
                grace period, `delete` it before.

        Example:
            ::

                cluster = Cluster()
                try:
                    cluster.run(job)
                finally:
                    cluster.close(grace=10)
        """
        atexit.unregister(self.close)
        forks.ended(self)
        self._watches.close()
        self.close_streams()
        self._tables.close()
        self._parts.close(grace=grace)

    def close_streams(self) -> None:
        """End what verbs have left open, and those that are under way in other threads.

        Example:
            ::

                cluster.close_streams()
        """
        self._calls.end()
        self._streams.close()

    def _abandon(self) -> None:
        """In a forked child: leave everything to the parent; see `podkit.loop.forks`."""
        atexit.unregister(self.close)
        reason = (
            f"this cluster is open in process {self._process}, from which this one was forked: open another one here"
        )
        for watch in self._watches:
            watch.abandon(reason)
        self._parts.abandon(reason)
        self._reason = reason
        self.__class__ = _OfAnotherProcess

    def __enter__(self) -> Self:
        """The cluster, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close it. What closing fails with does not hide what the block has failed with."""
        try:
            self.close()
        except PodkitError as error:
            if problem is None:
                raise
            problem.add_note(f"and when the cluster was closed because of that: {error}")

    @property
    def machinery(self) -> Machinery:
        """The parts of which this is made; for podkit's own packages, and not promised to anybody else."""
        return self._parts

    def __repr__(self) -> str:
        return f"<podkit.Cluster with {', '.join(self._parts.runtimes)}>"

    def _repr_html_(self) -> Any:
        """The picture in a notebook: nodes, and what their Pods are doing."""
        return repr_html(self)

    @property
    def now(self) -> datetime:
        """What time it is on the clock of the cluster, in UTC.

        Example:
            ::

                age = cluster.now - (cluster.get("pod/web").metadata.creation_timestamp or cluster.now)
        """
        return self._parts.clock.now()

    @overload
    def wait(
        self, target: type[T], name: str, until: Until[T], timeout: float | None = ..., *, namespace: str = ...
    ) -> T: ...
    @overload
    def wait(self, target: T, until: Until[T], timeout: float | None = ...) -> T: ...
    @overload
    def wait(
        self, target: str, name: str, until: Until[Any], timeout: float | None = ..., *, namespace: str = ...
    ) -> Any: ...
    @overload
    def wait(self, target: str, until: Until[Any], timeout: float | None = ..., *, namespace: str = ...) -> Any: ...
    @overload
    def wait(
        self, target: Iterable[T], until: Until[T], timeout: float | None = ..., *, any: bool = ...
    ) -> builtins.list[T]: ...
    @with_kind_and_name
    @waits
    def wait(
        self,
        target: Any,
        until: Until[Any],
        timeout: float | None = None,
        *,
        namespace: str = "default",
        any: bool = False,
    ) -> Steps[Any]:
        """Wait until an object, or each of several, has come to a state; return it as it was then.

        It ends early, with ``hopeless`` set in the error, where that can never come: the object has been deleted, a finished Pod
        does not become ready, a failed Job not complete, an image does not exist.

        Args:
            target: an object, ``"kind/name"``, kind and name, or an iterable of objects.
            until: a condition (``"Ready"``, ``"Complete"``, ``"Ready=False"``), a field (``"phase=Succeeded"``,
                ``"status.succeeded=3"``), ``"deleted"``, or a function that is given the object and says whether it is so.
            timeout: seconds to wait at the most. Default: no limit.
            namespace: where, unless the target is an object.
            any: of several objects, wait until one of them has come to it, and return those that have. It ends early where none of
                them can any more.

        Raises:
            NotFound: it does not exist, and not its deletion is waited for.
            WaitTimeout: it did not happen in time, or never can. The message says what was there instead: conditions, states of
                containers, the last events, the end of the log.

        Example:
            ::

                pod = cluster.wait("pod/web", "Ready", timeout=60)
                pods = cluster.wait(cluster.list(Pod), "phase=Running", timeout=60)
                pod = cluster.wait(pod, lambda pod: pod.status.pod_ip is not None, timeout=60)
        """
        several = not isinstance(target, str) and not hasattr(target, "metadata")
        targets = list(target) if several else [target]
        found = [refer(one, namespace) for one in targets]
        if not found:
            return []
        goal = read_until(until, found[0].kind)
        if any:
            awaited = yield from self._waiter.steps_to_any(found, goal, timeout)
            come = [(one, given) for one, given in zip(awaited, targets, strict=True) if one.done]
            return [one.last if one.last is not None else _given(given, one.reference) for one, given in come]
        states = yield from self._waiter.steps(found, goal, timeout)
        results = [
            state if state is not None else _given(one, reference)
            for state, one, reference in zip(states, targets, found, strict=True)
        ]
        return results if several else results[0]

    @waits
    def run(self, obj: T, timeout: float | None = None, check: bool = True) -> Steps[T]:
        """Create a Pod or Job, wait until it has finished, and return it with its status.

        Args:
            obj: the Pod or Job.
            timeout: seconds to wait at the most. Default: no limit.
            check: whether it is an error when it fails.

        Raises:
            RunFailed: it has failed; the message ends with its log.
            WaitTimeout: it has not finished in time, or never will, because its image does not exist, say. It is still there.

        Example:
            ::

                main = Container("main", image="busybox", command=["echo", "hello"])
                done = cluster.run(Job.new("hello", containers=[main]), timeout=60)
                print(cluster.logs(done))
        """
        return cast(T, (yield from run_to_end(self._waiter, obj, timeout=timeout, check=check)))


class _OfAnotherProcess(Cluster):
    """What a cluster is in a child process that was forked: all that one can do with it is to close it, which does nothing."""

    _ALLOWED = ("close", "_reason")

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") or name in _OfAnotherProcess._ALLOWED:
            return super().__getattribute__(name)
        raise PodkitError(self._reason)

    def close(self, *, grace: float = 0.0) -> None:
        """Leave it to the process that has opened it."""

    def __repr__(self) -> str:
        return "<podkit.Cluster of another process>"


def _given(target: Any, reference: Reference) -> Any:
    """What to return for an object that was gone before: the one that was passed in, or one with nothing but its name."""
    if not isinstance(target, str):
        return target
    cls: Any = reference.kind.cls
    return cls(metadata=ObjectMeta(name=reference.name, namespace=reference.namespace))
