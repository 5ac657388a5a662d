"""What the failure of a Pod means: a Job's ``podFailurePolicy``.

The first rule that matches decides. Without one a failure counts, as it does without a policy.

Source of the rules: ``pkg/controller/job/pod_failure_policy.go``.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from podkit.model.container_status import ContainerStatus
from podkit.model.job import (
    Job,
    PodFailurePolicyAction,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
)
from podkit.model.pod import Pod, PodCondition


@frozen
class Meaning:
    """What a failure means.

    Attributes:
        action: what the rule says that matched; None when none did.
        message: what matched, in words.
    """

    action: PodFailurePolicyAction | None = None
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether it counts towards the limits of the Job."""
        return self.action != "Ignore"


COUNTS = Meaning()


def meaning_of_failure(job: Job, pod: Pod) -> Meaning:
    """What it means for a Job that a Pod has failed."""
    policy = job.spec.pod_failure_policy
    for number, rule in enumerate(policy.rules if policy is not None else ()):
        if rule.on_exit_codes is not None:
            found = _match_exit_codes(pod, rule.on_exit_codes)
        else:
            found = _match_conditions(pod, rule.on_pod_conditions)
        if found is not None:
            return Meaning(rule.action, f"{found} matching {rule.action} rule at index {number}")
    return COUNTS


def _match_exit_codes(pod: Pod, wanted: PodFailurePolicyOnExitCodesRequirement) -> str | None:
    """What the first container whose exit code matches has done; success never matches."""
    for statuses in (pod.status.container_statuses, pod.status.init_container_statuses):
        for status in statuses:
            code = _exit_code(status)
            named = wanted.container_name in (None, status.name)
            if code and named and (code in wanted.values) == (wanted.operator == "In"):
                return f"Container {status.name} for pod {_name(pod)} failed with exit code {code}"
    return None


def _match_conditions(pod: Pod, wanted: Iterable[PodFailurePolicyOnPodConditionsPattern]) -> str | None:
    for condition in pod.status.conditions:
        if any(_matches(condition, pattern) for pattern in wanted):
            return f"Pod {_name(pod)} has condition {condition.type}"
    return None


def _matches(condition: PodCondition, pattern: PodFailurePolicyOnPodConditionsPattern) -> bool:
    return condition.type == pattern.type and condition.status == (pattern.status or "True")


def _exit_code(status: ContainerStatus) -> int | None:
    terminated = status.state.terminated if status.state is not None else None
    return terminated.exit_code if terminated is not None else None


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
