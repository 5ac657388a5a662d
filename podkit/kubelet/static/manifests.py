"""Reading static Pods from files.

One file is one Pod. What an API server would do with it is done here: defaults and validation. A file that is no such Pod is
named with what is wrong, and the others are read all the same.

Source of the rules: ``pkg/kubelet/config/{file,common}.go``, ``pkg/api/pod/util.go`` (HasAPIObjectReference).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from attrs import define, field, frozen

from podkit.admission import set_defaults, validate
from podkit.admission.mirror_pods import HASH, SEEN, SOURCE
from podkit.codec import dumps, load
from podkit.codec.scalars import write_time
from podkit.errors import PodkitError
from podkit.kubelet.sources import references
from podkit.model import Pod
from podkit.model.copying import clone
from podkit.model.scheduling import Toleration

_Stamp = tuple[int, int, int]
"""What tells a changed file: its inode, its size and when it was written."""


@frozen
class Manifest:
    """What a file holds.

    Attributes:
        pod: the Pod; None: it holds none.
        problem: why not; empty if it does, or if it is empty as a file is that is being written.
    """

    pod: Pod | None = None
    problem: str = ""


@define
class Manifests:
    """The files of a directory, or one file; each is read again only when it has changed.

    Attributes:
        path: the directory or file. That it is not there is the same as its being empty.
        node_name: the node whose Pods they are.
    """

    path: Path
    node_name: str
    _known: dict[Path, tuple[_Stamp, Manifest]] = field(factory=dict, init=False)

    def read(self, now: datetime) -> dict[Path, Manifest]:
        """What all files hold, by their paths, in the order of their names.

        Raises:
            OSError: the directory cannot be read.
        """
        known, self._known = self._known, {}
        for path in sorted(self._files()):
            try:
                stat = path.stat()
                stamp = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
                before = known.get(path)
                found = before[1] if before is not None and before[0] == stamp else self._read_file(path, now)
            except FileNotFoundError:
                continue  # it has gone meanwhile
            except OSError as error:
                stamp, found = (0, 0, 0), Manifest(problem=f"cannot be read: {error.strerror}")
            self._known[path] = (stamp, found)
        return {path: found for path, (_, found) in self._known.items()}

    def _files(self) -> Iterator[Path]:
        try:
            if not self.path.is_dir():
                yield from [self.path] if self.path.exists() else []
                return
            yield from (one for one in self.path.iterdir() if not one.name.startswith(".") and one.is_file())
        except FileNotFoundError:
            return

    def _read_file(self, path: Path, now: datetime) -> Manifest:
        if not path.stat().st_size:
            return Manifest()
        try:
            return Manifest(self._static(load(path, Pod), path, now))
        except PodkitError as error:
            return Manifest(problem=str(error))
        except UnicodeDecodeError:
            return Manifest(problem="is no text")

    def _static(self, pod: Pod, path: Path, now: datetime) -> Pod:
        """A Pod as it runs on the node.

        Raises:
            PodkitError: it cannot be one of a node's own.
        """
        _refuse_references(pod)
        meta = pod.metadata
        uid = meta.uid or _uid(pod, self.node_name, path)
        pod.spec.node_name = self.node_name
        pod = set_defaults(pod)
        validate(pod)
        made = clone(pod)
        made.metadata.name = f"{meta.name}-{self.node_name}"
        made.metadata.namespace = meta.namespace or "default"
        made.metadata.uid = uid
        made.metadata.creation_timestamp = now
        made.metadata.annotations |= {HASH: uid, SOURCE: "file", SEEN: write_time(now)}
        made.spec.tolerations.append(Toleration(operator="Exists", effect="NoExecute"))
        made.status.phase = "Pending"
        return made


def _refuse_references(pod: Pod) -> None:
    """See that a Pod needs nothing of a store: it runs also where there is none."""
    spec = pod.spec
    found = sorted(f"{kind} {name!r}" for kind, name in references(pod))
    if spec.service_account_name:
        found.append(f"ServiceAccount {spec.service_account_name!r}")
    found += [f"ResourceClaim of {claim.name!r}" for claim in spec.resource_claims]
    if found:
        raise PodkitError(
            f"a static Pod cannot refer to other objects, and this one does, to {', '.join(found)}; "
            "write values and files into the manifest, or create the Pod in a cluster"
        )


def _uid(pod: Pod, node: str, path: Path) -> str:
    """What changes whenever the Pod, its node or its file does."""
    return hashlib.sha256(f"{dumps(pod)}\0{node}\0{path}".encode()).hexdigest()[:32]
