"""What can be waited for, and what it says of an object's states."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.cluster.until import FinishedGoal, Goal, read_until
from podkit.errors import PodkitError
from podkit.model import Job, JobCondition, JobStatus, Pod, PodCondition, PodStatus
from podkit.model.kinds import kind_of


def pod(phase: str = "Pending", **conditions: str) -> Pod:
    found = [PodCondition(type=name, status=status) for name, status in conditions.items()]
    return Pod(status=PodStatus(phase=phase, conditions=found))


def job(**conditions: str) -> Job:
    return Job(
        status=JobStatus(conditions=[JobCondition(type=name, status=value) for name, value in conditions.items()])
    )


def goal(until: Any, kind: type = Pod) -> Goal:
    return read_until(until, kind_of(kind))


@pytest.mark.parametrize("until", ["Ready", "ready", "condition=Ready", "Ready=True", "Ready=true", " Ready "])
def test_a_condition_is_met_when_it_is_true(until: str) -> None:
    assert goal(until).is_met(pod(Ready="True"))
    assert not goal(until).is_met(pod(Ready="False"))
    assert not goal(until).is_met(pod())


def test_a_condition_can_be_waited_for_with_another_status() -> None:
    assert goal("Ready=false").is_met(pod(Ready="False"))
    assert not goal("Ready=false").is_met(pod(Ready="True"))
    assert goal("Ready=Unknown").is_met(pod(Ready="Unknown"))


@pytest.mark.parametrize(
    "until",
    [
        "phase=Running",
        "phase=running",
        "status.phase=Running",
        "Running",
        "running",
        "jsonpath={.status.phase}=Running",
    ],
)
def test_a_phase_has_several_spellings(until: str) -> None:
    assert goal(until).is_met(pod("Running"))
    assert not goal(until).is_met(pod("Pending"))


def test_any_field_can_be_waited_for() -> None:
    done = job()
    done.status.succeeded = 3
    assert goal("status.succeeded=3", Job).is_met(done)
    assert not goal("status.succeeded=4", Job).is_met(done)


def test_failed_is_a_phase_of_pods_and_a_condition_of_jobs() -> None:
    assert goal("Failed").is_met(pod("Failed"))
    assert goal("Failed", Job).is_met(job(Failed="True"))


def test_a_function_is_asked() -> None:
    assert goal(lambda one: one.status.phase == "Running").is_met(pod("Running"))
    assert not goal(lambda one: one.status.phase == "Running").is_met(pod("Pending"))


@pytest.mark.parametrize("until", ["", "=", "Ready=", "=True"])
def test_what_means_nothing_is_refused_with_what_can_be_written(until: str) -> None:
    with pytest.raises(PodkitError, match="write a condition"):
        goal(until)


@pytest.mark.parametrize(
    ("until", "there", "excluded"),
    [
        ("Ready", pod("Succeeded"), True),
        ("Ready", pod("Failed"), True),
        ("Ready", pod("Running"), False),
        ("Ready", pod("Pending", PodScheduled="False"), False),
        ("phase=Succeeded", pod("Failed"), True),
        ("phase=Failed", pod("Succeeded"), True),
        ("phase=Running", pod("Succeeded"), True),
        ("phase=Pending", pod("Running"), True),
        ("phase=Succeeded", pod("Running"), False),
        ("deleted", pod("Failed"), False),
    ],
)
def test_a_final_phase_excludes_all_others(until: str, there: Pod, excluded: bool) -> None:
    assert (goal(until).excluded_by(there) is not None) == excluded


@pytest.mark.parametrize(
    ("until", "there", "excluded"),
    [
        ("Complete", job(Failed="True"), True),
        ("Failed", job(Complete="True"), True),
        ("Complete", job(FailureTarget="True"), False),
        ("Complete", job(Suspended="True"), False),
        ("Complete", job(), False),
    ],
)
def test_a_job_that_is_over_stays_so(until: str, there: Job, excluded: bool) -> None:
    assert (goal(until, Job).excluded_by(there) is not None) == excluded


def test_a_function_is_never_excluded() -> None:
    assert goal(lambda _: False).excluded_by(pod("Failed")) is None


@pytest.mark.parametrize(
    ("until", "kind", "needs"),
    [
        ("Ready", Pod, "all"),
        ("Ready=False", Pod, "none"),
        ("Initialized", Pod, "init"),
        ("PodScheduled", Pod, "none"),
        ("phase=Running", Pod, "all"),
        ("phase=Pending", Pod, "none"),
        ("deleted", Pod, "none"),
        ("Complete", Job, "all"),
        ("Suspended", Job, "none"),
        (bool, Pod, "none"),
    ],
)
def test_which_containers_must_start_for_it(until: Any, kind: type, needs: str) -> None:
    assert goal(until, kind).needs_start == needs


@pytest.mark.parametrize(
    ("there", "finished"),
    [
        (pod("Succeeded"), True),
        (pod("Failed"), True),
        (pod("Running"), False),
        (job(Complete="True"), True),
        (job(Failed="True"), True),
        (job(FailureTarget="True"), False),
        (job(Complete="False"), False),
    ],
)
def test_what_has_come_to_its_end(there: Any, finished: bool) -> None:
    assert FinishedGoal().is_met(there) == finished


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ("phase=Runing", "'Runing' is no phase of a Pod: it is one of Pending, Running, Succeeded, Failed, Unknown"),
        ("status.fase=Running", "'status.fase' is no field of Pod: there is no 'fase'; did you mean 'phase'?"),
        ("jsonpath={.statu.phase}=x", "'statu.phase' is no field of Pod: there is no 'statu'; did you mean 'status'?"),
    ],
)
def test_what_no_pod_can_come_to_is_refused_at_once(until: str, message: str) -> None:
    with pytest.raises(PodkitError) as refused:
        goal(until)
    assert str(refused.value) == message
