"""Rules for StatefulSets and ControllerRevisions.

An API server checks little of a StatefulSet's template, since the volumes of its claims are not in there; what is wrong
with it shows when the first Pod is made.

Source of the rules: apps, ``ValidateStatefulSetSpec``, ``ValidateStatefulSetUpdate``, ``ValidateControllerRevision``.
"""

from __future__ import annotations

from attrs import evolve

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import difference, same
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.percentage import (
    amount_of,
    check_count_or_percentage,
    check_not_over_100_percent,
)
from podkit.admission.validation.replicaset import check_controller_selector
from podkit.admission.validation.selector import check_selects_template, compiled
from podkit.admission.validation.template import check_runs_forever, check_template_metadata
from podkit.model.statefulset import (
    ControllerRevision,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetUpdateStrategy,
)

_MANAGEMENT_POLICIES = frozenset({"OrderedReady", "Parallel"})
_STRATEGIES = frozenset({"RollingUpdate", "OnDelete"})
_RETENTION_POLICIES = frozenset({"Retain", "Delete"})


def check_stateful_set(errors: Errors, stateful_set: StatefulSet) -> None:
    """Check a new StatefulSet."""
    check_metadata(errors, stateful_set.metadata, names.dns_label)
    _check_spec(errors, "spec", stateful_set.spec)


def _check_spec(errors: Errors, path: str, spec: StatefulSetSpec) -> None:
    if not spec.pod_management_policy:
        errors.required(f"{path}.podManagementPolicy")
    elif spec.pod_management_policy not in _MANAGEMENT_POLICIES:
        errors.invalid(f"{path}.podManagementPolicy", spec.pod_management_policy, "must be OrderedReady or Parallel")
    _check_strategy(errors, f"{path}.updateStrategy", spec.update_strategy or StatefulSetUpdateStrategy())
    retention = spec.persistent_volume_claim_retention_policy
    if retention is not None:
        at = f"{path}.persistentVolumeClaimRetentionPolicy"
        errors.optional_member(f"{at}.whenDeleted", retention.when_deleted, _RETENTION_POLICIES)
        errors.optional_member(f"{at}.whenScaled", retention.when_scaled, _RETENTION_POLICIES)
    errors.non_negative(f"{path}.replicas", spec.replicas)
    errors.non_negative(f"{path}.minReadySeconds", spec.min_ready_seconds)
    errors.non_negative(f"{path}.revisionHistoryLimit", spec.revision_history_limit)
    if spec.ordinals is not None:
        errors.non_negative(f"{path}.ordinals.start", spec.ordinals.start)
    if spec.service_name:
        errors.problem(f"{path}.serviceName", spec.service_name, names.dns_label(spec.service_name))
    check_controller_selector(errors, spec.selector)
    if compiled(spec.selector) is not None:
        check_selects_template(errors, f"{path}.template", spec.selector, spec.template.metadata.labels)
        check_template_metadata(errors, f"{path}.template", spec.template)
    check_runs_forever(errors, f"{path}.template", spec.template)


def _check_strategy(errors: Errors, path: str, strategy: StatefulSetUpdateStrategy) -> None:
    rolling = strategy.rolling_update
    if not strategy.type:
        errors.required(path)
    elif strategy.type not in _STRATEGIES:
        errors.invalid(path, strategy.type, "must be RollingUpdate or OnDelete")
    elif rolling is not None and strategy.type == "OnDelete":
        errors.invalid(f"{path}.rollingUpdate", rolling, "is for the type RollingUpdate")
    elif rolling is not None:
        _check_rolling_update(errors, f"{path}.rollingUpdate", rolling)


def _check_rolling_update(errors: Errors, path: str, rolling: RollingUpdateStatefulSetStrategy) -> None:
    errors.non_negative(f"{path}.partition", rolling.partition)
    unavailable = rolling.max_unavailable
    if unavailable is not None:
        at = f"{path}.maxUnavailable"
        check_count_or_percentage(errors, at, unavailable)
        if amount_of(unavailable) == 0:
            errors.invalid(at, unavailable, "may not be 0")
        check_not_over_100_percent(errors, at, unavailable)


def check_stateful_set_update(errors: Errors, new: StatefulSet, old: StatefulSet) -> None:
    """Check a change of a StatefulSet: what its Pods and claims are named after may not change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    _check_spec(errors, "spec", new.spec)
    allowed = evolve(
        old.spec,
        replicas=new.spec.replicas,
        template=new.spec.template,
        update_strategy=new.spec.update_strategy,
        min_ready_seconds=new.spec.min_ready_seconds,
        ordinals=new.spec.ordinals,
        revision_history_limit=new.spec.revision_history_limit,
        persistent_volume_claim_retention_policy=new.spec.persistent_volume_claim_retention_policy,
    )
    if not same(new.spec, allowed):
        errors.forbidden(
            _changed_field(new.spec, allowed),
            "of a StatefulSet only replicas, ordinals, template, updateStrategy, revisionHistoryLimit,"
            " persistentVolumeClaimRetentionPolicy and minReadySeconds may change",
        )


def _changed_field(new: StatefulSetSpec, allowed: StatefulSetSpec) -> str:
    """Return the path of the field of the spec that has changed: a claim template counts as one with the others."""
    path = difference("spec", new, allowed)
    claims = "spec.volumeClaimTemplates"
    return claims if path.startswith(claims) else path


def check_controller_revision(errors: Errors, revision: ControllerRevision) -> None:
    """Check a new ControllerRevision."""
    check_metadata(errors, revision.metadata, names.dns_subdomain)
    if not revision.data:
        errors.required("data")
    errors.non_negative("revision", revision.revision)


def check_controller_revision_update(errors: Errors, new: ControllerRevision, old: ControllerRevision) -> None:
    """Check a change of a ControllerRevision: what it remembers may not change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_controller_revision(errors, new)
    if new.data != old.data:
        errors.invalid("data", new.data, "the field is immutable")
