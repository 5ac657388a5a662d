"""What is asked of the status of a Pod: has it ended, is it active, is it ready.

Source of the words: ``pkg/api/v1/pod/util.go`` (IsPodTerminal, IsPodReady), ``pkg/controller/controller_utils.go`` (IsPodActive).
"""

from __future__ import annotations

from podkit.model.conditions import is_true
from podkit.model.pod import Pod

TERMINAL_PHASES = ("Succeeded", "Failed")
"""The phases that a Pod does not leave any more."""

PHASES = ("Pending", "Running", *TERMINAL_PHASES, "Unknown")
"""All phases of a Pod."""


def is_terminal(pod: Pod) -> bool:
    """Whether all of a Pod's containers have ended for good."""
    return pod.status.phase in TERMINAL_PHASES


def is_active(pod: Pod) -> bool:
    """Whether a Pod runs or will run: it has not ended and nobody has asked for its end."""
    return not is_terminal(pod) and pod.metadata.deletion_timestamp is None


def is_ready(pod: Pod) -> bool:
    """Whether a Pod is ready to serve."""
    return is_true(pod.status.conditions, "Ready")
