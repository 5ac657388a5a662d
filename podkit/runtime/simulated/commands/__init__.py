"""The commands that the simulation knows: those of busybox that tests and examples need, as far as they need them.

A command complains of an option that it does not know and ends with 127, rather than to do something else than it was asked.
"""

from podkit.runtime.simulated.commands.basic import BASIC
from podkit.runtime.simulated.commands.files import FILES
from podkit.runtime.simulated.commands.text import TEXT
from podkit.runtime.simulated.process import Program

COMMANDS: dict[str, Program] = {**BASIC, **FILES, **TEXT}
"""By name."""

PLAIN = frozenset(COMMANDS.values())
"""These neither handle signals nor start children."""
