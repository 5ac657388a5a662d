"""The verbs of `podkit.Cluster` that tell how things are: logs, events, descriptions, what is used."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from typing import Any, cast

from podkit.cluster.describe import describe
from podkit.cluster.description import Description
from podkit.cluster.followed_lines import FollowedLines
from podkit.cluster.log_stream import Lines, LogStream, WrittenLines
from podkit.cluster.logs import LogOptions, Since
from podkit.cluster.object_list import ObjectList
from podkit.cluster.pods import by_time, events_of, pods_of, writers_of
from podkit.cluster.related import related
from podkit.cluster.target import Target, current, refer, verb
from podkit.cluster.usage import WINDOW, Usage, UsageList
from podkit.cluster.verb_group import VerbGroup
from podkit.model.event import Event
from podkit.model.kinds import kind_of
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.selector import Labels


class InspectionVerbs(VerbGroup):
    """What a cluster tells of objects and of what their Pods do."""

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
        obj = current(self._store, target, namespace)
        return self._logs.read(writers_of(self._store, obj), options, prefixed=not isinstance(obj, Pod))

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
        obj = current(self._store, target, namespace)
        writers = writers_of(self._store, obj)
        lines: Lines
        if follow and not previous:
            lines = FollowedLines(self._store, self._finder, self._driver, self._clock, obj, options)
        else:
            places = self._logs.places(writers, options)
            lines = WrittenLines(self._logs, places, options, prefixed=not isinstance(obj, Pod))
        return self._streams.add(LogStream(lines, self._driver))

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
            found = by_time(self._store.list(Event, namespace=namespace))
            return ObjectList(found, now=self._clock.now())
        about = f"{kind_of(target).singular}/{name}" if name is not None else target
        return ObjectList(events_of(self._store, refer(about, namespace or "default")), now=self._clock.now())

    @verb
    def describe(self, target: Target, *, namespace: str = "default") -> str:
        """All that is known of an object, as ``kubectl describe`` writes it, for people to read; in a notebook, as a card.

        Example:
            ::

                print(cluster.describe("pod/web"))
        """
        obj = current(self._store, target, namespace)
        events, now = events_of(self._store, refer(obj)), self._clock.now()
        beside = related(self._store, obj)
        return Description.of(describe(obj, events, now, beside), obj, events, now, beside)

    @verb
    def explain(self, target: Target, *, namespace: str = "default") -> str:
        """Why an object is as it is, in a few lines: conditions, states of containers, the last events, the ends of logs.

        It is what the message of a failed `wait` ends with. Of an object that keeps Pods, it tells of those that are not well.

        Example:
            ::

                print(cluster.explain("deploy/web"))
        """
        return self._waiter.explain(current(self._store, target, namespace)).lstrip("\n")

    def top(
        self,
        target: Target | type[Any] | Iterable[Target] = "pods",
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
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
            One entry for each Pod that runs, or for each node; with the containers, or Pods, as its ``parts``. Printed, the
            list is what ``kubectl top`` prints; in a notebook it is a table.

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
            return UsageList(self._usage.of_nodes(nodes, self._store.list(Pod), window))
        pods = {pod.metadata.uid: pod for one in several for pod in pods_of(self._store, one)}
        return UsageList(self._usage.of_pods(pods.values(), window))

    def _targets(
        self, target: Target | type[Any] | Iterable[Target], namespace: str | None, labels: Labels | None
    ) -> Iterator[Any]:
        """The objects that are meant."""
        if isinstance(target, type) or (isinstance(target, str) and "/" not in target):
            yield from self._store.list(kind_of(target).cls, namespace=namespace, labels=labels)
        elif isinstance(target, str) or hasattr(target, "metadata"):
            yield current(self._store, cast(Target, target), namespace or "default")
        else:
            for one in target:
                yield current(self._store, one, namespace or "default")
