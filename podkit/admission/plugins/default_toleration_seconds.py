"""DefaultTolerationSeconds: a Pod stays five minutes on a Node that is lost, unless it says otherwise.

Source of the rules: ``plugin/pkg/admission/defaulttolerationseconds``.
"""

from __future__ import annotations

from podkit.model.node_taints import NOT_READY, UNREACHABLE
from podkit.model.pod import PodSpec
from podkit.model.scheduling import Toleration

_TAINTS = (NOT_READY, UNREACHABLE)
_SECONDS = 300


def admit(spec: PodSpec) -> None:
    """Add the tolerations that are missing."""
    for key in _TAINTS:
        said = any(
            toleration.key in (key, None, "") and toleration.effect in ("NoExecute", None, "")
            for toleration in spec.tolerations
        )
        if not said:
            spec.tolerations.append(
                Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=_SECONDS)
            )
