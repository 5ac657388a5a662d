"""Random parts of names that the server makes up.

An alphabet without vowels, so that no words come about, and without digits that are taken for letters
(`apimachinery/pkg/util/rand`).
"""

from __future__ import annotations

import secrets

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""What the random part is made of."""

RANDOM_LENGTH = 5
"""How long it is in most names."""


def random_suffix(length: int = RANDOM_LENGTH) -> str:
    """Random characters that may stand in a name."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
