"""Whatever happens to a StatefulSet and its Pods, in whatever order: its order holds, and it comes to rest as it should."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from podkit.controllers import GarbageCollector, StatefulSetController
from podkit.controllers.pod_state import is_ready
from podkit.controllers.statefulset.identity import ordinal_of
from podkit.model.pod import Pod
from podkit.model.statefulset import StatefulSet
from tests.unit.controllers.sets import Sets, claim_template, stateful_set
from tests.unit.controllers.workloads import image_of

IMAGES = ("v1", "v2", "bad")
NUMBERS = st.integers(0, 50)


class StatefulSetMachine(RuleBasedStateMachine):
    """A StatefulSet whose Pods with the image ``bad`` never become ready."""

    world: Sets

    @initialize(replicas=st.integers(1, 4), policy=st.sampled_from(["OrderedReady", "Parallel"]))
    def begin(self, replicas: int, policy: str) -> None:
        self.world = Sets()
        self.replicas, self.ordered = replicas, policy == "OrderedReady"
        made = stateful_set(replicas, pod_management_policy=policy, volume_claim_templates=[claim_template()])
        self.world.store.create(made)

    # What users do

    @rule(image=st.sampled_from(IMAGES))
    def change_template(self, image: str) -> None:
        container = {"name": "main", "image": image}
        self._patch(template={"spec": {"containers": [container]}})

    @rule(replicas=st.integers(0, 5))
    def scale(self, replicas: int) -> None:
        self.replicas = replicas
        self._patch(replicas=replicas)

    @rule(partition=st.integers(0, 3))
    def set_partition(self, partition: int) -> None:
        self._patch(updateStrategy={"rollingUpdate": {"partition": partition}})

    @rule(unavailable=st.sampled_from([None, 1, 2, "50%"]))
    def set_max_unavailable(self, unavailable: object) -> None:
        self._patch(updateStrategy={"rollingUpdate": {"maxUnavailable": unavailable}})

    @rule(kind=st.sampled_from(["Retain", "Delete"]))
    def set_retention(self, kind: str) -> None:
        self._patch(persistentVolumeClaimRetentionPolicy={"whenScaled": kind})

    @rule(number=NUMBERS)
    def delete_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self.world.store.delete(Pod, pod.metadata.name))

    # What containers and kubelets do

    @rule(number=NUMBERS)
    def run_a_pod(self, number: int) -> None:
        waiting = [pod for pod in self.world.active() if pod.status.phase == "Pending" and image_of(pod) != "bad"]
        if waiting:
            self._playing_kubelet(lambda: self.world.run(waiting[number % len(waiting)]))

    @rule(number=NUMBERS)
    def a_pod_becomes_unready(self, number: int) -> None:
        self._with_pod(number, lambda pod: self._playing_kubelet(lambda: self.world.unready(ordinal_of(pod))))

    @rule(number=NUMBERS)
    def end_a_pod(self, number: int) -> None:
        self._with_pod(number, lambda pod: self._playing_kubelet(lambda: self.world.fail(pod)))

    @rule()
    def stop_what_is_deleted(self) -> None:
        self._playing_kubelet(self.world.stop_deleted)

    # What controllers do

    @rule(which=st.integers(0, 1))
    def one_controller_works(self, which: int) -> None:
        before = self._ready_ordinals()
        known = {pod.metadata.uid for pod in self.world.pods()}
        self.world.loops[which].step()
        new = sorted(ordinal_of(pod) for pod in self.world.pods() if pod.metadata.uid not in known)
        if self.ordered and new:
            assert set(range(new[0])) <= before, "a Pod is made only once all before it are ready"
            assert len(new) == 1

    @rule()
    def all_work_until_nothing_is_left_to_do(self) -> None:
        self.world.settle()

    @rule(which=st.integers(0, 1))
    def a_controller_dies_and_another_one_takes_over(self, which: int) -> None:
        make = (StatefulSetController, GarbageCollector)[which]
        self.world.loops[which].stop()
        self.world.loops[which] = make(self.world.store, clock=self.world.clock)

    @rule()
    def something_is_reconciled_for_no_reason(self) -> None:
        self.world.loops[0].loop.enqueue(("default", "web"))

    @rule(seconds=st.sampled_from([1, 30, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.advance(seconds)

    # What holds at every moment

    @invariant()
    def a_name_goes_to_another_pod_only_when_the_former_is_gone(self) -> None:
        """The store has one Pod of a name; nobody removes one that somebody has not stopped."""
        for pod in self.world.pods():
            assert pod.metadata.name == f"web-{ordinal_of(pod)}"
            assert pod.metadata.labels["statefulset.kubernetes.io/pod-name"] == pod.metadata.name
            assert sum(bool(owner.controller) for owner in pod.metadata.owner_references) == 1

    @invariant()
    def each_pod_has_its_claim(self) -> None:
        claims = {claim.metadata.name for claim in self.world.store.list("pvc")}
        for pod in self.world.active():
            assert f"data-{pod.metadata.name}" in claims

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def it_comes_to_rest_as_it_shall_be(self) -> None:
        self.set_partition(0)
        self.change_template("v2")
        for pod in self.world.active():
            # of several that are too many and have failed, a cluster deletes none in their order: somebody has to
            is_stuck = pod.status.phase == "Failed" and ordinal_of(pod) >= self.replicas
            if image_of(pod) == "bad" or is_stuck:
                self.world.store.delete(Pod, pod.metadata.name)
        for _ in range(30):
            self.world.settle()
            self.world.run_all(but="bad")
            for pod in self.world.active():
                if image_of(pod) != "bad" and not is_ready(pod):
                    self.world.run(pod)
            self.world.stop_deleted()
        self.world.settle()
        assert self.world.names() == [f"web-{number}" for number in range(self.replicas)]
        assert self.world.images() == ["v2"] * self.replicas
        status = self.world.web().status
        numbers = (status.replicas, status.ready_replicas, status.available_replicas, status.updated_replicas)
        assert numbers == (self.replicas,) * 4
        assert status.current_revision == status.update_revision

    # How it is done

    def _patch(self, **spec: object) -> None:
        self.world.store.patch(StatefulSet, "web", {"spec": spec})

    def _ready_ordinals(self) -> set[int]:
        return {ordinal_of(pod) for pod in self.world.pods() if is_ready(pod)}

    def _with_pod(self, number: int, do: Callable[[Pod], object]) -> None:
        pods = self.world.active()
        if pods:
            do(pods[number % len(pods)])

    def _playing_kubelet(self, act: Callable[[], object]) -> None:
        """Let the kubelet act alone: the controllers see it when it is their turn."""
        loops, self.world.loops = self.world.loops, []
        try:
            act()
        finally:
            self.world.loops = loops


StatefulSetMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestStatefulSets = StatefulSetMachine.TestCase
