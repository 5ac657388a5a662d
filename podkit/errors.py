"""Every error that podkit raises, in one tree.

```
PodkitError
├── InvalidObject            what was given is not a good object
│   ├── DecodeError          the document cannot be read as the kind that it says it is
│   └── ValidationError      it can be read, and an API server would refuse it
├── StoreError               the store refuses an operation
│   ├── NotFound
│   ├── AlreadyExists
│   ├── Conflict             the resource version is stale
│   └── Expired              a watch asks for history that is no longer kept
├── WaitTimeout              what was waited for did not happen, or never can
├── RunFailed                a workload that was run to its end has failed
├── ExecFailed               a command run in a container has failed
├── NodeInUse                another process holds this node root or store
├── RuntimeUnavailable       the container engine is not there, or does not answer
└── RuntimeFailed            the container engine refused an operation
    ├── ImageNotFound
    ├── ImagePullFailed
    ├── ContainerNotFound
    ├── PortInUse
    └── StartFailed          the container's process could not be started
```

A message says what was asked, what is wrong, where, and what to do about it. Whatever a program may want to act on is an
attribute beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from podkit.model.meta import KubernetesObject


class PodkitError(Exception):
    """The base of every error that podkit raises on purpose.

    Example:
        ::

            try:
                cluster.run(job, timeout=60)
            except PodkitError as error:
                print(error)
    """


@frozen
class FieldError:
    """One thing that is wrong in one field.

    Attributes:
        path: the Kubernetes field path, such as ``spec.containers[0].ports[1].containerPort``.
        reason: one of Required, Invalid, NotSupported, Duplicate, Forbidden, TooLong, TooMany, TypeInvalid.
        message: what is wrong, and where it helps, what would be right.
        value: the value that was found, if there was one.
        line: the line in the file or text that the object came from, counted from 1; None when it came from no text.
        column: the column in that line, counted from 1.
        source: the name of the file, if it came from one.

    Example:
        ::

            try:
                validate(Pod.new("Web!", containers=[]))
            except ValidationError as problem:
                for error in problem.errors:
                    print(error.path, error.reason, error.message)
    """

    path: str
    reason: str
    message: str
    value: Any = None
    line: int | None = None
    column: int | None = None
    source: str | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        place = self.source or ""
        if self.line is not None:
            place += f"{':' if place else 'line '}{self.line}"
            place += f":{self.column}" if self.column is not None else ""
        return f"{place + ': ' if place else ''}{self.path + ': ' if self.path else ''}{self.message}"


class InvalidObject(PodkitError):
    """An object or document that is not acceptable.

    Attributes:
        errors: everything that is wrong with it, not only the first.

    Example:
        ::

            try:
                validate(loads(text))
            except InvalidObject as problem:
                print(len(problem.errors), problem)
    """

    def __init__(self, errors: Iterable[FieldError], *, what: str = "the object") -> None:
        self.errors = list(errors)
        self.what = what
        super().__init__(self.what, self.errors)

    _verb = "is not acceptable"

    def __str__(self) -> str:
        if len(self.errors) == 1:
            return f"{self.what} {self._verb}: {self.errors[0]}"
        lines = "".join(f"\n  {error}" for error in self.errors)
        return f"{self.what} {self._verb}, for {len(self.errors)} reasons:{lines}"


class DecodeError(InvalidObject):
    r"""A document that cannot be read as the kind that it says it is: bad YAML, an unknown field, a wrong type.

    Example:
        ::

            try:
                loads("apiVersion: v1\nkind: Pod\nmetdata: {}\n")
            except DecodeError as problem:
                print(problem.errors[0].line, problem)
    """

    _verb = "cannot be read"


class ValidationError(InvalidObject):
    """An object that can be read but that an API server would refuse.

    Example:
        ::

            try:
                cluster.create(Pod.new("web!", containers=[Container("main", image="busybox")]))
            except ValidationError as problem:
                print([(error.path, error.reason) for error in problem.errors])
    """

    _verb = "is not valid"


class StoreError(PodkitError):
    """The store refuses an operation.

    Example:
        ::

            try:
                cluster.delete("pod/no-such-pod")
            except StoreError as error:
                print(error)
    """


class NotFound(StoreError):
    """There is no object of this kind and name.

    Attributes:
        kind: the kind that was asked for.
        namespace: its namespace; None for kinds that have none.
        name: its name.

    Example:
        ::

            try:
                cluster.get(Pod, "no-such-pod")
            except NotFound as error:
                print(error.kind, error.namespace, error.name)
    """

    def __init__(self, kind: str, name: str, namespace: str | None = None, *, hint: str = "") -> None:
        self.kind, self.name, self.namespace = kind, name, namespace
        where = f" in namespace {namespace!r}" if namespace else ""
        super().__init__(f"{kind} {name!r} does not exist{where}{'; ' + hint if hint else ''}")


class AlreadyExists(StoreError):
    """There is an object of this kind and name already.

    Attributes:
        kind: the kind of the object.
        namespace: its namespace; None for kinds that have none.
        name: its name.

    Example:
        ::

            try:
                cluster.create(ConfigMap.new("settings", {}))
            except AlreadyExists as error:
                print(error.kind, error.name)
    """

    def __init__(self, kind: str, name: str, namespace: str | None = None) -> None:
        self.kind, self.name, self.namespace = kind, name, namespace
        where = f" in namespace {namespace!r}" if namespace else ""
        super().__init__(f"{kind} {name!r} exists already{where}; use apply() or update() to change it")


class Conflict(StoreError):
    """The object has changed since it was read (or is not the one that was meant): read it again and repeat the change.

    Example:
        ::

            while True:
                settings = cluster.get(ConfigMap, "settings")
                settings.data["count"] = str(int(settings.data.get("count", "0")) + 1)
                try:
                    settings = cluster.update(settings)
                    break
                except Conflict:
                    continue
    """


class Expired(StoreError):
    """A watch asks for changes that the store no longer remembers: list again and watch from there.

    Example:
        ::

            try:
                watch = cluster.watch(Pod, since="1")
            except Expired:
                watch = cluster.watch(Pod)                   # begins with what is there
    """


class WaitTimeout(PodkitError):
    """What was waited for did not happen in time, or never can.

    Attributes:
        object: the object as it was last seen; None when it does not exist.
        hopeless: True when the wait was ended early, because what was waited for can never come true.

    Example:
        ::

            try:
                cluster.wait("pod/web", "phase=Failed", timeout=1)
            except WaitTimeout as error:
                print(error.hopeless, error.object, error)
    """

    def __init__(self, message: str, *, object: KubernetesObject | None = None, hopeless: bool = False) -> None:
        self.object: Any = object
        self.hopeless = hopeless
        super().__init__(message)


class RunFailed(PodkitError):
    """A workload that was run to its end has failed.

    Attributes:
        object: the finished object, its status included.

    Example:
        ::

            try:
                fails = Container("main", image="busybox", command=["false"])
                cluster.run(Pod.new("fails", containers=[fails], restart_policy="Never"))
            except RunFailed as error:
                print(error.object, error)
    """

    def __init__(self, message: str, *, object: KubernetesObject) -> None:
        self.object: Any = object
        super().__init__(message)


class ExecFailed(PodkitError):
    """A command that was run in a container could not be run, or ended with another exit code than 0.

    Attributes:
        exit_code: its exit code; None when it ran into its timeout or never ran.
        stdout: what it wrote until then.
        stderr: what it wrote to the error stream until then.

    Example:
        ::

            try:
                cluster.exec("pod/web", ["ls", "/nowhere"], check=True)
            except ExecFailed as error:
                print(error.exit_code, error.stderr)
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: int | None = None,
        stdout: str | bytes = "",
        stderr: str | bytes = "",
    ) -> None:
        self.exit_code, self.stdout, self.stderr = exit_code, stdout, stderr
        super().__init__(message)


class NodeInUse(PodkitError):
    """Another process holds this node root or store.

    Example:
        ::

            try:
                Cluster(root_dir="/var/lib/mytool")
            except NodeInUse as error:
                print(error)                                  # names the process
    """


class RuntimeUnavailable(PodkitError):
    """The container engine is not there, or does not answer.

    Example:
        ::

            try:
                runtime = PodmanRuntime("unix:///no/such/podman.sock")
            except RuntimeUnavailable as error:
                print(error)
    """


class RuntimeFailed(PodkitError):
    """The container engine refused an operation.

    Attributes:
        operation: what was asked of it, in words.
        detail: what it answered.
        status: its HTTP status, if it had one.

    Example:
        ::

            try:
                engine.start_container("no-such-container")
            except RuntimeFailed as error:
                print(error.operation, error.detail, error.status)
    """

    def __init__(self, message: str, *, operation: str = "", detail: str = "", status: int | None = None) -> None:
        self.operation, self.detail, self.status = operation, detail, status
        super().__init__(message)


class ImageNotFound(RuntimeFailed):
    """No such image: not in the local storage, or not in the registry that was asked.

    Example:
        ::

            try:
                engine.pull_image("example.com/no-such-image")
            except ImageNotFound as error:
                print(error)
    """


class ImagePullFailed(RuntimeFailed):
    """The image may exist, but could not be fetched: the registry does not answer, refuses, or the transfer broke.

    Example:
        ::

            try:
                engine.pull_image("example.com/private:1", None)
            except ImageNotFound:
                print("there is none")
            except ImagePullFailed as error:
                print("perhaps later:", error)
    """


class ContainerNotFound(RuntimeFailed):
    """No such container or sandbox: it has been removed, perhaps by somebody else.

    Example:
        ::

            try:
                engine.start_container("no-such-container")
            except ContainerNotFound as error:
                print(error)
    """


class PortInUse(RuntimeFailed):
    """A host port that a Pod asks for is taken by another process or Pod.

    Example:
        ::

            engine.faults.fail("run_sandbox", PortInUse("port 80 is taken"))     # in a test
    """


class StartFailed(RuntimeFailed):
    """The container's process could not be started: no such command, not executable, no such working directory.

    Example:
        ::

            engine.faults.fail("start_container", StartFailed("no such command"))   # in a test
    """
