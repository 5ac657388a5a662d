"""In-place resize, over a simulated engine and on a virtual clock."""

from __future__ import annotations

import json
from typing import Any

from podkit.errors import RuntimeFailed
from podkit.model import (
    Container,
    ContainerResizePolicy,
    Event,
    Pod,
    PodCondition,
    ResourceRequirements,
)
from podkit.runtime.base import CONTAINER_NAME, POD_NAME, ContainerStats, Resources
from tests.unit.kubelet.world import SLEEPS, World, is_running


def box(name: str = "main", *, cpu: str = "100m", memory: str = "64Mi", **fields: Any) -> Container:
    """A container that requests as much as it may use."""
    both = {"cpu": cpu, "memory": memory}
    fields.setdefault("resources", ResourceRequirements(requests=dict(both), limits=dict(both)))
    return Container(name, image="busybox", image_pull_policy="IfNotPresent", command=SLEEPS, **fields)


def resize(world: World, name: str = "main", *, pod: str = "web", **amounts: str) -> Pod:
    """Give a container other requests and limits."""
    resources = {"requests": amounts, "limits": amounts}
    patch = {"spec": {"containers": [{"name": name, "resources": resources}]}}
    return world.store.patch(Pod, pod, patch, subresource="resize")


def engine_resources(world: World, name: str = "main", pod: str = "web") -> Resources:
    """What the newest container has."""
    found = [one for one in world.runtime.containers({POD_NAME: pod}) if one.labels[CONTAINER_NAME] == name]
    return world.runtime.resources(found[-1].id)


def told(world: World, position: int = 0, pod: str = "web") -> ResourceRequirements | None:
    return world.pod(pod).status.container_statuses[position].resources


def condition(world: World, type_: str, pod: str = "web") -> PodCondition | None:
    return next((one for one in world.pod(pod).status.conditions if one.type == type_), None)


def both(**amounts: str) -> ResourceRequirements:
    return ResourceRequirements(requests=dict(amounts), limits=dict(amounts))


class TestInPlace:
    def test_a_container_has_the_new_resources_and_was_not_restarted(self, world: World) -> None:
        world.create(box())
        before = world.until(is_running)
        resize(world, cpu="200m", memory="128Mi")
        world.settle()
        found = engine_resources(world)
        assert (found.cpu_quota, found.cpu_shares, found.memory_limit) == (20_000, 204, 128 << 20)
        assert told(world) == both(cpu="200m", memory="128Mi")
        assert world.container().allocated_resources == {"cpu": "200m", "memory": "128Mi"}
        assert world.container().restart_count == 0
        assert world.pod().status.qos_class == before.status.qos_class == "Guaranteed"
        assert world.pod().status.observed_generation == 2
        assert condition(world, "PodResizeInProgress") is None

    def test_amounts_that_are_the_same_to_the_kernel_are_told_as_they_were_written(self, world: World) -> None:
        small = ResourceRequirements(requests={"cpu": "2m"}, limits={"cpu": "10m"})
        world.create(box(resources=small))
        world.until(is_running)
        shares = engine_resources(world).cpu_shares
        changed = ResourceRequirements(requests={"cpu": "1m"}, limits={"cpu": "5m"})
        patch = {"requests": changed.requests, "limits": changed.limits}
        spec = {"spec": {"containers": [{"name": "main", "resources": patch}]}}
        world.store.patch(Pod, "web", spec, subresource="resize")
        world.settle()
        assert told(world) == changed
        assert world.pod().spec.containers[0].resources == changed
        assert engine_resources(world).cpu_shares == shares == 2

    def test_it_is_told_before_it_is_done_and_afterwards(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        changes = world.store.watch(Pod)
        resize(world, cpu="200m", memory="64Mi")
        world.settle()
        seen = [{one.type for one in change.object.status.conditions} for change in iter(changes.poll, None)]
        changes.close()
        assert any("PodResizeInProgress" in conditions for conditions in seen)
        assert "PodResizeInProgress" not in seen[-1]
        assert {"ResizeStarted", "ResizeCompleted"} <= set(world.reasons())
        [event] = [one for one in world.store.list(Event) if one.reason == "ResizeStarted"]
        content = json.loads((event.message or "").partition(": ")[2])
        assert content["generation"] == 2
        assert content["containers"][0]["resources"]["limits"]["cpu"] == "200m"

    def test_less_is_taken_before_more_is_given_and_memory_comes_before_cpu(self, world: World) -> None:
        world.create(box("a"), box("b"))
        world.until(is_running)
        done: list[tuple[str, str]] = []
        names = {one.id: one.labels[CONTAINER_NAME] for one in world.runtime.containers({POD_NAME: "web"})}
        original = world.runtime.update_resources

        def note(container_id: str, resources: Resources) -> None:
            done.append((names[container_id], "memory" if resources.memory_limit else "cpu"))
            original(container_id, resources)

        world.runtime.update_resources = note  # type: ignore[method-assign]
        spec = [
            {"name": "a", "resources": {key: {"cpu": "200m", "memory": "96Mi"} for key in ("requests", "limits")}},
            {"name": "b", "resources": {key: {"cpu": "50m", "memory": "32Mi"} for key in ("requests", "limits")}},
        ]
        world.store.patch(Pod, "web", {"spec": {"containers": spec}}, subresource="resize")
        world.settle()
        assert done == [("b", "memory"), ("a", "memory"), ("b", "cpu"), ("a", "cpu")]

    def test_a_container_that_waits_for_its_restart_gets_them_with_it(self, world: World) -> None:
        crashing = box()
        crashing.command = ["sh", "-c", "sleep 1; exit 1"]
        world.create(crashing, restart_policy="Always")
        world.until(lambda pod: world.container().restart_count == 1 if pod.status.container_statuses else False)
        world.until(lambda _: world.container().state.waiting is not None)
        resize(world, cpu="300m", memory="64Mi")
        world.settle()
        assert told(world) == both(cpu="300m", memory="64Mi")
        world.until(lambda _: world.container().restart_count == 2)
        assert engine_resources(world).cpu_quota == 30_000


class TestRestart:
    def test_a_policy_restarts_the_container_whatever_its_restart_policy(self, world: World) -> None:
        policy = [ContainerResizePolicy("memory", "RestartContainer")]
        world.create(box(resize_policy=policy), restart_policy="OnFailure", termination_grace_period_seconds=1)
        world.until(is_running)
        resize(world, cpu="200m", memory="64Mi")
        world.settle()
        assert world.container().restart_count == 0
        resize(world, cpu="200m", memory="128Mi")
        world.settle()
        assert condition(world, "PodResizeInProgress") is not None
        world.until(lambda pod: world.container().restart_count == 1 and is_running(pod))
        assert engine_resources(world).memory_limit == 128 << 20
        assert told(world) == both(cpu="200m", memory="128Mi")
        assert condition(world, "PodResizeInProgress") is None


class TestPending:
    def test_more_than_the_node_has_is_infeasible(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        resize(world, cpu="100", memory="64Mi")
        world.settle()
        found = condition(world, "PodResizePending")
        assert found is not None
        assert (found.status, found.reason, found.observed_generation) == ("True", "Infeasible", 2)
        assert found.message == "Node didn't have enough capacity: cpu, requested: 100000, capacity: 4000"
        assert told(world) == both(cpu="100m", memory="64Mi")
        assert world.pod().spec.containers[0].resources == both(cpu="100", memory="64Mi")
        assert "ResizeInfeasible" in world.reasons()
        resize(world, cpu="150m", memory="64Mi")
        world.settle()
        assert condition(world, "PodResizePending") is None
        assert engine_resources(world).cpu_quota == 15_000

    def test_what_another_pod_has_is_waited_for(self, world: World) -> None:
        world.create(box(cpu="3"), name="other")
        world.create(box())
        world.until(is_running)
        resize(world, cpu="2", memory="64Mi")
        world.settle()
        found = condition(world, "PodResizePending")
        assert found is not None
        assert found.reason == "Deferred"
        assert found.message == "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
        world.store.delete(Pod, "other", grace_period=0)
        world.pass_time(20)
        assert condition(world, "PodResizePending") is None
        assert told(world) == both(cpu="2", memory="64Mi")

    def test_a_kubelet_that_is_started_anew_keeps_what_was_allocated(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        resize(world, cpu="200m", memory="64Mi")
        world.settle()
        resize(world, cpu="100", memory="64Mi")
        world.settle()
        world.kubelet.stop()
        world.kubelet = world.new_kubelet()
        world.pass_time(5)
        assert told(world) == both(cpu="200m", memory="64Mi")
        assert engine_resources(world).cpu_quota == 20_000
        assert condition(world, "PodResizePending") is not None

    def test_a_resize_while_no_kubelet_is_there_is_made_by_the_next_one(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        world.kubelet.stop()
        resize(world, cpu="200m", memory="96Mi")
        world.kubelet = world.new_kubelet()
        world.pass_time(5)
        assert told(world) == both(cpu="200m", memory="96Mi")
        assert engine_resources(world).memory_limit == 96 << 20
        assert world.container().restart_count == 0


class TestError:
    def test_a_limit_below_what_is_used_is_not_set(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        [container] = world.runtime.containers({POD_NAME: "web"})
        world.runtime.set_stats(container.id, ContainerStats(0.0, 48 << 20))
        resize(world, cpu="200m", memory="32Mi")
        world.settle()
        found = condition(world, "PodResizeInProgress")
        assert found is not None
        assert (found.reason, found.observed_generation) == ("Error", 2)
        assert found.message == (
            'attempting to set container "main" memory limit (33554432) below current usage (50331648)'
        )
        assert engine_resources(world).memory_limit == 64 << 20
        assert engine_resources(world).cpu_quota == 10_000  # cpu comes after memory
        assert told(world) == both(cpu="100m", memory="64Mi")
        world.runtime.set_stats(container.id, ContainerStats(0.0, 1 << 20))
        world.pass_time(15)
        assert condition(world, "PodResizeInProgress") is None
        assert told(world) == both(cpu="200m", memory="32Mi")

    def test_what_the_engine_refuses_is_told_once_and_tried_again(self, world: World) -> None:
        world.create(box())
        world.until(is_running)
        world.runtime.faults.fail("update_resources", RuntimeFailed("device or resource busy"), times=2)
        resize(world, cpu="200m", memory="64Mi")
        world.settle()
        found = condition(world, "PodResizeInProgress")
        assert found is not None
        assert found.message == "device or resource busy"
        world.pass_time(30)
        assert condition(world, "PodResizeInProgress") is None
        assert world.reasons().count("ResizeError") == 1


class TestPodLevel:
    def test_the_sandbox_has_what_the_pod_may_use_as_a_whole(self, world: World) -> None:
        free = ResourceRequirements()
        world.create(box("a", resources=free), box("b", resources=free), resources=both(cpu="500m", memory="128Mi"))
        world.until(is_running)
        [sandbox] = world.runtime.sandboxes({POD_NAME: "web"})
        found = world.runtime.sandbox_resources(sandbox.id)
        assert (found.cpu_quota, found.memory_limit) == (50_000, 128 << 20)
        assert world.pod().status.qos_class == "Guaranteed"

    def test_it_can_be_resized(self, world: World) -> None:
        world.create(box(resources=ResourceRequirements()), resources=both(cpu="500m", memory="128Mi"))
        world.until(is_running)
        bigger = {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}
        world.store.patch(Pod, "web", {"spec": {"resources": bigger}}, subresource="resize")
        world.settle()
        [sandbox] = world.runtime.sandboxes({POD_NAME: "web"})
        assert world.runtime.sandbox_resources(sandbox.id).cpu_quota == 100_000
        assert "ResizeCompleted" in world.reasons()
        assert world.container().restart_count == 0
