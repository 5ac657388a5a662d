"""How long a Job waits before it replaces Pods that failed."""

from datetime import UTC, datetime, timedelta

import pytest

from podkit.controllers.job.history import History, finish_time, index_delay
from podkit.controllers.job.job_pods import INDEX_FAILURES, INDEX_IGNORED_FAILURES
from podkit.model.container import Container
from podkit.model.container_status import ContainerState, ContainerStateTerminated, ContainerStatus
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodCondition, PodSpec, PodStatus

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def status(name: str, end: float | None) -> ContainerStatus:
    terminated = ContainerStateTerminated(exit_code=0, finished_at=at(end)) if end is not None else None
    return ContainerStatus(
        name=name, ready=False, restart_count=0, image="i", image_id="", state=ContainerState(terminated=terminated)
    )


def pod(uid: str, end: float) -> Pod:
    return Pod(metadata=ObjectMeta(name=uid, uid=uid), status=PodStatus(container_statuses=[status("main", end)]))


def history(*ends: tuple[str, float]) -> History:
    """What is known after Pods have ended: "s" a success, "f" a failure."""
    found = History()
    for number, (how, end) in enumerate(ends):
        ended = [pod(f"pod-{number}", end)]
        found = found.and_then(ended if how == "s" else [], ended if how == "f" else [])
    return found


@pytest.mark.parametrize(
    ("ends", "now", "delay"),
    [
        ([], 0, 0),
        ([("s", 5)], 5, 0),
        ([("f", 0)], 0, 10),
        ([("f", 0)], 4, 6),
        ([("f", 0)], 10, 0),
        ([("f", 0), ("f", 1)], 1, 20),
        ([("f", 0), ("f", 1), ("f", 2)], 2, 40),
        ([("f", 0), ("f", 1), ("s", 2), ("f", 3)], 3, 10),
        ([("f", 0), ("f", 5), ("s", 2)], 5, 10),
        ([("f", 2), ("s", 2)], 2, 0),
        ([("f", second) for second in range(7)], 6, 600),
        ([("f", second) for second in range(5000)], 4999, 600),
    ],
)
def test_the_delay_doubles_with_each_failure_since_the_last_success(ends, now, delay):
    assert history(*ends).delay(at(now)) == delay


def test_a_pod_that_is_told_twice_counts_once():
    failed = pod("a", 0)
    assert History().and_then([], [failed]).and_then([], [failed]).delay(at(0)) == 10


@pytest.mark.parametrize(
    ("annotations", "delay"),
    [
        ({}, 10),
        ({INDEX_FAILURES: "2"}, 40),
        ({INDEX_FAILURES: "1", INDEX_IGNORED_FAILURES: "1"}, 40),
        ({INDEX_FAILURES: "-1"}, 10),
        ({INDEX_FAILURES: "many"}, 10),
    ],
)
def test_an_index_has_a_delay_of_its_own(annotations, delay):
    failed = pod("a", 0)
    failed.metadata.annotations = annotations
    assert index_delay(failed, at(0)) == delay
    assert index_delay(None, at(0)) == 0


class TestFinishTime:
    def test_is_when_the_last_container_ended_sidecars_included(self):
        ended = Pod(
            spec=PodSpec(
                init_containers=[Container("proxy", image="i", restart_policy="Always"), Container("init", image="i")]
            ),
            status=PodStatus(
                container_statuses=[status("main", 3), status("other", 1)],
                init_container_statuses=[status("proxy", 7), status("init", 99)],
            ),
        )
        assert finish_time(ended) == at(7)

    def test_is_when_it_ceased_to_be_ready_if_a_container_has_no_end(self):
        ready = PodCondition(type="Ready", status="False", last_transition_time=at(4))
        ended = Pod(status=PodStatus(container_statuses=[status("main", 3), status("other", None)], conditions=[ready]))
        assert finish_time(ended) == at(4)

    def test_is_when_it_was_deleted_if_nothing_else_is_known(self):
        meta = ObjectMeta(creation_timestamp=at(0), deletion_timestamp=at(40), deletion_grace_period_seconds=30)
        assert finish_time(Pod(metadata=meta)) == at(10)

    def test_is_when_it_was_made_if_nothing_at_all_is_known(self):
        assert finish_time(Pod(metadata=ObjectMeta(creation_timestamp=at(2)))) == at(2)
