"""Objects from and to YAML, JSON and dicts."""

from podkit.codec.documents import (
    UnknownFieldWarning,
    dump,
    dumps,
    from_dict,
    load,
    load_all,
    loads,
    loads_all,
    to_dict,
)
from podkit.codec.positions import Position, position, positions

__all__ = [
    "Position",
    "UnknownFieldWarning",
    "dump",
    "dumps",
    "from_dict",
    "load",
    "load_all",
    "loads",
    "loads_all",
    "position",
    "positions",
    "to_dict",
]
