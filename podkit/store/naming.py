"""The names that a store makes up: the rest of a ``generateName``.

As the API server's (`apiserver/pkg/storage/names/generate.go`): five characters out of an alphabet without vowels, so that no
words come about, and without digits that are taken for letters; the prefix is shortened so that the whole is a DNS label.
"""

from __future__ import annotations

from podkit.admission.random_name import ALPHABET, RANDOM_LENGTH, random_suffix

__all__ = ["ALPHABET", "ATTEMPTS", "generate_name", "random_suffix"]

ATTEMPTS = 8
"""How many names are tried before the creation is refused (`maxNameGenerationCreateAttempts`)."""

_LONGEST_PREFIX = 63 - RANDOM_LENGTH


def generate_name(prefix: str) -> str:
    """A name that begins with ``prefix`` and is most likely new."""
    return prefix[:_LONGEST_PREFIX] + random_suffix()
