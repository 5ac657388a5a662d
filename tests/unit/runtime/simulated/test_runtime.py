"""What can happen to containers, and how the engine behaves around them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from podkit.errors import RuntimeFailed
from podkit.loop.clock import SystemClock, VirtualClock
from podkit.runtime.base import (
    POD_UID,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    EventType,
    Mount,
    Resources,
    Runtime,
    RuntimeEvent,
)
from podkit.runtime.simulated import Script, SimulatedRuntime
from tests.unit.runtime.simulated.bench import Bench, sandbox


def test_it_is_a_runtime() -> None:
    runtime: Runtime = SimulatedRuntime(VirtualClock())
    assert runtime.info().name == "simulated"


def test_the_kernel_can_kill_a_container_for_lack_of_memory(bench: Bench) -> None:
    container_id = bench.start("sleep", "60")
    bench.runtime.run_out_of_memory(container_id)
    status = bench.status(container_id)
    assert (status.state, status.exit_code, status.oom_killed) == (ContainerState.EXITED, 137, True)


def test_a_container_whose_monitor_has_died_is_unknown_for_good(bench: Bench) -> None:
    heard: list[RuntimeEvent] = []
    container_id = bench.start("sleep", "60")
    bench.runtime.subscribe({}, heard.append)
    bench.runtime.lose_monitor(container_id)
    bench.clock.advance(100)
    status = bench.status(container_id)
    assert (status.state, status.exit_code, status.finished_at) == (ContainerState.UNKNOWN, None, None)
    assert heard == []
    bench.runtime.remove_container(container_id)
    assert bench.runtime.containers({}) == []


def test_containers_of_a_broken_sandbox_run_on_without_an_address(bench: Bench) -> None:
    heard: list[RuntimeEvent] = []
    container_id = bench.start("sleep", "60")
    bench.runtime.subscribe({}, heard.append)
    bench.runtime.break_sandbox(bench.sandbox_id)
    status = bench.runtime.sandbox(bench.sandbox_id)
    assert (status.ready, status.ips) == (False, ())
    assert bench.status(container_id).state is ContainerState.RUNNING
    assert [(event.type, event.id) for event in heard] == [(EventType.SANDBOX_STOPPED, bench.sandbox_id)]


def test_what_a_container_uses_is_what_a_test_says(bench: Bench) -> None:
    container_id = bench.start("sleep", "60")
    stats = ContainerStats(cpu_seconds=3.5, memory_bytes=64 << 20)
    bench.runtime.set_stats(container_id, stats)
    assert bench.runtime.stats(container_id) == stats
    bench.clock.advance(60)
    assert bench.runtime.stats(container_id).memory_bytes == 0


def test_limits_are_kept_though_not_enforced(bench: Bench) -> None:
    container_id = bench.start("sleep", "60", resources=Resources(memory_limit=1 << 20))
    assert bench.runtime.resources(container_id).memory_limit == 1 << 20
    bench.runtime.update_resources(container_id, Resources(cpu_shares=512))
    assert bench.runtime.resources(container_id) == Resources(cpu_shares=512, memory_limit=1 << 20)


def test_a_container_is_started_at_most_once(bench: Bench) -> None:
    container_id = bench.start("true")
    with pytest.raises(RuntimeFailed, match="at most once"):
        bench.runtime.start_container(container_id)


def test_what_is_in_the_engine_outlives_its_clients(bench: Bench) -> None:
    heard: list[RuntimeEvent] = []
    bench.runtime.subscribe({}, heard.append)
    container_id = bench.start("sleep", "60")
    heard.clear()
    bench.runtime.close()
    bench.runtime.close()
    bench.clock.advance(60)
    assert heard == []
    assert bench.status(container_id).exit_code == 0


def test_events_come_in_order_with_the_labels_of_what_they_are_about(bench: Bench) -> None:
    heard: list[RuntimeEvent] = []
    subscription = bench.runtime.subscribe({POD_UID: "pod"}, heard.append)
    container_id = bench.start("sleep", "5")
    bench.runtime.run_sandbox(sandbox("other"))
    bench.clock.advance(5)
    bench.runtime.remove_sandbox(bench.sandbox_id)
    types = [(event.type, event.id) for event in heard]
    assert types == [
        (EventType.STARTED, container_id),
        (EventType.EXITED, container_id),
        (EventType.SANDBOX_STOPPED, bench.sandbox_id),
        (EventType.REMOVED, container_id),
        (EventType.REMOVED, bench.sandbox_id),
    ]
    assert {event.labels[POD_UID] for event in heard} == {"pod"}
    subscription.close()


def test_a_handler_may_take_a_lock_that_callers_hold(bench: Bench) -> None:
    """Were handlers called with the engine's lock held, the two threads would wait for each other for ever."""
    lock = threading.Lock()
    inside = threading.Event()

    def handle(_event: RuntimeEvent) -> None:
        inside.set()
        with lock:
            pass

    bench.runtime.subscribe({}, handle)
    starter = threading.Thread(target=lambda: bench.start("sleep", "60"), daemon=True)
    with lock:
        starter.start()
        assert inside.wait(10)
        assert len(bench.runtime.sandboxes({})) == 1
    starter.join(10)
    assert not starter.is_alive()


def test_events_are_told_while_another_thread_waits_for_a_log(bench: Bench) -> None:
    heard: list[EventType] = []
    bench.runtime.subscribe({}, lambda event: heard.append(event.type))
    container_id = bench.start("sh", "-c", "sleep 1; echo done")
    waiting = threading.Event()
    lines: list[bytes] = []

    def read() -> None:
        entries = bench.runtime.logs(container_id, follow=True)
        waiting.set()
        lines.extend(entry.content for entry in entries)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert waiting.wait(10)
    bench.clock.advance(1)
    reader.join(10)
    assert lines == [b"done\n"]
    assert heard == [EventType.STARTED, EventType.EXITED]


def test_a_reader_that_waits_can_be_closed_by_another_thread(bench: Bench) -> None:
    entries = bench.runtime.logs(bench.start("sleep", "60"), follow=True)
    reader = threading.Thread(target=lambda: list(entries), daemon=True)
    reader.start()
    entries.close()
    reader.join(10)
    assert not reader.is_alive()


def test_it_runs_on_the_clock_of_the_machine_too() -> None:
    bench = Bench(clock=SystemClock())
    ended = threading.Event()
    bench.runtime.subscribe({}, lambda event: ended.set() if event.type is EventType.EXITED else None)
    container_id = bench.start("sh", "-c", "echo begun; sleep 0.05; exit 3")
    assert ended.wait(10)
    assert (bench.status(container_id).exit_code, bench.output(container_id)) == (3, "begun\n")


def test_every_run_is_like_the_one_before() -> None:
    def story() -> list[object]:
        bench = Bench()
        for number in range(3):
            bench.start("sh", "-c", f"sleep {number}; date")
        bench.clock.advance(10)
        return [bench.runtime.sandboxes({}), bench.runtime.containers({})]

    assert story() == story()


def test_a_link_out_of_a_mount_leads_nowhere(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "out").symlink_to("../secret")
    mounts = [Mount(source=str(volume), destination="/data")]
    assert bench.run("cat", "/data/out", mounts=mounts)[0] == 1
    assert bench.run("sh", "-c", "echo x > /data/out", mounts=mounts)[0] == 1
    assert bench.run("sh", "-c", "rm -r /data/*; rm -r /data", mounts=mounts)[0] == 1
    assert (tmp_path / "secret").read_text() == "secret"


def test_thousands_of_pods_are_found_by_their_uid() -> None:
    runtime = SimulatedRuntime(VirtualClock(), programs={"web": Script.forever()})
    for number in range(3_000):
        labels = {POD_UID: f"uid-{number}"}
        sandbox_id = runtime.run_sandbox(sandbox(f"uid-{number}"))
        config = ContainerConfig(f"web-{number}", "busybox", labels, command=["web"])
        runtime.start_container(runtime.create_container(sandbox_id, config))
    addresses = {runtime.sandboxes({POD_UID: f"uid-{number}"})[0].ips for number in range(3_000)}
    assert len(addresses) == 3_000
    for number in range(3_000):
        (found,) = runtime.containers({POD_UID: f"uid-{number}"})
        assert (found.name, found.state) == (f"web-{number}", ContainerState.RUNNING)
