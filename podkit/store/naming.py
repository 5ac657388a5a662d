"""The names that a store makes up: the rest of a ``generateName``.

As the API server's (`apiserver/pkg/storage/names/generate.go`): five characters out of an alphabet without vowels, so that no
words come about, and without digits that are taken for letters; the prefix is shortened so that the whole is a DNS label.
"""

from __future__ import annotations

import secrets

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""What the random part is made of (`apimachinery/pkg/util/rand`)."""

ATTEMPTS = 8
"""How many names are tried before the creation is refused (`maxNameGenerationCreateAttempts`)."""

_RANDOM_LENGTH = 5
_LONGEST_PREFIX = 63 - _RANDOM_LENGTH


def random_suffix(length: int = _RANDOM_LENGTH) -> str:
    """Random characters that may stand in a name."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def generate_name(prefix: str) -> str:
    """A name that begins with ``prefix`` and is most likely new."""
    return prefix[:_LONGEST_PREFIX] + random_suffix()
