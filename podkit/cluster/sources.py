"""What can be applied: files, directories, texts, objects, and iterables of all of these.

A text that is one line long and does not begin with a brace, ``apiVersion:`` or ``kind:`` is the path of a file or directory;
any other text is itself the manifest. Of a directory the files ``*.yaml``, ``*.yml`` and ``*.json`` are read, in the order of
their names and without those of directories below it, as kubectl does. All documents are read before anything is done with the
first, and everything that is wrong with any of them is told at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from attrs import has

from podkit.codec import from_dict, load_all, loads_all
from podkit.errors import DecodeError, FieldError
from podkit.model.meta import KubernetesObject

Source: TypeAlias = "str | os.PathLike[str] | KubernetesObject | Mapping[str, Any] | Iterable[Source]"
"""Where objects come from: see the module."""

SUFFIXES = (".yaml", ".yml", ".json")

_ORDER = {
    name: position
    for position, names in enumerate(
        (
            ("Namespace",),
            ("Node", "PriorityClass", "RuntimeClass"),
            ("ServiceAccount", "LimitRange"),
            ("ConfigMap", "Secret"),
            ("PersistentVolumeClaim",),
            ("Service",),
            ("PodTemplate", "ControllerRevision"),
        )
    )
    for name in names
}
_LAST = len(_ORDER)


def read_sources(source: Source) -> list[Any]:
    """All objects of a source, in its order.

    Raises:
        DecodeError: documents that cannot be read; all that is wrong with all of them.
        OSError: a file that cannot be read.
    """
    objects: list[Any] = []
    errors: list[FieldError] = []
    for part in _parts(source):
        try:
            objects += _read(part)
        except DecodeError as error:
            errors += error.errors
    if errors:
        raise DecodeError(errors, what="what was to be applied")
    return objects


def in_order(objects: Iterable[Any]) -> list[int]:
    """The positions of objects, in an order in which they can be written: what others refer to comes first."""
    kinds = [obj.kind for obj in objects]
    return sorted(range(len(kinds)), key=lambda position: _ORDER.get(kinds[position], _LAST))


def is_manifest(target: Any) -> bool:
    """Whether what a verb is given is a whole manifest, rather than one object, its kind, or ``kind/name``.

    That is a path object, a text that is the name of a manifest file or itself a manifest, a mapping, or an iterable.
    """
    if isinstance(target, str):
        return not _is_path(target) or Path(target).suffix in SUFFIXES or target.endswith("/")
    if isinstance(target, os.PathLike | Mapping):
        return True
    return isinstance(target, Iterable) and not isinstance(target, type)


def _parts(source: Any) -> Iterator[Any]:
    """The single texts, files and objects of a source."""
    if _is_path(source):
        path = Path(source)
        yield from _files_of(path) if path.is_dir() else [path]
    elif isinstance(source, str | Mapping) or has(type(source)) or hasattr(source, "read"):
        yield source
    elif isinstance(source, Iterable) and not isinstance(source, bytes | bytearray):
        for part in source:
            yield from _parts(part)
    else:
        what = "bytes" if isinstance(source, bytes | bytearray) else f"a {type(source).__name__}"
        raise TypeError(f"{what} cannot be applied; pass a path, a text, an object, or a list of such")


def _is_path(source: Any) -> bool:
    if isinstance(source, str):
        return "\n" not in source and not source.lstrip().startswith(("{", "apiVersion:", "kind:"))
    return isinstance(source, os.PathLike)


def _files_of(directory: Path) -> list[Path]:
    found = sorted(path for path in directory.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if not found:
        raise FileNotFoundError(f"there is no file {', '.join('*' + suffix for suffix in SUFFIXES)} in {directory}")
    return found


def _read(part: Any) -> list[Any]:
    if isinstance(part, Path) or hasattr(part, "read"):
        return load_all(part)
    if isinstance(part, str):
        return loads_all(part)
    return [from_dict(part)] if isinstance(part, Mapping) else [part]
