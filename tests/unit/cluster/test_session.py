"""Talking with containers and commands, on a virtual clock."""

from __future__ import annotations

import pytest

from podkit import Cluster, ExecFailed, Pod, PodkitError, RuntimeFailed, VirtualClock
from tests.unit.cluster.builders import once, shell


@pytest.fixture
def talker(cluster: Cluster) -> Pod:
    return cluster.wait(
        cluster.create(once("talker", "echo early; sleep 5; echo late; echo oops >&2; exit 3")), "Ready", timeout=60
    )


def test_whoever_is_attached_hears_what_is_written_from_then_on(cluster: Cluster, talker: Pod) -> None:
    with cluster.attach(talker) as session:
        assert [(piece.stream, piece.data) for piece in session] == [("stdout", b"late\n"), ("stderr", b"oops\n")]
        assert session.wait(timeout=60) == 3


def test_reading_ends_at_its_timeout(cluster: Cluster, talker: Pod, clock: VirtualClock) -> None:
    session = cluster.attach("pod/talker")
    with pytest.raises(TimeoutError, match="has written nothing in 2 s"):
        session.read(timeout=2)
    with pytest.raises(TimeoutError, match="has not ended in 1 s"):
        session.wait(timeout=1)
    assert session.read_until("late", timeout=10) == b"late\n"
    with pytest.raises(PodkitError, match="ended its output without b'never'"):
        session.read_until("never", timeout=10)


def test_a_command_is_talked_with(cluster: Cluster, talker: Pod) -> None:
    with cluster.stream_exec(Pod, "talker", ["sh", "-c", "cat; exit 4"], stdin=True) as session:
        session.write("one\n")
        session.close_stdin()
        assert session.read_until("one\n") == b"one\n"
        assert session.read() is None
        assert session.wait() == 4
        with pytest.raises(RuntimeFailed):
            session.write("too late")


def test_what_cannot_be_had_is_refused(cluster: Cluster, talker: Pod) -> None:
    with pytest.raises(PodkitError, match="set stdin: true in its spec"):
        cluster.attach(talker, stdin=True)
    with pytest.raises(PodkitError, match="no terminal"):
        cluster.attach(talker).resize(24, 80)
    with pytest.raises(TypeError, match="a command is a list"):
        cluster.stream_exec(talker, "ls")  # type: ignore[arg-type]
    done = cluster.run(once("done", "true"))
    for verb in (cluster.attach, lambda pod: cluster.stream_exec(pod, ["true"])):
        with pytest.raises(ExecFailed, match="does not run: it has ended with exit code 0"):
            verb(done)


def test_closing_the_cluster_ends_conversations(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready", timeout=60)
    session = cluster.attach(pod)
    cluster.close_streams()
    assert session.read() is None
