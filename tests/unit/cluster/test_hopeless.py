"""When a container that does not start never will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podkit.cluster.hopeless import cause_of, is_outdated, is_suspect
from podkit.model import (
    Container,
    ContainerState,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    Event,
    ObjectMeta,
    ObjectReference,
    Pod,
    PodSpec,
    PodTemplateSpec,
)

CREATED = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = CREATED + timedelta(minutes=5)
NOT_FOUND = 'failed to pull image "nowhere": not found: manifest unknown'


def status(reason: str, message: str = "", *, restarts: int = 0, last: str | None = None) -> ContainerStatus:
    ended = ContainerStateTerminated(exit_code=128, reason=last, message="no such file") if last else None
    return ContainerStatus(
        name="app",
        image="nowhere",
        image_id="",
        ready=False,
        restart_count=restarts,
        state=ContainerState(waiting=ContainerStateWaiting(reason=reason, message=message)),
        last_state=ContainerState(terminated=ended) if ended else None,
    )


def pod(*statuses: ContainerStatus, init: ContainerStatus | None = None) -> Pod:
    made = Pod(metadata=ObjectMeta(name="web", uid="u", creation_timestamp=CREATED))
    made.status.container_statuses = list(statuses)
    made.status.init_container_statuses = [init] if init is not None else []
    return made


def failed(at: datetime, container: str = "app", reason: str = "Failed") -> Event:
    path = f"spec.containers{{{container}}}"
    about = ObjectReference(name="web", field_path=path)
    return Event(involved_object=about, reason=reason, type="Warning", last_timestamp=at)


@pytest.mark.parametrize(
    "one",
    [
        status("ErrImageNeverPull"),
        status("ErrImagePull", NOT_FOUND),
        status("ImagePullBackOff", f'Back-off pulling image "nowhere": ErrImagePull: {NOT_FOUND}'),
        status("CrashLoopBackOff", restarts=1, last="StartError"),
        status("InvalidImageName"),
    ],
    ids=lambda one: one.state.waiting.reason,
)
def test_right_after_the_creation_the_first_failed_attempt_counts(one: ContainerStatus) -> None:
    cause = cause_of(pod(one), [], CREATED + timedelta(seconds=1))
    assert cause is not None
    assert not cause.stale


@pytest.mark.parametrize(
    "one",
    [
        status("ContainerCreating"),
        status("ImagePullBackOff", "dial tcp: connection refused"),
        status("ErrImagePull", "failed to pull and unpack image: 503 Service Unavailable"),
        status("CreateContainerConfigError", 'configmap "settings" not found'),
        status("CrashLoopBackOff", restarts=4, last="Error"),
        status("RunContainerError", restarts=0, last="StartError"),
    ],
    ids=lambda one: one.state.waiting.reason,
)
def test_what_may_get_better_is_never_hopeless(one: ContainerStatus) -> None:
    assert cause_of(pod(one), [failed(LATER)], CREATED) is None
    assert not is_suspect(pod(one), "all")


def test_an_attempt_from_before_the_wait_is_stale() -> None:
    cause = cause_of(pod(status("ErrImageNeverPull")), [failed(LATER - timedelta(seconds=1))], LATER)
    assert cause is not None
    assert cause.stale


@pytest.mark.parametrize("reason", ["Failed", "ErrImageNeverPull"])
def test_an_attempt_that_fails_during_the_wait_counts(reason: str) -> None:
    events = [failed(LATER + timedelta(seconds=3), reason=reason)]
    cause = cause_of(pod(status("ErrImagePull", NOT_FOUND)), events, LATER)
    assert cause is not None
    assert not cause.stale


def test_another_containers_attempt_does_not_count() -> None:
    cause = cause_of(pod(status("ErrImageNeverPull")), [failed(LATER, container="other")], LATER)
    assert cause is not None
    assert cause.stale


def test_the_event_of_a_back_off_is_no_attempt() -> None:
    cause = cause_of(pod(status("ImagePullBackOff", NOT_FOUND)), [failed(LATER, reason="BackOff")], LATER)
    assert cause is not None
    assert cause.stale


def test_what_is_no_reference_needs_no_further_attempt() -> None:
    cause = cause_of(pod(status("InvalidImageName")), [], LATER)
    assert cause is not None
    assert not cause.stale


def test_for_initialized_only_init_containers_matter() -> None:
    bad = status("ErrImageNeverPull")
    assert cause_of(pod(bad), [], CREATED, needs="init") is None
    assert cause_of(pod(init=bad), [], CREATED, needs="init") is not None
    assert cause_of(pod(init=bad), [], CREATED, needs="none") is None


def test_a_pod_that_is_being_deleted_starts_nothing_any_more() -> None:
    gone = pod(status("ErrImageNeverPull"))
    gone.metadata.deletion_timestamp = LATER
    assert cause_of(gone, [], CREATED) is None


def test_a_container_that_its_owner_wants_otherwise_says_nothing() -> None:
    old = pod(status("ErrImageNeverPull"))
    old.spec = PodSpec(containers=[Container("app", image="nowhere")])
    same, other = (
        PodTemplateSpec(spec=PodSpec(containers=[Container("app", image=image)])) for image in ("nowhere", "busybox")
    )
    assert not is_outdated(old, "app", same)
    assert is_outdated(old, "app", other)
    assert not is_outdated(old, "app", None)
