"""How an image reference decides the pull policy: what can move is always pulled, what is pinned is not.

Source of the rules: ``pkg/util/parsers/parsers.go``; distribution, ``reference/regexp.go``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from podkit.model.container import PullPolicy

_DOMAIN_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:{_DOMAIN}/)?{_PATH_PART}(?:/{_PATH_PART})*(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)


@lru_cache(maxsize=1024)
def default_pull_policy(image: str) -> PullPolicy:
    """Return Always for an image without tag and digest or with the tag ``latest``, else IfNotPresent.

    A text that is no image reference is nobody's ``latest``: IfNotPresent, as the API server has it.
    """
    match = _REFERENCE.fullmatch(image)
    if match is None:
        return "IfNotPresent"
    tag, digest = match.group("tag"), match.group("digest")
    return "Always" if tag == "latest" or (tag is None and digest is None) else "IfNotPresent"
