"""Whatever happens to a Deployment and its Pods, in whatever order: its limits hold, and it comes to rest as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from podkit.controllers import DeploymentController, ReplicaSetController
from podkit.model.deployment import Deployment
from podkit.model.pod import Pod
from podkit.model.replicaset import ReplicaSet
from tests.unit.controllers.workloads import Rollouts, deployment, image_of

IMAGES = ("v1", "v2", "bad")
NUMBERS = st.integers(0, 50)


class RolloutMachine(RuleBasedStateMachine):
    """A Deployment with a surge of 1 and at most 1 unavailable, whose Pods with the image ``bad`` never become ready."""

    world: Rollouts

    @initialize(replicas=st.integers(1, 5))
    def begin(self, replicas: int) -> None:
        self.world = Rollouts()
        self.most = self.replicas = replicas
        self.lost, self.available = True, 0
        self.world.store.create(deployment(replicas, surge=1, unavailable=1))

    # What users do

    @rule(image=st.sampled_from(IMAGES))
    def change_template(self, image: str) -> None:
        container = {"name": "main", "image": image}
        self.world.store.patch(Deployment, "web", {"spec": {"template": {"spec": {"containers": [container]}}}})

    @rule(replicas=st.integers(0, 6))
    def scale(self, replicas: int) -> None:
        self.most = max(self.most, replicas)
        self.replicas = replicas
        self.lost = True
        self.world.store.patch(Deployment, "web", {"spec": {"replicas": replicas}})

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.world.store.patch(Deployment, "web", {"spec": {"paused": paused}})

    @rule(number=NUMBERS)
    def take_a_pod_out(self, number: int) -> None:
        self._with_pod(number, lambda pod: self._label(pod, "other"))

    @rule(number=NUMBERS)
    def delete_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self.world.store.delete(Pod, pod.metadata.name))

    # What containers and kubelets do

    @rule()
    def run_what_can_run(self) -> None:
        waiting = [pod for pod in self.world.active() if pod.status.phase == "Pending" and image_of(pod) != "bad"]
        self._playing_kubelet(lambda: self.world.run(*waiting) if waiting else None)

    @rule(number=NUMBERS)
    def end_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self._playing_kubelet(lambda: self.world.fail(pod)))

    @rule()
    def stop_what_is_deleted(self) -> None:
        self._playing_kubelet(self.world.stop_deleted)

    # What controllers do

    @rule(which=st.integers(0, 1))
    def one_controller_works(self, which: int) -> None:
        self.world.loops[which].step()

    @rule()
    def all_work_until_nothing_is_left_to_do(self) -> None:
        self.world.settle()
        self.available, self.lost = len(self._available()), False

    @rule(which=st.integers(0, 1))
    def a_controller_dies_and_another_one_takes_over(self, which: int) -> None:
        make: Any = (DeploymentController, ReplicaSetController)[which]
        self.world.loops[which].stop()
        self.world.loops[which] = make(self.world.store, clock=self.world.clock)

    @rule(which=st.integers(0, 1))
    def something_is_reconciled_for_no_reason(self, which: int) -> None:
        for obj in self.world.store.list((Deployment, ReplicaSet)[which]):
            self.world.loops[which].loop.enqueue((obj.metadata.namespace, obj.metadata.name))

    @rule(seconds=st.sampled_from([1, 30, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.advance(seconds)

    # What holds at every moment

    @invariant()
    def there_are_never_too_many(self) -> None:
        assert len(self._mine()) <= self.most + 1

    @invariant()
    def each_pod_has_one_controller(self) -> None:
        for pod in self.world.pods():
            assert sum(bool(owner.controller) for owner in pod.metadata.owner_references) <= 1

    @invariant()
    def what_controllers_delete_is_not_missed(self) -> None:
        """No controller deletes an available Pod that is needed for the floor.

        What others take away the controllers do not know before they have looked: it is asked again once they have.
        """
        now = len(self._available())
        if not self.lost and now < self.available:
            assert now >= min(self.replicas - 1, self.available)
        self.available = now

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def it_comes_to_rest_as_it_shall_be(self) -> None:
        self.lost = True
        self.most = max(self.most, self.replicas)
        self.pause(False)
        self.change_template("v2")
        for _ in range(20):
            self.world.settle()
            self.run_what_can_run()
            self.stop_what_is_deleted()
        self.world.settle()
        pods = self._mine()
        assert [image_of(pod) for pod in pods] == ["v2"] * self.replicas
        status = self.world.web().status
        assert (status.replicas, status.available_replicas) == (self.replicas, self.replicas)
        assert self.world.reason("Progressing") == ("True", "NewReplicaSetAvailable")
        self.most = self.replicas

    # How it is done

    def _mine(self) -> list[Pod]:
        return [pod for pod in self.world.active() if pod.metadata.labels["app"] == "web"]

    def _available(self) -> list[Pod]:
        return [pod for pod in self.world.ready() if pod.metadata.labels["app"] == "web"]

    def _with_pod(self, number: int, do: Callable[[Pod], object]) -> None:
        pods = self._mine()
        if pods:
            self.lost = True
            do(pods[number % len(pods)])

    def _label(self, pod: Pod, app: str) -> None:
        self.world.store.patch(Pod, pod.metadata.name, {"metadata": {"labels": {"app": app}}})

    def _playing_kubelet(self, act: Callable[[], object]) -> None:
        """Let the kubelet act alone: the controllers see it when it is their turn."""
        loops, self.world.loops = self.world.loops, []
        try:
            act()
        finally:
            self.world.loops = loops


RolloutMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestRollouts = RolloutMachine.TestCase
