"""The verbs of `podkit.Cluster` that reach into Pods: commands, files, ports, further containers, other limits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from podkit.cluster import archive
from podkit.cluster.containers import Place, Way
from podkit.cluster.debug import debug
from podkit.cluster.execution import ExecResult, as_text, checked, execute
from podkit.cluster.pauses import Steps, waits
from podkit.cluster.pods import pods_of
from podkit.cluster.port_forward import PortForward
from podkit.cluster.resize import resize
from podkit.cluster.session import Session
from podkit.cluster.target import Target, current, refer, verb, with_kind_and_name
from podkit.cluster.verb_group import VerbGroup
from podkit.errors import PodkitError
from podkit.model.container import EphemeralContainer
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.model.pod_containers import find_container
from podkit.runtime.streams import Streams
from podkit.store.naming import random_suffix


class PodVerbs(VerbGroup):
    """What a cluster does with Pods and their containers."""

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
        with self._calls.ended_by_closing():
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
        spec = find_container(place.pod.spec, place.container)
        what = f"container {place.container!r} of pod {place.pod.metadata.name!r}"
        if stdin and not spec.stdin:
            raise PodkitError(f"{what} has no open standard input; set stdin: true in its spec")
        once = bool(spec.stdin_once)
        streams = place.runtime.attach(place.container_id, stdin=stdin, stdin_once=once)
        return self._session(streams, what, tty=bool(spec.tty))

    def _session(self, streams: Streams, what: str, *, tty: bool) -> Session:
        return self._streams.add(Session(streams, what, tty=tty, driver=self._driver, clock=self._clock))

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
            return self._finder.way(self._chosen(current(self._store, target, namespace)), port)

        return self._streams.add(PortForward(find_way, local_port=local_port, address=address))

    @verb
    @waits
    def debug(
        self,
        pod: Target,
        image: str,
        name: str | None = None,
        command: Sequence[str] | None = None,
        target: str | None = None,
        stdin: bool = False,
        tty: bool = False,
        timeout: float | None = None,
        *,
        namespace: str = "default",
    ) -> Steps[Pod]:
        """Add an ephemeral container to a Pod, to look at it with the tools of another image; wait until it runs.

        Then `exec`, `logs` and `copy_from` take its name as ``container``.

        Args:
            pod: the Pod, ``"pod/name"``, or kind and name.
            image: the image of the container.
            name: its name. Default: ``debugger-`` and five characters.
            command: what it runs. Default: what the image says.
            target: a container of the Pod whose processes it sees too.
            stdin: whether it has an open standard input.
            tty: whether it has a terminal.
            timeout: seconds to wait at the most. Default: no limit.
            namespace: where, unless the target is an object.

        Returns:
            The Pod; the container is the last of ``spec.ephemeral_containers``.

        Raises:
            NotFound, ValidationError
            PodkitError: the Pod has ended, or has a container of that name.
            WaitTimeout: the container does not run in time, or never will: its image does not exist, say.

        Example:
            ::

                pod = cluster.debug("pod/web", "busybox", name="tools", command=["sleep", "600"], target="main", timeout=60)
                print(cluster.exec(pod, ["ps"], container="tools").stdout)
        """
        found = refer(pod, namespace)
        if found.kind.cls is not Pod:
            raise PodkitError(f"{found} is no Pod; debug one of its Pods")
        container = EphemeralContainer(
            name=name or f"debugger-{random_suffix()}",
            image=image,
            command=list(command or ()),
            target_container_name=target,
            stdin=stdin or None,
            tty=tty or None,
        )
        return (yield from debug(self._waiter, found, container, timeout))

    @verb
    def resize(
        self,
        pod: Target,
        container: str,
        requests: Mapping[str, str] | None = None,
        limits: Mapping[str, str] | None = None,
        *,
        namespace: str = "default",
    ) -> Pod:
        """Change the CPU and memory of a container while it runs: ``cluster.resize(pod, "main", limits={"memory": "256Mi"})``.

        The container goes on running, unless its ``resizePolicy`` says that it restarts. It does not wait: the Pod's conditions
        ``PodResizePending`` and ``PodResizeInProgress`` tell how far it is, and ``status.container_statuses[].resources`` what is
        in force.

        Args:
            pod: the Pod, ``"pod/name"``, or kind and name.
            container: the name of the container.
            requests: what is set aside from now on, by resource (``cpu``, ``memory``). Default: as before.
            limits: what it may use at most, by resource. Default: as before.
            namespace: where, unless the target is an object.

        Returns:
            The Pod as it is stored now.

        Raises:
            NotFound: there is no such Pod.
            ValidationError: an API server would refuse the change: it changes the QoS class, say.
            PodkitError: the Pod has no such container, or there is nothing to change.

        Example:
            ::

                cluster.resize("pod/web", "main", requests={"cpu": "100m"}, limits={"memory": "128Mi"})
        """
        found = refer(pod, namespace)
        if found.kind.cls is not Pod:
            raise PodkitError(f"{found} is no Pod; resize one of its Pods")
        return resize(self._store, found, container, requests, limits)

    def _running(self, target: Target, container: str | None, namespace: str) -> Place:
        """The running container that is meant."""
        return self._finder.running(self._chosen(current(self._store, target, namespace)), container)

    def _chosen(self, obj: KubernetesObject) -> Pod:
        """The Pod in which something is to be done."""
        pods = pods_of(self._store, obj)
        if not pods:
            raise PodkitError(f"{refer(obj)} has no Pods")
        return next((pod for pod in pods if pod.status.phase == "Running"), pods[0])
