"""The priority classes that every cluster has.

Source: ``pkg/apis/scheduling/types.go`` and ``helpers.go``.
"""

from __future__ import annotations

from podkit.model.priority_class import PriorityClass

SYSTEM_CLASSES = {
    made.metadata.name or "": made
    for made in (
        PriorityClass.new(
            "system-node-critical",
            2_000_001_000,
            description="Used for system critical pods that must not be moved from their current node.",
        ),
        PriorityClass.new(
            "system-cluster-critical",
            2_000_000_000,
            description="Used for system critical pods that must run in the cluster, but can be moved to another node if "
            "necessary.",
        ),
    )
}
"""By their names."""
