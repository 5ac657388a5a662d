"""Defaults of limit ranges.

Source of the rules: ``pkg/apis/core/v1/defaults.go`` (SetDefaults_LimitRangeItem).
"""

from __future__ import annotations

from podkit.model.limit_range import LimitRange


def apply_limit_range_defaults(limit_range: LimitRange) -> None:
    """Fill in the defaults of a LimitRange, in place: what a container may have at the most, it has."""
    for item in limit_range.spec.limits:
        if item.type == "Container":
            item.default = {**item.max, **item.default}
            item.default_request = {**item.min, **item.default, **item.default_request}
