"""How an image reference decides the pull policy: what can move is always pulled, what is pinned is not.

Source of the rules: ``pkg/util/parsers/parsers.go``.
"""

from __future__ import annotations

from functools import lru_cache

from podkit.model.container import PullPolicy
from podkit.model.image_reference import REFERENCE


@lru_cache(maxsize=1024)
def default_pull_policy(image: str) -> PullPolicy:
    """Return Always for an image without tag and digest or with the tag ``latest``, else IfNotPresent.

    A text that is no image reference is nobody's ``latest``: IfNotPresent, as the API server has it.
    """
    match = REFERENCE.fullmatch(image)
    if match is None:
        return "IfNotPresent"
    tag, digest = match.group("tag"), match.group("digest")
    return "Always" if tag == "latest" or (tag is None and digest is None) else "IfNotPresent"
