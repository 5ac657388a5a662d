"""Rules for Deployments.

Source of the rules: apps, ``ValidateDeploymentSpec``, ``ValidateDeploymentStrategy``.
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
from podkit.admission.validation.replicaset import check_replicated_template, check_selector_unchanged
from podkit.model.deployment import Deployment, DeploymentStrategy, RollingUpdateDeployment


def check_deployment(errors: Errors, deployment: Deployment) -> None:
    """Check a new Deployment."""
    check_metadata(errors, deployment.metadata, names.dns_subdomain)
    spec = deployment.spec
    errors.non_negative("spec.replicas", spec.replicas)
    check_replicated_template(errors, spec.selector, spec.template)
    _check_strategy(errors, "spec.strategy", spec.strategy or DeploymentStrategy())
    errors.non_negative("spec.minReadySeconds", spec.min_ready_seconds)
    errors.non_negative("spec.revisionHistoryLimit", spec.revision_history_limit)
    deadline = spec.progress_deadline_seconds
    errors.non_negative("spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= (spec.min_ready_seconds or 0):
        errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _check_strategy(errors: Errors, path: str, strategy: DeploymentStrategy) -> None:
    if strategy.type == "Recreate":
        if strategy.rolling_update is not None:
            errors.forbidden(f"{path}.rollingUpdate", "is for the type RollingUpdate")
    elif strategy.type != "RollingUpdate":
        errors.not_supported(path, strategy.type, ["Recreate", "RollingUpdate"])
    elif strategy.rolling_update is None:
        errors.required(f"{path}.rollingUpdate")
    else:
        _check_rolling_update(errors, f"{path}.rollingUpdate", strategy.rolling_update)


def _check_rolling_update(errors: Errors, path: str, rolling: RollingUpdateDeployment) -> None:
    unavailable = 0 if rolling.max_unavailable is None else rolling.max_unavailable
    surge = 0 if rolling.max_surge is None else rolling.max_surge
    check_count_or_percentage(errors, f"{path}.maxUnavailable", unavailable)
    check_count_or_percentage(errors, f"{path}.maxSurge", surge)
    if amount_of(unavailable) == 0 and amount_of(surge) == 0:
        errors.invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when maxSurge is 0")
    check_not_over_100_percent(errors, f"{path}.maxUnavailable", unavailable)


def check_deployment_update(errors: Errors, new: Deployment, old: Deployment) -> None:
    """Check a change of a Deployment: everything but the selector may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_deployment(errors, new)
    check_selector_unchanged(errors, new.spec.selector, old.spec.selector)
