"""What a Job needs next, decided over plain objects."""

from datetime import UTC, datetime, timedelta

import pytest

from podkit.admission import prepare_create
from podkit.controllers.job.decision import decide, end
from podkit.controllers.job.history import History
from podkit.controllers.job.job_pods import TRACKING
from podkit.controllers.job.tracking import MOST_NOTED, settle
from podkit.model.container import Container
from podkit.model.job import UncountedTerminatedPods
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodSpec, PodStatus
from tests.unit.controllers.world import job

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pod(name: str, phase: str = "Running", *, tracked: bool = True, deleted: bool = False, node: str = "n") -> Pod:
    return Pod(
        metadata=ObjectMeta(
            name=name,
            uid=name,
            finalizers=[TRACKING] if tracked else [],
            creation_timestamp=NOW,
            deletion_timestamp=NOW if deleted else None,
        ),
        spec=PodSpec(containers=[Container("main", image="i")], node_name=node),
        status=PodStatus(phase=phase),
    )


def decided(pods, *, now=NOW, may_manage=True, status=None, **spec):
    given = prepare_create(job(**spec))
    for name, value in (status or {}).items():
        setattr(given.status, name, value)
    return decide(given, pods, now, History(), may_manage=may_manage)


@pytest.mark.parametrize(
    ("spec", "pods", "create", "delete"),
    [
        ({"completions": 3, "parallelism": 2}, [], 2, []),
        ({"completions": 3, "parallelism": 2}, [pod("a")], 1, []),
        ({"completions": 3, "parallelism": 2}, [pod("a", "Succeeded"), pod("b")], 1, []),
        ({"completions": 3, "parallelism": 3}, [pod("a", "Succeeded"), pod("b", "Succeeded"), pod("c")], 0, []),
        ({"completions": 3, "parallelism": 1}, [pod("a"), pod("b", "Pending", node="")], 0, ["b"]),
        ({"parallelism": 2}, [pod("a"), pod("b", "Succeeded")], 0, []),
        ({"parallelism": 1}, [pod("a", deleted=True), pod("b")], 0, []),
        ({"parallelism": 1, "suspend": True}, [pod("a"), pod("b", "Succeeded")], 0, ["a"]),
        ({"completions": 900, "parallelism": 900}, [], 500, []),
    ],
)
def test_pods_are_made_and_deleted(spec, pods, create, delete):
    decision = decided(pods, **spec)
    assert len(decision.create) == create
    assert [pod.metadata.name for pod in decision.delete] == delete


def test_nothing_is_made_or_deleted_while_it_is_uncertain_what_there_is():
    decision = decided([pod("a")], completions=3, parallelism=3, may_manage=False)
    assert (list(decision.create), list(decision.delete), decision.status.active) == ([], [], 1)


class TestCounting:
    def test_notes_pods_that_have_ended_before_it_lets_them_go(self):
        decision = decided([pod("a", "Succeeded"), pod("b", "Failed"), pod("c")], completions=5, parallelism=3)
        noted = decision.status.uncounted_terminated_pods
        assert (noted.succeeded, noted.failed) == (["a"], ["b"])
        assert [pod.metadata.name for pod in decision.release] == ["a", "b"]
        assert (decision.status.succeeded, decision.status.failed) == (None, None)

    def test_counts_what_is_noted_and_let_go(self):
        noted = UncountedTerminatedPods(succeeded=["a"], failed=["b", "c"])
        decision = decided(
            [pod("c", "Failed")], completions=5, parallelism=1, status={"uncounted_terminated_pods": noted, "failed": 2}
        )
        assert (decision.status.succeeded, decision.status.failed) == (1, 3)
        assert decision.status.uncounted_terminated_pods == UncountedTerminatedPods(failed=["c"])
        assert [pod.metadata.name for pod in decision.release] == ["c"]

    def test_leaves_alone_what_it_has_let_go(self):
        decision = decided([pod("a", "Failed", tracked=False)], completions=1)
        assert decision.status.uncounted_terminated_pods == UncountedTerminatedPods()
        assert list(decision.release) == []

    def test_notes_only_so_many_at_a_time(self):
        pods = [pod(f"p{number}", "Succeeded") for number in range(MOST_NOTED + 1)]
        decision = decided(pods, completions=MOST_NOTED + 1, parallelism=MOST_NOTED + 1)
        assert len(decision.release) == MOST_NOTED
        settle(decision.status, [])
        assert decision.status.succeeded == MOST_NOTED
        assert not end(decision, decision.status)


class TestEnd:
    def test_waits_until_all_are_counted(self):
        decision = decided([pod("a", "Succeeded")], completions=1)
        assert [condition.type for condition in decision.status.conditions] == ["SuccessCriteriaMet"]
        assert not end(decision, decision.status)
        settle(decision.status, [])
        assert end(decision, decision.status)
        assert decision.status.completion_time == NOW

    def test_waits_until_none_is_being_stopped(self):
        decision = decided([pod("a", "Failed"), pod("b")], completions=2, parallelism=2, backoff_limit=0)
        settle(decision.status, [])
        assert not end(decision, decision.status)
        decision.status.terminating = 0
        assert end(decision, decision.status)
        assert decision.status.conditions[-1].type == "Failed"

    @pytest.mark.parametrize("fraction", [0.0, 0.75])
    def test_is_dated_to_the_second(self, fraction):
        decision = decided([], now=NOW + timedelta(seconds=fraction), completions=0)
        assert decision.status.start_time == NOW
        assert decision.end.last_transition_time == NOW


def test_the_job_and_its_pods_are_not_changed():
    given = prepare_create(job(completions=2, parallelism=2))
    pods = [pod("a", "Succeeded"), pod("b", "Failed")]
    before = repr((given, pods))
    decide(given, pods, NOW, History())
    assert repr((given, pods)) == before


@pytest.mark.parametrize(
    ("spec", "seconds", "again"),
    [
        ({}, 0, None),
        ({"active_deadline_seconds": 60}, 45, 15),
        ({"active_deadline_seconds": 60, "suspend": True}, 45, None),
    ],
)
def test_it_says_when_to_look_again(spec, seconds, again):
    decision = decided([pod("a")], now=NOW + timedelta(seconds=seconds), status={"start_time": NOW}, **spec)
    assert decision.again == again
