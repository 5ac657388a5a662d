"""When an Indexed Job has succeeded before all of its indexes have: its ``successPolicy``.

Source of the rules: ``pkg/controller/job/success_policy.go``.
"""

from __future__ import annotations

from podkit.controllers.job.indexes import IndexSet
from podkit.model.job import Job, SuccessPolicyRule


def matched_rule(job: Job, succeeded: IndexSet) -> str | None:
    """Say which rule of a Job's policy is met; None when none is."""
    policy = job.spec.success_policy
    if policy is None or not succeeded:
        return None
    for number, rule in enumerate(policy.rules):
        if _is_met(rule, succeeded, job.spec.completions or 0):
            return f"Matched rules at index {number}"
    return None


def _is_met(rule: SuccessPolicyRule, succeeded: IndexSet, completions: int) -> bool:
    count = rule.succeeded_count
    if rule.succeeded_indexes is None:
        return count is not None and len(succeeded) >= count
    wanted = IndexSet.parse(rule.succeeded_indexes, completions)
    if not wanted:
        return False
    reached = len(wanted & succeeded)
    return reached == len(wanted) or (count is not None and reached >= count)
