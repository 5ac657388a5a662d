"""Objects from and to YAML, JSON and dicts."""

from podkit.codec.decoding import UnknownFieldWarning
from podkit.codec.documents import (
    dump,
    dumps,
    from_dict,
    load,
    load_all,
    loads,
    loads_all,
    to_dict,
)
from podkit.codec.editing import edit
from podkit.codec.positions import Position, carry, position, positions

__all__ = [
    "Position",
    "UnknownFieldWarning",
    "carry",
    "dump",
    "dumps",
    "edit",
    "from_dict",
    "load",
    "load_all",
    "loads",
    "loads_all",
    "position",
    "positions",
    "to_dict",
]
