"""The scalar types of Kubernetes' fields that Python has no word for.

Each is an alias of the Python type that holds the value, marked so that whoever reads or writes documents can tell, say, an
amount (which a document may also give as a number) from any other text. For a type checker they are the plain Python types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

Int64: TypeAlias = Annotated[int, "int64"]
"""A whole number of 64 bits; a plain ``int`` in the model is one of 32 bits."""

QuantityText: TypeAlias = Annotated[str, "quantity"]
"""An amount of a resource as it was written, such as ``500m`` or ``1Gi``; ``podkit.Quantity`` computes with it."""

MicroTime: TypeAlias = Annotated[datetime, "micro"]
"""A time that is always written with its microseconds."""

IntOrString: TypeAlias = int | str
"""A number, or a name or percentage in its place: ``80``, ``"http"``, ``"25%"``."""
