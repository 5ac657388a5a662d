"""What applying would change: the objects as they are, compared with what they would be.

As ``kubectl diff`` does, it gives for each object that would change a unified diff of its YAML. What only the server sets is left
out, and so is the annotation in which applying remembers itself. Values of Secrets are not shown, only which of them change.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from podkit.cluster.apply import LAST_APPLIED, SERVERS, apply, existing
from podkit.cluster.sources import Source, in_order
from podkit.codec import dumps
from podkit.model.config import Secret
from podkit.model.copying import clone
from podkit.store.base import Store


def diff(store: Store, source: Source, *, namespace: str) -> str:
    """What applying a source would change; empty when nothing.

    Args:
        store: where the objects are.
        source: see `podkit.cluster.sources`.
        namespace: for objects that do not say theirs.

    Raises:
        DecodeError, ValidationError
    """
    wanted = apply(store, source, namespace=namespace, dry_run=True)
    return "".join(line for position in in_order(wanted) for line in _changes(store, wanted[position]))


def _changes(store: Store, new: Any) -> Iterator[str]:
    old = existing(store, new)
    if isinstance(new, Secret):
        old, new = _masked(old, new)
    before, after = _text(old), _text(new)
    name = ".".join(
        filter(None, (new.api_version.replace("/", "."), new.kind, new.metadata.namespace, new.metadata.name))
    )
    yield from difflib.unified_diff(before, after, f"LIVE/{name}", f"MERGED/{name}")


def _text(obj: Any) -> list[str]:
    """The lines of an object as YAML, without what is not to be compared."""
    if obj is None:
        return []
    plain = clone(obj)
    meta = plain.metadata
    for attribute in SERVERS:
        setattr(meta, attribute, [] if attribute == "managed_fields" else None)
    meta.annotations.pop(LAST_APPLIED, None)
    if hasattr(plain, "status"):
        plain.status = type(plain.status)()
    return dumps(plain).splitlines(keepends=True)


def _masked(old: Secret | None, new: Secret) -> tuple[Secret | None, Secret]:
    """The two with stars in place of the values; those that change tell which is before and which after."""
    before, after = clone(old) if old is not None else None, clone(new)
    known = old.data if old is not None else {}
    after.data = {name: _stars(known.get(name) in (None, value), "after") for name, value in new.data.items()}
    if before is not None:
        same = {name: new.data.get(name) in (None, value) for name, value in known.items()}
        before.data = {name: _stars(same[name], "before") for name in known}
    return before, after


def _stars(plain: bool, when: str) -> bytes:
    return b"***" if plain else f"*** ({when})".encode()
