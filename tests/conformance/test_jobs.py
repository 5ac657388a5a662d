"""Jobs: how many Pods, which ones, how often, and when it is enough."""

from __future__ import annotations

import pytest

from podkit import EmptyDirVolumeSource, Job, Pod, Volume
from podkit.model import (
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)
from tests.conformance.build import SLEEP, shell
from tests.conformance.place import PATIENCE, Place, main_of

ODD_FAIL = "exit $((JOB_COMPLETION_INDEX % 2))"
QUICK_END = {"termination_grace_period_seconds": 1}


def job(name: str, script: str, **fields) -> Job:
    """A Job whose Pods run a script."""
    spec = {
        name: fields.pop(name)
        for name in list(fields)
        if name in {"pod_failure_policy", "success_policy", "backoff_limit_per_index"}
    }
    made = Job.new(
        name,
        containers=[shell(script, **fields.pop("container", {}))],
        **{"restart_policy": "Never"} | QUICK_END | fields,
    )
    for attribute, value in spec.items():
        setattr(made.spec, attribute, value)
    return made


def finished(place: Place, name: str, condition: str) -> Job:
    """A Job when it has come to its end."""
    return place.wait(place.job(name), condition)


def reason(of: Job, type_: str) -> str | None:
    """Why a condition of a Job is true."""
    return next((one.reason for one in of.status.conditions if one.type == type_ and one.status == "True"), None)


def owners(pod: Pod) -> list[str]:
    """The names of the Jobs that control a Pod."""
    return [owner.name for owner in pod.metadata.owner_references if owner.controller]


@pytest.mark.behaviour("apps/job-indexed")
def test_apps_job_indexed(place: Place) -> None:
    script = "echo index=$JOB_COMPLETION_INDEX host=$(hostname)"
    done = place.cluster.run(
        named(place, job("indexed", script, completion_mode="Indexed", completions=4, parallelism=2)), timeout=PATIENCE
    )
    assert (done.status.succeeded, done.status.completed_indexes) == (4, "0-3")
    key = "batch.kubernetes.io/job-completion-index"
    pods = {pod.metadata.annotations[key]: pod for pod in place.pods()}
    assert sorted(pods) == ["0", "1", "2", "3"]
    for index, pod in pods.items():
        assert pod.metadata.labels[key] == index
        assert place.cluster.logs(pod) == f"index={index} host=indexed-{index}\n"


def named(place: Place, made: Job) -> Job:
    """A Job in the namespace of the test."""
    made.metadata.namespace = place.namespace
    return made


@pytest.mark.behaviour("apps/job-delete")
def test_apps_job_delete(place: Place) -> None:
    endless = place.create(job("endless", SLEEP, completions=4, parallelism=2))
    endless = place.wait(endless, lambda job: job.status.active == 2 and job.status.ready == 2)
    assert len(place.pods("batch.kubernetes.io/job-name=endless")) == 2
    place.cluster.delete(endless, propagation="Foreground", timeout=PATIENCE)
    assert place.pods() == []


@pytest.mark.behaviour("apps/job-local-restart")
def test_apps_job_local_restart(place: Place) -> None:
    script = "[ -f /seen/once ] && exit 0; touch /seen/once; exit 1"
    seen = Volume("seen", empty_dir=EmptyDirVolumeSource())
    made = job(
        "stubborn",
        script,
        completions=4,
        parallelism=2,
        restart_policy="OnFailure",
        volumes=[seen],
        container={"mounts": {"seen": "/seen"}},
    )
    done = place.cluster.run(named(place, made), timeout=PATIENCE)
    assert (done.status.succeeded, done.status.failed or 0) == (4, 0)
    assert [(pod.status.phase, main_of(pod).restart_count) for pod in place.pods()] == [("Succeeded", 1)] * 4


@pytest.mark.behaviour("apps/job-adopt-release")
def test_apps_job_adopt_release(place: Place) -> None:
    place.wait(place.create(job("parent", SLEEP, completions=2, parallelism=2)), lambda job: job.status.ready == 2)
    orphan = place.pods()[0]
    place.cluster.patch(
        orphan,
        {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": orphan.metadata.owner_references[0].uid}]}},
    )
    place.wait(orphan, lambda pod: owners(pod) == ["parent"])
    place.cluster.patch(orphan, {"metadata": {"labels": dict.fromkeys(orphan.metadata.labels)}})
    released = place.wait(orphan, lambda pod: owners(pod) == [])
    place.wait(place.job("parent"), lambda job: job.status.ready == 2 and len(place.pods()) == 3)
    assert place.cluster.get(released).status.phase == "Running"


@pytest.mark.behaviour("apps/job-status-apply")
def test_apps_job_status_apply(place: Place) -> None:
    running = place.wait(place.create(job("running", SLEEP)), lambda job: job.status.ready == 1)
    condition = {"type": "Remarkable", "status": "True", "reason": "BecauseWeSaySo"}
    place.cluster.patch(running, {"status": {"conditions": [condition]}}, subresource="status")
    place.cluster.patch(running, {"metadata": {"annotations": {"note": "kept"}}})
    found = place.job("running")
    assert reason(found, "Remarkable") == "BecauseWeSaySo"
    assert found.metadata.annotations["note"] == "kept"


@pytest.mark.behaviour("apps/job-backoff-per-index")
@pytest.mark.begins_early(
    job("odd", ODD_FAIL, completion_mode="Indexed", completions=4, parallelism=4, backoff_limit_per_index=1)
)
def test_apps_job_backoff_per_index(place: Place) -> None:
    done = finished(place, "odd", "Failed")
    assert reason(done, "Failed") == "FailedIndexes"
    status = done.status
    assert (status.failed_indexes, status.completed_indexes, status.failed, status.succeeded) == ("1,3", "0,2", 4, 2)


FAIL_INDEX = PodFailurePolicy(
    [PodFailurePolicyRule("FailIndex", on_exit_codes=PodFailurePolicyOnExitCodesRequirement("In", values=[1]))]
)


@pytest.mark.behaviour("apps/job-fail-index")
def test_apps_job_fail_index(place: Place) -> None:
    policies = {"backoff_limit_per_index": 1, "pod_failure_policy": FAIL_INDEX}
    place.create(job("odd", ODD_FAIL, completion_mode="Indexed", completions=2, parallelism=2, **policies))
    status = finished(place, "odd", "Failed").status
    assert (status.failed_indexes, status.completed_indexes, status.failed, status.succeeded) == ("1", "0", 1, 1)


DISRUPTED = PodFailurePolicyOnPodConditionsPattern("DisruptionTarget", "True")
IGNORE_DISRUPTION = PodFailurePolicy([PodFailurePolicyRule("Ignore", on_pod_conditions=[DISRUPTED])])


@pytest.mark.behaviour("apps/job-pfp-ignore-disruption")
@pytest.mark.begins_early
@pytest.mark.runs_early
def test_apps_job_pfp_ignore_disruption(place: Place) -> None:
    """A Pod that is evicted (the condition, then the deletion) does not count against a limit of none."""
    script = "trap 'exit 1' TERM; [ -f /go/go ] && exit 0; while :; do sleep 0.1; [ -f /go/go ] && exit 0; done"
    go = Volume("go", empty_dir=EmptyDirVolumeSource())
    made = job(
        "evicted",
        script,
        completion_mode="Indexed",
        completions=1,
        parallelism=1,
        backoff_limit=0,
        pod_failure_policy=IGNORE_DISRUPTION,
        volumes=[go],
        container={"mounts": {"go": "/go"}},
    )
    place.wait(place.create(made), lambda job: job.status.ready == 1)
    first = place.pods()
    for pod in first:
        place.cluster.patch(
            pod, {"status": {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}}, subresource="status"
        )
        place.cluster.delete(pod, wait=False)
    gone = {pod.metadata.uid for pod in first}

    def replaced(job: Job) -> bool:
        return job.status.ready == 1 and not gone & {pod.metadata.uid for pod in place.pods()}

    place.wait(place.job("evicted"), replaced)
    for pod in place.pods():
        place.let_end(pod, "/go/go")
    done = finished(place, "evicted", "Complete")
    assert (done.status.succeeded, done.status.failed or 0) == (1, 0)


@pytest.mark.behaviour("apps/job-success-policy-all")
def test_apps_job_success_policy_all(place: Place) -> None:
    policy = SuccessPolicy([SuccessPolicyRule(succeeded_count=2)])
    place.create(
        job("enough", "exit 0", completion_mode="Indexed", completions=2, parallelism=2, success_policy=policy)
    )
    done = finished(place, "enough", "Complete")
    assert reason(done, "SuccessCriteriaMet") == reason(done, "Complete") == "SuccessPolicy"
    status = done.status
    assert [count or 0 for count in (status.active, status.ready, status.terminating, status.failed)] == [0, 0, 0, 0]


@pytest.mark.behaviour("apps/job-success-policy-count")
def test_apps_job_success_policy_count(place: Place) -> None:
    script = f"[ $JOB_COMPLETION_INDEX = 0 ] && exit 0; {SLEEP}"
    policy = SuccessPolicy([SuccessPolicyRule(succeeded_count=1)])
    place.create(job("enough", script, completion_mode="Indexed", completions=5, parallelism=3, success_policy=policy))
    done = finished(place, "enough", "Complete")
    assert done.status.completed_indexes == "0"
    assert done.status.succeeded == 1


@pytest.mark.begins_early(job("failing", "exit 1", backoff_limit=1))
def test_apps_job_backoff_limit(place: Place) -> None:
    """A Job gives up after as many retries as it has; the second Pod comes after 10 s."""
    done = finished(place, "failing", "Failed")
    assert reason(done, "Failed") == "BackoffLimitExceeded"
    assert done.status.failed == 2
    ends, starts = zip(
        *sorted((main_of(pod).state.terminated.finished_at, pod.metadata.creation_timestamp) for pod in place.pods()),
        strict=True,
    )
    assert (starts[1] - ends[0]).total_seconds() > 9, "creation times have whole seconds"


def test_apps_job_ttl(place: Place) -> None:
    """A finished Job whose time is up goes, and its Pods with it."""
    made = place.create(job("fleeting", "true", ttl_seconds_after_finished=0))
    place.wait(made, "deleted")
    for pod in place.pods():
        place.wait(pod, "deleted")


def test_apps_job_suspend(place: Place) -> None:
    """A suspended Job has no Pods; resumed, it runs."""
    made = job("paused", "true")
    made.spec.suspend = True
    made = place.wait(place.create(made), "Suspended")
    assert place.pods() == []
    place.cluster.patch(made, {"spec": {"suspend": False}})
    assert finished(place, "paused", "Complete").status.succeeded == 1
