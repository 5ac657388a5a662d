"""The short names of templates: a hash, written so that no words come about.

Kubernetes hashes Go's own print of a template, which nobody else can reproduce. Here it is the template as JSON; the hash function
and the alphabet are the same. Nothing depends on the value: whoever looks for a template compares templates, not hashes.

Source of the rules: ``pkg/controller/controller_utils.go`` (ComputeHash), ``apimachinery/pkg/util/rand`` (SafeEncodeString).
"""

from __future__ import annotations

import json
from typing import Any

from podkit.codec import to_dict

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


def template_hash(template: Any, collisions: int | None = None) -> str:
    """The name of a template.

    Args:
        template: a part of an object, such as a PodTemplateSpec.
        collisions: how often the name was taken already; None: it has not been counted.
    """
    data = json.dumps(to_dict(template), sort_keys=True, separators=(",", ":")).encode()
    if collisions is not None:
        data += collisions.to_bytes(8, "little")
    return safe_encode(str(fnv32a(data)))


def fnv32a(data: bytes) -> int:
    """The hash FNV-1a of 32 bits."""
    value = _OFFSET
    for byte in data:
        value = ((value ^ byte) * _PRIME) & _MASK
    return value


def safe_encode(text: str) -> str:
    """A text in letters and digits that make no words."""
    return "".join(_ALPHABET[ord(character) % len(_ALPHABET)] for character in text)
