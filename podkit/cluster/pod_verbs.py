"""The verbs of `podkit.Cluster` that are about what goes on in Pods: logs, commands, files, events."""

from __future__ import annotations

import builtins
import os
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast, overload

from podkit.cluster import archive
from podkit.cluster.containers import ContainerFinder, Place, Way, spec_of
from podkit.cluster.describe import describe
from podkit.cluster.description import Description
from podkit.cluster.driver import CLOSED, Driver
from podkit.cluster.execution import ExecResult, as_text, checked, execute
from podkit.cluster.log_stream import FollowedLines, Lines, LogStream, WrittenLines
from podkit.cluster.logs import LogOptions, LogReader, Since
from podkit.cluster.object_list import ObjectList
from podkit.cluster.pods import by_time, events_of, pods_of
from podkit.cluster.port_forward import PortForward
from podkit.cluster.related import related
from podkit.cluster.session import Session
from podkit.cluster.target import Target, current, refer, verb, with_kind_and_name
from podkit.cluster.usage import WINDOW, Usage, UsageReader
from podkit.errors import PodkitError
from podkit.loop.cancellation import Cancellation, Cancelled, check
from podkit.loop.clock import Clock
from podkit.model.event import Event
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.runtime.base import Closeable
from podkit.runtime.streams import Streams
from podkit.store.base import Store


class PodVerbs:
    """What a cluster does with Pods and their containers.

    Args:
        store: where the objects are.
        finder: finds containers in the engines.
        logs: reads logs.
        usage: measures what Pods use.
        driver: lets time pass.
        clock: what time it is.
    """

    def __init__(
        self, store: Store, finder: ContainerFinder, logs: LogReader, usage: UsageReader, driver: Driver, clock: Clock
    ) -> None:
        self._objects = store
        self._finder = finder
        self._logs = logs
        self._usage = usage
        self._driver = driver
        self._clock = clock
        self._open: weakref.WeakSet[Closeable] = weakref.WeakSet()
        self._calls: set[Cancellation] = set()

    @verb
    def logs(
        self,
        target: Target,
        container: str | None = None,
        previous: bool = False,
        since: Since | None = None,
        tail: int | None = None,
        timestamps: bool = False,
        limit_bytes: int | None = None,
        *,
        namespace: str = "default",
    ) -> str:
        """What a Pod's container has written, exactly; for a Job or another owner what all its Pods have, with their names.

        Args:
            target: an object, ``"kind/name"``, or kind and name.
            container: which container. Default: the one that the Pod's annotation ``kubectl.kubernetes.io/default-container``
                names, else the first.
            previous: the run before the present one, after a restart.
            since: only what was written in the last so many seconds (or ``timedelta``), or since a ``datetime``.
            tail: only so many lines from the end, of each container.
            timestamps: put the time before each line.
            limit_bytes: no more than so many bytes.
            namespace: where, unless the target is an object.

        Raises:
            NotFound: there is no such object.
            PodkitError: the container has not started yet, or there is none of that name.

        Example:
            ::

                print(cluster.logs("pod/web", tail=20, timestamps=True))
                print(cluster.logs("deploy/web", since=60))
        """
        options = LogOptions(container, previous, since, tail, timestamps, limit_bytes)
        obj = current(self._objects, target, namespace)
        return self._logs.read(pods_of(self._objects, obj), options, prefixed=not isinstance(obj, Pod))

    @verb
    def stream_logs(
        self,
        target: Target,
        container: str | None = None,
        previous: bool = False,
        since: Since | None = None,
        tail: int | None = None,
        timestamps: bool = False,
        limit_bytes: int | None = None,
        follow: bool = True,
        *,
        namespace: str = "default",
    ) -> LogStream:
        """As `logs`, line by line (each with its newline) and, unless ``follow`` is False, also what is still to be written.

        It goes on through restarts of the container. Of an owner of Pods it tells what all its Pods write, as it comes, also those
        that are made later. It ends when nothing can come any more: the container stays as it has ended, the Job is finished;
        the stream of a Deployment, or of another that always keeps Pods, when it is deleted.

        Returns:
            An iterator that also ends when it is closed, or the cluster is.

        Example:
            ::

                with cluster.stream_logs(job) as lines:
                    for line in lines:
                        print(line, end="")
        """
        options = LogOptions(container, previous, since, tail, timestamps, limit_bytes)
        obj = current(self._objects, target, namespace)
        lines: Lines
        if follow and not previous:
            lines = FollowedLines(self._objects, self._finder, self._driver, self._clock, obj, options)
        else:
            places = self._logs.places(pods_of(self._objects, obj), options)
            lines = WrittenLines(self._logs, places, options, prefixed=not isinstance(obj, Pod))
        stream = LogStream(lines, self._driver)
        self._open.add(stream)
        return stream

    @overload
    def exec(
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
    def exec(
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
    def exec(self, target: type[Any] | str, name: str, argv: Sequence[str], **options: Any) -> ExecResult[Any]: ...
    @with_kind_and_name
    def exec(
        self,
        target: Target,
        argv: Sequence[str],
        container: str | None = None,
        stdin: str | bytes | None = None,
        timeout: float | None = None,
        check: bool = False,
        text: bool = True,
        *,
        namespace: str = "default",
    ) -> ExecResult[Any]:
        """Run a command in a running container, and return what it has written and its exit code.

        Args:
            target: a Pod, ``"pod/name"``, or kind and name; of a Job or another owner the first of its Pods is taken.
            argv: the command and its arguments, as a list. There is no shell, unless it is the command: ``["sh", "-c", "…"]``.
            container: which container. Default: as for `logs`.
            stdin: what the command reads. Default: nothing.
            timeout: seconds after which it is killed. Default: no limit.
            check: whether an exit code other than 0 is an error.
            text: whether ``stdout`` and ``stderr`` are text; else they are bytes.
            namespace: where, unless the target is an object.

        Raises:
            ExecFailed: the container does not run, the timeout has come, or (with ``check``) the command has failed.
            PodkitError: the cluster has been closed meanwhile, and the command killed.

        Example:
            ::

                result = cluster.exec("pod/web", ["cat"], stdin="hello", timeout=10)
                print(result.exit_code, result.stdout, result.stderr)
        """
        place = self._running(target, container, namespace)
        with self._ended_by_closing():
            result = execute(place, argv, stdin=stdin, timeout=timeout, check=check)
        return as_text(result) if text else result

    @verb
    def stream_exec(
        self,
        target: Target,
        argv: Sequence[str],
        container: str | None = None,
        stdin: bool = False,
        tty: bool = False,
        *,
        namespace: str = "default",
    ) -> Session:
        r"""Run a command in a running container, and talk with it while it runs, as ``kubectl exec -it`` does.

        Args:
            target: as for `exec`.
            argv: the command and its arguments, as a list.
            container: which container. Default: as for `logs`.
            stdin: whether it has an open input.
            tty: whether it has a terminal, whose size `Session.resize` sets.
            namespace: where, unless the target is an object.

        Returns:
            The conversation. Close it, or use it in a ``with`` block::

                with cluster.stream_exec(pod, ["sh"], stdin=True) as shell:
                    shell.write("echo hello; exit 3\n")
                    print(shell.read_until("hello"), shell.wait())

        Raises:
            ExecFailed: the container does not run.
        """
        place = self._running(target, container, namespace)
        streams = place.runtime.open_exec(place.container_id, checked(argv), stdin=stdin, tty=tty)
        return self._session(
            streams, f"the command in container {place.container!r} of pod {place.pod.metadata.name!r}", tty=tty
        )

    @verb
    def attach(
        self, target: Target, container: str | None = None, stdin: bool = False, *, namespace: str = "default"
    ) -> Session:
        r"""Attach to a running container: read what its first process writes from now on, and write to its input.

        It must have been made for that: with ``stdin: true`` in its spec for input, with ``tty: true`` for a terminal. With
        ``stdinOnce: true`` its input ends with the first conversation.

        Args:
            target: as for `exec`.
            container: which container. Default: as for `logs`.
            stdin: whether to write to its input.
            namespace: where, unless the target is an object.

        Returns:
            The conversation. Close it, or use it in a ``with`` block.

        Raises:
            ExecFailed: the container does not run.
            PodkitError: the container has no open input.

        Example:
            ::

                with cluster.attach("pod/web", stdin=True) as session:
                    session.write("hello\n")
                    print(session.read_until("hello", timeout=30))
        """
        place = self._running(target, container, namespace)
        spec = spec_of(place.pod, place.container)
        what = f"container {place.container!r} of pod {place.pod.metadata.name!r}"
        if stdin and not spec.stdin:
            raise PodkitError(f"{what} has no open standard input; set stdin: true in its spec")
        once = bool(spec.stdin_once)
        streams = place.runtime.attach(place.container_id, stdin=stdin, stdin_once=once)
        return self._session(streams, what, tty=bool(spec.tty))

    def _session(self, streams: Streams, what: str, *, tty: bool) -> Session:
        session = Session(streams, what, tty=tty, driver=self._driver, clock=self._clock)
        self._open.add(session)
        return session

    @verb
    def copy_to(
        self,
        target: Target,
        src: str | os.PathLike[str] | bytes,
        dst: str,
        container: str | None = None,
        *,
        namespace: str = "default",
    ) -> None:
        """Copy a file or directory (or, as ``bytes``, the content of a file) into a running container.

        It is copied as ``docker cp`` does: into ``dst`` if that is a directory, or ends with ``/``, else as ``dst``. What is there
        under the same names is replaced, each by itself; directories that are missing are made. Modes and links come along; the
        owner is the user of the container. The image needs no ``tar``.

        Args:
            target: a Pod, ``"pod/name"``, or kind and name.
            src: a path on this machine, or the content. If it ends with ``/.`` it is what is in the directory.
            dst: the path in the container.
            container: which container. Default: as for `logs`.
            namespace: where, unless the target is an object.

        Raises:
            OSError: ``src`` cannot be read.
            ExecFailed: the container does not run.
            PodkitError: a directory cannot take the place of a file, or content that of a directory.
            RuntimeFailed: ``dst`` cannot be written.

        Example:
            ::

                cluster.copy_to("pod/web", "site/", "/www")           # a directory, or a file
                cluster.copy_to("pod/web", b"hello", "/www/index.html")
        """
        archive.copy_to(self._running(target, container, namespace), src, dst)

    @verb
    def copy_from(
        self,
        target: Target,
        src: str,
        dst: str | os.PathLike[str],
        container: str | None = None,
        *,
        namespace: str = "default",
    ) -> Path:
        """Copy a file or directory out of a running container; return where it is then.

        It is copied as ``docker cp`` does: into ``dst`` if that is a directory, else as ``dst``. Modes and links come along, but no
        owners; pipes, sockets and devices are left out. Nothing is written outside of ``dst``, whatever the container says.

        Args:
            target: a Pod, ``"pod/name"``, or kind and name.
            src: the path in the container. If it ends with ``/.`` it is what is in the directory.
            dst: the path on this machine.
            container: which container. Default: as for `logs`.
            namespace: where, unless the target is an object.

        Raises:
            ExecFailed: the container does not run.
            RuntimeFailed: there is no ``src``.
            PodkitError: a directory cannot take the place of a file; or what the container has packed is not to be trusted.

        Example:
            ::

                path = cluster.copy_from("pod/web", "/etc/hostname", "hostname.txt")
        """
        return archive.copy_from(self._running(target, container, namespace), src, Path(dst))

    @verb
    def port_forward(
        self,
        target: Target,
        port: int | str,
        local_port: int = 0,
        *,
        address: str = "127.0.0.1",
        namespace: str = "default",
    ) -> PortForward:
        """Open a port of this machine that leads to a port of a Pod, until it is closed.

        It leads to what listens in the Pod on ``localhost``, as with ``kubectl port-forward``. Each connection looks for the Pod
        anew, so that it goes on when a container restarts; of a Job or another owner it is the first of its running Pods.

        Args:
            target: a Pod, ``"pod/name"``, or kind and name; or an owner of Pods.
            port: the port in the Pod, or its name among the ports of the Pod's containers.
            local_port: the port of this machine. Default: one that is free, see ``local_port`` of what is returned.
            address: the address of this machine to listen on. Default: for programs of this machine alone.
            namespace: where, unless the target is an object.

        Returns:
            The open port. Close it, or use it in a ``with`` block::

                with cluster.port_forward("pod/web", 80) as forward:
                    urlopen(f"http://127.0.0.1:{forward.local_port}/")

        Raises:
            NotFound: there is no such object.
            PodkitError: the Pod does not run, has no port of that name, or the local port is taken.
        """

        def find_way() -> Way:
            return self._finder.way(self._chosen(current(self._objects, target, namespace)), port)

        forward = PortForward(find_way, local_port=local_port, address=address)
        self._open.add(forward)
        return forward

    def top(
        self,
        target: Target | type[Any] | Iterable[Target] = "pods",
        *,
        namespace: str | None = None,
        labels: str | None = None,
        window: float = WINDOW,
    ) -> builtins.list[Usage]:
        """What Pods or nodes use now: processors and bytes of memory.

        It takes as long as the ``window``, over which the use of the processor is averaged.

        Args:
            target: a kind (``Pod``, ``"pods"``, ``"nodes"``): all of them; or a Pod, an owner of Pods, a node, or several of these.
            namespace: where to look for Pods. Default: everywhere, or ``default`` for a target such as ``"pod/web"``.
            labels: with a kind, only those whose labels match this selector.
            window: seconds.

        Returns:
            One entry for each Pod that runs, or for each node; with the containers, or Pods, as its ``parts``. Printed, it is a
            line of ``kubectl top``.

        Raises:
            NotFound: there is no such object.

        Example:
            ::

                for usage in cluster.top(Pod, labels="app=web"):
                    print(usage.name, usage.cpu, usage.memory)
        """
        several = builtins.list(self._targets(target, namespace, labels))
        nodes = [one for one in several if isinstance(one, Node)]
        if nodes:
            return self._usage.of_nodes(nodes, self._objects.list(Pod), window)
        pods = {pod.metadata.uid: pod for one in several for pod in pods_of(self._objects, one)}
        return self._usage.of_pods(pods.values(), window)

    def _targets(
        self, target: Target | type[Any] | Iterable[Target], namespace: str | None, labels: str | None
    ) -> Iterator[Any]:
        """The objects that are meant."""
        if isinstance(target, type) or (isinstance(target, str) and "/" not in target):
            yield from self._objects.list(kind_of(target).cls, namespace=namespace, labels=labels)
        elif isinstance(target, str) or hasattr(target, "metadata"):
            yield current(self._objects, cast(Target, target), namespace or "default")
        else:
            for one in target:
                yield current(self._objects, one, namespace or "default")

    def close_streams(self) -> None:
        """End what verbs have left open, and those that are under way in other threads.

        Example:
            ::

                cluster.close_streams()
        """
        for call in list(self._calls):
            call.request()
        for one in list(self._open):
            one.close()

    @contextmanager
    def _ended_by_closing(self) -> Iterator[None]:
        """A block that ends when the cluster is closed by another thread.

        Raises:
            PodkitError: it has been.
        """
        call = Cancellation()
        self._calls.add(call)
        try:
            with call.applies():
                yield
        except Cancelled:
            check()  # is it one that somebody else wants to end?
            raise PodkitError(CLOSED) from None
        finally:
            self._calls.discard(call)

    def events(
        self, target: Target | None = None, name: str | None = None, *, namespace: str | None = None
    ) -> builtins.list[Event]:
        """What has happened, the latest last.

        Args:
            target: an object, ``"kind/name"``, or with ``name`` a kind: only what has happened to it. Default: everything.
            name: see ``target``.
            namespace: where. Default: all namespaces, or with a target its own.

        Example:
            ::

                for event in cluster.events("pod/web"):
                    print(event.type, event.reason, event.message)
        """
        if target is None:
            found = by_time(self._objects.list(Event, namespace=namespace))
            return ObjectList(found, now=self._clock.now())
        about = f"{kind_of(target).singular}/{name}" if name is not None else target
        return ObjectList(events_of(self._objects, refer(about, namespace or "default")), now=self._clock.now())

    @verb
    def describe(self, target: Target, *, namespace: str = "default") -> str:
        """All that is known of an object, as ``kubectl describe`` writes it, for people to read; in a notebook, as a card.

        Example:
            ::

                print(cluster.describe("pod/web"))
        """
        obj = current(self._objects, target, namespace)
        events, now = events_of(self._objects, refer(obj)), self._clock.now()
        beside = related(self._objects, obj)
        return Description.of(describe(obj, events, now, beside), obj, events, now, beside)

    def _running(self, target: Target, container: str | None, namespace: str) -> Place:
        """The running container that is meant."""
        return self._finder.running(self._chosen(current(self._objects, target, namespace)), container)

    def _chosen(self, obj: KubernetesObject) -> Pod:
        """The Pod in which something is to be done."""
        pods = pods_of(self._objects, obj)
        if not pods:
            raise PodkitError(f"{refer(obj)} has no Pods")
        return next((pod for pod in pods if pod.status.phase == "Running"), pods[0])
