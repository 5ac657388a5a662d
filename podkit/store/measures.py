"""How much a store keeps."""

from __future__ import annotations

from attrs import frozen

from podkit.model.kinds import Kind


@frozen
class KindMeasures:
    """How much a store keeps of one kind at one moment.

    Attributes:
        kind: which kind.
        objects: how many objects.
        watches: how many open watches.
        changes: how many changes are remembered for watches.
    """

    kind: Kind
    objects: int
    watches: int
    changes: int
