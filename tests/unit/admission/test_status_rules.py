"""Rules for the status: what a kubelet or a controller may report."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.admission.validation import check_status_update
from podkit.codec import loads

JOB = (
    "{{apiVersion: batch/v1, kind: Job, metadata: {{name: x, uid: u}}, spec: {{completionMode: {mode}, completions: 5, template:"
    " {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i}}]}}}}}}, status: {{{status}}}}}"
)
START = "startTime: '2026-01-01T00:00:00Z'"
END = "completionTime: '2026-01-01T00:01:00Z'"
COMPLETE = "conditions: [{type: SuccessCriteriaMet, status: 'True'}, {type: Complete, status: 'True'}]"
FAILED = "conditions: [{type: FailureTarget, status: 'True'}, {type: Failed, status: 'True'}]"


def _wrong(new: Any, old: Any) -> set[str]:
    return {f"{error.path}: {error.reason}" for error in check_status_update(new, old)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", f"{START}, active: 2, ready: 1", set()),
        (START, f"{START}, {END}, {COMPLETE}, succeeded: 1", set()),
        (START, f"{START}, {FAILED}, failed: 1", set()),
        ("", "active: -1, ready: 1", {"status.active: Invalid", "status.ready: Invalid"}),
        (START, f"{START}, {COMPLETE}", {"status.completionTime: Required"}),
        (START, f"{START}, {END}", {"status.completionTime: Invalid"}),
        (START, f"{FAILED}, active: 1", {"status.active: Invalid", "status.startTime: Required"}),
        (
            START,
            f"{START}, conditions: [{{type: Failed, status: 'True'}}]",
            {"status.conditions: Invalid"},
        ),
        (f"{START}, {FAILED}", START, {"status.conditions: Invalid"}),
        ("failed: 2, succeeded: 2", "failed: 1, succeeded: 1", {"status.failed: Invalid", "status.succeeded: Invalid"}),
        ("", "completedIndexes: '0-1,3'", {"status.completedIndexes: Invalid"}),
        (
            "",
            "uncountedTerminatedPods: {succeeded: [a, ''], failed: [a]}",
            {
                "status.uncountedTerminatedPods.succeeded[1]: Invalid",
                "status.uncountedTerminatedPods.failed[0]: Duplicate",
            },
        ),
    ],
)
def test_the_status_of_a_job(old: str, new: str, expected: set[str]) -> None:
    before, after = (loads(JOB.format(mode="NonIndexed", status=status)) for status in (old, new))

    assert _wrong(after, before) == expected


def test_the_indexes_of_an_indexed_job_are_those_that_it_has() -> None:
    before, right, wrong = (
        loads(JOB.format(mode="Indexed", status=status))
        for status in ("", "completedIndexes: '0-1,3'", "completedIndexes: '0-9'")
    )

    assert _wrong(right, before) == set()
    assert _wrong(wrong, before) == {"status.completedIndexes: Invalid"}


POD = (
    "{{apiVersion: v1, kind: Pod, metadata: {{name: x}}, spec: {{restartPolicy: {policy}, containers: [{{name: c, image: i}}]}},"
    " status: {{qosClass: BestEffort, {status}}}}}"
)
ENDED = (
    "containerStatuses: [{{name: c, image: i, imageID: i, ready: false, restartCount: 0,"
    " state: {{terminated: {{exitCode: {code}}}}}}}]"
)
RUNS = "containerStatuses: [{name: c, image: i, imageID: i, ready: true, restartCount: 1, state: {running: {}}}]"


@pytest.mark.parametrize(
    ("policy", "code", "allowed"),
    [("Always", 0, True), ("OnFailure", 1, True), ("OnFailure", 0, False), ("Never", 1, False)],
)
def test_a_container_that_is_not_restarted_stays_ended(policy: str, code: int, allowed: bool) -> None:
    before = loads(POD.format(policy=policy, status=ENDED.format(code=code)))
    after = loads(POD.format(policy=policy, status=RUNS))

    assert _wrong(after, before) == (set() if allowed else {"status.containerStatuses[0].state: Forbidden"})


@pytest.mark.parametrize(
    ("own", "code", "allowed"),
    [
        ("restartPolicy: Always", 0, True),
        ("restartPolicy: OnFailure", 0, False),
        ("restartPolicy: OnFailure", 3, True),
        ("restartPolicy: Never", 3, False),
        (
            "restartPolicy: Never, restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [3]}}]",
            3,
            True,
        ),
        (
            "restartPolicy: Never, restartPolicyRules: [{action: Restart, exitCodes: {operator: NotIn, values: [3]}}]",
            3,
            False,
        ),
        (
            "restartPolicy: Never, restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [9]}}]",
            3,
            True,
        ),
    ],
)
def test_a_container_has_a_restart_policy_of_its_own(own: str, code: int, allowed: bool) -> None:
    text = POD.replace("{{name: c, image: i}}", "{{name: c, image: i, OWN}}").replace(
        "OWN", own.replace("{", "{{").replace("}", "}}")
    )
    before = loads(text.format(policy="Always", status=ENDED.format(code=code)))
    after = loads(text.format(policy="Always", status=RUNS))

    assert _wrong(after, before) == (set() if allowed else {"status.containerStatuses[0].state: Forbidden"})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            "podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}], hostIP: 10.1.0.1, hostIPs: [{ip: 10.1.0.1}]",
            set(),
        ),
        ("podIPs: [{ip: x}]", {"status.podIPs[0]: Invalid"}),
        ("podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.1}]", {"status.podIPs[1]: Duplicate", "status.podIPs: Invalid"}),
        ("hostIP: 10.1.0.2, hostIPs: [{ip: 10.1.0.1}]", {"status.hostIPs[0].ip: Invalid"}),
        ("nominatedNodeName: A", {"status.nominatedNodeName: Invalid"}),
        ("conditions: [{type: a b, status: 'True'}]", {"status.conditions[0].type: Invalid"}),
        ("qosClass: Burstable", {"status.qosClass: Invalid"}),
    ],
)
def test_the_status_of_a_pod(status: str, expected: set[str]) -> None:
    before, after = (
        loads(POD.format(policy="Always", status="")),
        loads(POD.format(policy="Always", status="phase: Running")),
    )
    changed = loads(f"{{apiVersion: v1, kind: Pod, metadata: {{name: x}}, status: {{{status}}}}}")
    if "qosClass" not in status:
        changed.status.qos_class = "BestEffort"
    after.status = changed.status

    assert _wrong(after, before) == expected


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("Deployment", "", "replicas: 3, readyReplicas: 2, availableReplicas: 1, updatedReplicas: 3", set()),
        ("Deployment", "", "replicas: 1, readyReplicas: 2", {"status.readyReplicas: Invalid"}),
        ("Deployment", "collisionCount: 2", "collisionCount: 1", {"status.collisionCount: Invalid"}),
        (
            "ReplicaSet",
            "",
            "replicas: 2, readyReplicas: 1, availableReplicas: 2",
            {"status.availableReplicas: Invalid"},
        ),
        ("StatefulSet", "", "replicas: 1, currentReplicas: 2", {"status.currentReplicas: Invalid"}),
        ("DaemonSet", "", "numberReady: -1", {"status.numberReady: Invalid"}),
    ],
)
def test_the_status_of_a_controller(kind: str, old: str, new: str, expected: set[str]) -> None:
    before, after = (
        loads(f"{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: x}}, status: {{{status}}}}}")
        for status in (old, new)
    )

    assert _wrong(after, before) == expected
