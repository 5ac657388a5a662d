"""Rules for DaemonSets.

Source of the rules: apps, ``ValidateDaemonSetSpec``, ``ValidateRollingUpdateDaemonSet``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.percentage import (
    amount_of,
    check_count_or_percentage,
    check_not_over_100_percent,
)
from podkit.admission.validation.replicaset import check_selector_unchanged
from podkit.admission.validation.selector import check_label_selector, check_selects_template, is_empty
from podkit.admission.validation.template import check_runs_forever, check_template
from podkit.model.daemonset import DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet


def check_daemon_set(errors: Errors, daemon_set: DaemonSet) -> None:
    """Check a new DaemonSet."""
    check_metadata(errors, daemon_set.metadata, names.dns_subdomain)
    spec = daemon_set.spec
    check_label_selector(errors, "spec.selector", spec.selector)
    check_selects_template(errors, "spec.template", spec.selector, spec.template.metadata.labels)
    if spec.selector is not None and is_empty(spec.selector):
        errors.invalid("spec.selector", "", "an empty selector would select every Pod")
    check_template(errors, "spec.template", spec.template)
    check_runs_forever(errors, "spec.template", spec.template)
    errors.non_negative("spec.minReadySeconds", spec.min_ready_seconds)
    _check_strategy(errors, "spec.updateStrategy", spec.update_strategy or DaemonSetUpdateStrategy())
    errors.non_negative("spec.revisionHistoryLimit", spec.revision_history_limit)


def _check_strategy(errors: Errors, path: str, strategy: DaemonSetUpdateStrategy) -> None:
    if strategy.type == "OnDelete":
        return
    if strategy.type != "RollingUpdate":
        errors.not_supported(path, strategy.type, ["RollingUpdate", "OnDelete"])
    elif strategy.rolling_update is None:
        errors.required(f"{path}.rollingUpdate")
    else:
        _check_rolling_update(errors, f"{path}.rollingUpdate", strategy.rolling_update)


def _check_rolling_update(errors: Errors, path: str, rolling: RollingUpdateDaemonSet) -> None:
    """Either Pods are replaced where they are, or beside the old ones: one of the two numbers is 0."""
    unavailable = 0 if rolling.max_unavailable is None else rolling.max_unavailable
    surge = 0 if rolling.max_surge is None else rolling.max_surge
    for name, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        check_count_or_percentage(errors, f"{path}.{name}", value)
        check_not_over_100_percent(errors, f"{path}.{name}", value)
    if amount_of(unavailable) and amount_of(surge):
        errors.invalid(f"{path}.maxSurge", surge, "must be 0 when maxUnavailable is not")
    elif not amount_of(unavailable) and not amount_of(surge):
        errors.required(f"{path}.maxUnavailable", "may not be 0 when maxSurge is 0")


def check_daemon_set_update(errors: Errors, new: DaemonSet, old: DaemonSet) -> None:
    """Check a change of a DaemonSet: everything but the selector may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_daemon_set(errors, new)
    check_selector_unchanged(errors, new.spec.selector, old.spec.selector)
