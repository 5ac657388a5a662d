"""Indexed Jobs: each index must succeed; limits, policies and failures index by index."""

import pytest

from podkit.controllers import JobController
from podkit.controllers.job.job_pods import INDEX, INDEX_FAILURES, INDEX_IGNORED_FAILURES
from podkit.model.environment import EnvVar
from podkit.model.job import (
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)
from podkit.model.pod import Pod, PodCondition
from tests.unit.controllers.world import World, conditions, job


@pytest.fixture
def world() -> World:
    return World(JobController)


def start(world: World, **spec) -> None:
    world.store.create(job(completion_mode="Indexed", **spec))
    world.settle()


def indexes(pods: list[Pod]) -> list[int]:
    return sorted(int(pod.metadata.annotations[INDEX]) for pod in pods)


def pod_of(world: World, index: int) -> Pod:
    """The active Pod of an index."""
    (pod,) = [pod for pod in world.active() if pod.metadata.annotations[INDEX] == str(index)]
    return pod


def ignoring(*codes: int, action: str = "Ignore") -> PodFailurePolicy:
    requirement = PodFailurePolicyOnExitCodesRequirement(operator="In", values=list(codes))
    return PodFailurePolicy([PodFailurePolicyRule(action, on_exit_codes=requirement)])


class TestPods:
    def test_know_their_index(self, world):
        start(world, completions=2, parallelism=2)
        pod = pod_of(world, 1)
        assert pod.metadata.name.startswith("work-1-")
        assert pod.metadata.labels[INDEX] == "1"
        assert pod.spec.hostname == "work-1"
        (variable,) = pod.spec.containers[0].env
        assert variable.name == "JOB_COMPLETION_INDEX"
        assert variable.value_from.field_ref.field_path == f"metadata.labels['{INDEX}']"

    def test_have_a_name_that_keeps_the_index_when_the_job_has_a_long_one(self, world):
        name = "w" * 60
        world.store.create(job(name, completion_mode="Indexed", completions=1))
        world.settle()
        assert world.pods()[0].metadata.name.startswith("w" * 55 + "-0-")

    def test_are_made_for_the_lowest_free_indexes(self, world):
        start(world, completions=5, parallelism=2)
        assert indexes(world.active()) == [0, 1]
        world.succeed(pod_of(world, 1))
        assert indexes(world.active()) == [0, 2]
        world.fail(pod_of(world, 0))
        world.advance(10)
        assert indexes(world.active()) == [0, 2]

    def test_keep_a_variable_of_the_users(self, world):
        made = job(completion_mode="Indexed", completions=1)
        made.spec.template.spec.containers[0].env = [EnvVar("JOB_COMPLETION_INDEX", "mine")]
        world.store.create(made)
        world.settle()
        assert world.pods()[0].spec.containers[0].env == [EnvVar("JOB_COMPLETION_INDEX", "mine")]

    def test_are_given_up_when_there_are_too_many(self, world):
        start(world, completions=4, parallelism=3)
        world.run(pod_of(world, 1))
        changed = world.job()
        changed.spec.parallelism = 1
        world.store.update(changed)
        world.settle()
        assert indexes(world.active()) == [1]
        assert world.job().status.failed is None

    def test_are_deleted_when_two_have_the_same_index(self, world):
        start(world, completions=3, parallelism=2)
        world.run()
        twin = pod_of(world, 0)
        twin.metadata.name, twin.metadata.uid, twin.metadata.resource_version = "twin", None, None
        twin.spec.node_name = None
        world.store.create(twin)
        world.settle()
        assert indexes(world.active()) == [0, 1]
        assert "twin" not in {pod.metadata.name for pod in world.pods()}
        assert world.job().status.failed is None


class TestStatus:
    def test_names_the_indexes_that_have_succeeded(self, world):
        start(world, completions=5, parallelism=5)
        for index, completed in ((3, "3"), (0, "0,3"), (1, "0,1,3"), (2, "0-3"), (4, "0-4")):
            world.succeed(pod_of(world, index))
            assert world.job().status.completed_indexes == completed
        assert conditions(world.job())[-1] == ("Complete", "True", "CompletionsReached")
        assert world.job().status.succeeded == 5
        assert world.job().status.failed_indexes is None

    def test_counts_an_index_once(self, world):
        start(world, completions=2, parallelism=1)
        world.succeed(pod_of(world, 0))
        second = world.store.get(Pod, world.pods("Succeeded")[0].metadata.name)
        second.metadata.name, second.metadata.uid, second.metadata.resource_version = "again", None, None
        second.metadata.finalizers = ["batch.kubernetes.io/job-tracking"]
        world.store.create(second)
        world.succeed(world.store.get(Pod, "again"))
        assert world.job().status.succeeded == 1

    def test_forgets_indexes_that_the_job_has_no_longer(self, world):
        start(world, completions=3, parallelism=3)
        world.succeed(pod_of(world, 2))
        changed = world.job()
        changed.spec.completions = changed.spec.parallelism = 2
        world.store.update(changed)
        world.settle()
        assert world.job().status.completed_indexes is None
        world.succeed(pod_of(world, 0), pod_of(world, 1))
        assert world.job().status.completed_indexes == "0,1"
        assert conditions(world.job())[-1] == ("Complete", "True", "CompletionsReached")


class TestLimitPerIndex:
    def test_gives_up_an_index_and_goes_on_with_the_others(self, world):
        start(world, completions=2, parallelism=2, backoff_limit_per_index=1)
        world.fail(pod_of(world, 0))
        world.advance(10)
        assert pod_of(world, 0).metadata.annotations[INDEX_FAILURES] == "1"
        world.fail(pod_of(world, 0))
        assert world.job().status.failed_indexes == "0"
        world.advance(100)
        assert indexes(world.active()) == [1]
        world.succeed(pod_of(world, 1))
        assert conditions(world.job()) == [
            ("FailureTarget", "True", "FailedIndexes"),
            ("Failed", "True", "FailedIndexes"),
        ]
        assert (world.job().status.completed_indexes, world.job().status.failed) == ("1", 2)
        assert world.job().status.conditions[-1].message == "Job has failed indexes"

    def test_delays_each_index_by_itself(self, world):
        start(world, completions=2, parallelism=2, backoff_limit_per_index=5)
        world.fail(pod_of(world, 0))
        world.advance(10)
        world.fail(pod_of(world, 0))
        world.advance(5)
        world.fail(pod_of(world, 1))
        world.advance(10)
        assert indexes(world.active()) == [1]
        world.advance(5)
        assert indexes(world.active()) == [0, 1]

    def test_keeps_a_failed_pod_until_its_replacement_is_there(self, world):
        start(world, completions=1, backoff_limit_per_index=5)
        world.fail(pod_of(world, 0))
        (failed,) = world.pods("Failed")
        world.store.delete(Pod, failed.metadata.name)
        world.settle()
        assert [pod.metadata.name for pod in world.pods()] == [failed.metadata.name]
        world.advance(10)
        assert failed.metadata.name not in {pod.metadata.name for pod in world.pods()}
        assert world.job().status.failed == 1

    def test_ends_the_job_when_too_many_indexes_have_failed(self, world):
        start(world, completions=4, parallelism=3, backoff_limit_per_index=0, max_failed_indexes=1)
        world.fail(pod_of(world, 0))
        assert conditions(world.job()) == []
        world.fail(pod_of(world, 1))
        assert conditions(world.job())[0] == ("FailureTarget", "True", "MaxFailedIndexesExceeded")
        assert world.job().status.failed_indexes == "0,1"
        message = "Job has exceeded the specified maximal number of failed indexes"
        assert world.job().status.conditions[0].message == message

    def test_counts_failures_that_do_not_count_for_the_delay_only(self, world):
        policy = ignoring(42)
        start(world, completions=1, backoff_limit_per_index=0, pod_failure_policy=policy)
        world.fail(pod_of(world, 0), exit_code=42)
        world.advance(10)
        replacement = pod_of(world, 0)
        assert replacement.metadata.annotations[INDEX_FAILURES] == "0"
        assert replacement.metadata.annotations[INDEX_IGNORED_FAILURES] == "1"
        world.fail(replacement, exit_code=42)
        world.advance(19.5)
        assert world.active() == []
        world.advance(0.5)
        assert len(world.active()) == 1
        assert world.job().status.failed_indexes == ""

    def test_an_index_can_be_given_up_by_the_policy(self, world):
        policy = ignoring(3, action="FailIndex")
        start(world, completions=2, parallelism=2, backoff_limit_per_index=5, pod_failure_policy=policy)
        world.fail(pod_of(world, 1), exit_code=3)
        assert world.job().status.failed_indexes == "1"
        world.advance(100)
        assert indexes(world.active()) == [0]


class TestSuccessPolicy:
    @pytest.mark.parametrize(
        ("rules", "succeed", "met"),
        [
            ([SuccessPolicyRule(succeeded_indexes="0")], [0], "Matched rules at index 0"),
            ([SuccessPolicyRule(succeeded_indexes="0")], [1, 2], None),
            ([SuccessPolicyRule(succeeded_count=2)], [1], None),
            ([SuccessPolicyRule(succeeded_count=2)], [1, 3], "Matched rules at index 0"),
            ([SuccessPolicyRule(succeeded_indexes="0-2", succeeded_count=1)], [2], "Matched rules at index 0"),
            (
                [SuccessPolicyRule(succeeded_indexes="0-2"), SuccessPolicyRule(succeeded_indexes="3")],
                [3],
                "Matched rules at index 1",
            ),
        ],
    )
    def test_says_when_enough_has_succeeded(self, world, rules, succeed, met):
        start(world, completions=4, parallelism=4, success_policy=SuccessPolicy(rules))
        world.run()
        world.succeed(*(pod_of(world, index) for index in succeed))
        if met is None:
            assert conditions(world.job()) == []
            return
        assert conditions(world.job()) == [("SuccessCriteriaMet", "True", "SuccessPolicy")]
        assert world.job().status.conditions[0].message == met
        world.stop_deleted()
        assert conditions(world.job())[-1] == ("Complete", "True", "SuccessPolicy")
        assert world.job().status.failed is None


class TestFailurePolicy:
    def test_can_fail_the_job_at_once(self, world):
        policy = ignoring(42, action="FailJob")
        world.store.create(job(pod_failure_policy=policy, backoff_limit=6, completions=2, parallelism=2))
        world.settle()
        world.run()
        first = world.active()[0]
        world.fail(first, exit_code=42)
        (target,) = world.job().status.conditions
        assert (target.type, target.reason) == ("FailureTarget", "PodFailurePolicy")
        name = first.metadata.name
        assert (
            target.message
            == f"Container main for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"
        )
        world.stop_deleted()
        assert conditions(world.job())[-1] == ("Failed", "True", "PodFailurePolicy")

    def test_can_leave_failures_out_of_the_count(self, world):
        world.store.create(job(pod_failure_policy=ignoring(42), backoff_limit=0))
        world.settle()
        world.fail(*world.active(), exit_code=42)
        assert world.job().status.failed is None
        world.advance(10)
        world.fail(*world.active(), exit_code=1)
        assert conditions(world.job())[-1] == ("Failed", "True", "BackoffLimitExceeded")

    def test_can_look_at_conditions(self, world):
        patterns = [PodFailurePolicyOnPodConditionsPattern(type="DisruptionTarget", status="True")]
        policy = PodFailurePolicy([PodFailurePolicyRule("FailJob", on_pod_conditions=patterns)])
        world.store.create(job(pod_failure_policy=policy, backoff_limit=6, completions=2, parallelism=2))
        world.settle()
        first, second = world.active()
        world.fail(first)
        assert conditions(world.job()) == []
        pod = world.store.get(Pod, second.metadata.name)
        pod.status.phase = "Failed"
        pod.status.conditions.append(PodCondition(type="DisruptionTarget", status="True"))
        world.store.update_status(pod)
        world.settle()
        message = f"Pod default/{second.metadata.name} has condition DisruptionTarget matching FailJob rule at index 0"
        assert world.job().status.conditions[0].message == message

    def test_success_matches_no_exit_code(self, world):
        requirement = PodFailurePolicyOnExitCodesRequirement(operator="NotIn", values=[1])
        policy = PodFailurePolicy([PodFailurePolicyRule("FailJob", on_exit_codes=requirement)])
        world.store.create(job(pod_failure_policy=policy, backoff_limit=6))
        world.settle()
        (pod,) = world.active()
        pod.status.phase = "Failed"
        pod.status.container_statuses = []
        world.store.update_status(pod)
        world.settle()
        assert conditions(world.job()) == []
