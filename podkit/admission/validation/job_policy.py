"""Rules for when a Job counts as failed or as done: failure policy, success policy, lists of indexes.

Source of the rules: batch, ``validatePodFailurePolicy``, ``validateSuccessPolicy``, ``validateIndexesFormat``.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.job import (
    JobSpec,
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)

_ACTIONS = frozenset({"Count", "FailIndex", "FailJob", "Ignore"})
_OPERATORS = frozenset({"In", "NotIn"})
_STATUSES = frozenset({"True", "False", "Unknown"})
_MAX_RULES = 20
_MAX_CONDITIONS = 20
_MAX_EXIT_CODES = 255
_MAX_INDEXES_TEXT = 64 * 1024


def check_failure_policy(errors: Errors, path: str, policy: PodFailurePolicy, spec: JobSpec) -> None:
    """Check which failures of Pods end a Job, do not count, or end an index."""
    if len(policy.rules) > _MAX_RULES:
        errors.too_many(f"{path}.rules", len(policy.rules), _MAX_RULES)
    pod = spec.template.spec
    container_names = {container.name for container in (*pod.containers, *pod.init_containers)}
    for index, rule in enumerate(policy.rules):
        _check_failure_rule(errors, f"{path}.rules[{index}]", rule, spec, container_names)


def _check_failure_rule(
    errors: Errors, path: str, rule: PodFailurePolicyRule, spec: JobSpec, container_names: Collection[str]
) -> None:
    if rule.action == "FailIndex" and spec.backoff_limit_per_index is None:
        errors.invalid(f"{path}.action", rule.action, "needs backoffLimitPerIndex")
    else:
        errors.member(f"{path}.action", rule.action, _ACTIONS)
    if rule.on_exit_codes is not None:
        _check_exit_codes(errors, f"{path}.onExitCodes", rule.on_exit_codes, container_names)
    if rule.on_pod_conditions:
        _check_conditions(errors, f"{path}.onPodConditions", rule.on_pod_conditions)
    if (rule.on_exit_codes is None) == (not rule.on_pod_conditions):
        errors.invalid(path, rule.action, "exactly one of onExitCodes and onPodConditions is needed")


def _check_conditions(errors: Errors, path: str, patterns: list[PodFailurePolicyOnPodConditionsPattern]) -> None:
    if len(patterns) > _MAX_CONDITIONS:
        errors.too_many(path, len(patterns), _MAX_CONDITIONS)
    for index, pattern in enumerate(patterns):
        errors.problem(f"{path}[{index}].type", pattern.type, names.qualified_name(pattern.type))
        errors.member(f"{path}[{index}].status", pattern.status, _STATUSES)


def _check_exit_codes(
    errors: Errors,
    path: str,
    requirement: PodFailurePolicyOnExitCodesRequirement,
    container_names: Collection[str],
) -> None:
    errors.member(f"{path}.operator", requirement.operator, _OPERATORS)
    container = requirement.container_name
    if container is not None and container not in container_names:
        errors.invalid(f"{path}.containerName", container, "the template has no such container")
    values = requirement.values
    if not values:
        errors.invalid(f"{path}.values", values, "at least one value is needed")
    elif len(values) > _MAX_EXIT_CODES:
        errors.too_many(f"{path}.values", len(values), _MAX_EXIT_CODES)
    seen: set[int] = set()
    for index, value in enumerate(values):
        if requirement.operator == "In" and value == 0:
            errors.invalid(f"{path}.values[{index}]", value, "0 is no failure")
        errors.unique(f"{path}.values[{index}]", value, seen)
    if any(before > after for before, after in pairwise(values)):
        errors.invalid(f"{path}.values", values, "must be in order")


def check_success_policy(errors: Errors, path: str, policy: SuccessPolicy, spec: JobSpec) -> None:
    """Check when an Indexed Job is done before all of its indexes are."""
    if spec.completion_mode != "Indexed":
        errors.invalid(path, "", "needs completionMode: Indexed")
        return
    if not policy.rules:
        errors.required(f"{path}.rules", "at least one rule is needed")
    if len(policy.rules) > _MAX_RULES:
        errors.too_many(f"{path}.rules", len(policy.rules), _MAX_RULES)
    for index, rule in enumerate(policy.rules):
        _check_success_rule(errors, f"{path}.rules[{index}]", rule, spec.completions or 0)


def _check_success_rule(errors: Errors, path: str, rule: SuccessPolicyRule, completions: int) -> None:
    count, indexes = rule.succeeded_count, rule.succeeded_indexes
    if count is None and indexes is None:
        errors.required(path, "one of succeededCount and succeededIndexes is needed")
    total = 0
    if indexes is not None:
        at = f"{path}.succeededIndexes"
        if len(indexes) > _MAX_INDEXES_TEXT:
            errors.too_long(at, indexes, _MAX_INDEXES_TEXT)
        try:
            total = count_indexes(indexes, completions)
        except ValueError as error:
            errors.invalid(at, indexes, str(error))
    if count is not None:
        at = f"{path}.succeededCount"
        errors.non_negative(at, count)
        if count > completions:
            errors.invalid(at, count, f"must be less than or equal to the completions, {completions}")
        if indexes is not None and count > total:
            errors.invalid(at, count, f"must be less than or equal to the number of succeededIndexes, {total}")


def count_indexes(text: str, completions: int) -> int:
    """Return how many indexes a list such as ``0-2,5`` has.

    Args:
        text: the list: numbers and intervals, in order, with commas between; empty for none.
        completions: the number of indexes that there are.

    Raises:
        ValueError: the list is not of this form, not in order, or has an index that there is not.
    """
    if not text:
        return 0
    total, last = 0, -1
    for part in text.split(","):
        first, end = _interval(part)
        if first <= last:
            raise ValueError(f"the indexes must be in order, and {part} is not")
        if end < first or (end == first and "-" in part):
            raise ValueError(f"{part} is no interval: the second number must be greater")
        if end >= completions:
            raise ValueError(f"{end} is no index of {completions} completions")
        total, last = total + end - first + 1, end
    return total


def _interval(part: str) -> tuple[int, int]:
    numbers = part.split("-")
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise ValueError(f"{part!r} is neither an index nor an interval such as 0-2")
    return int(numbers[0]), int(numbers[-1])
