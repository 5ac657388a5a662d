"""How fast a forwarded port is: ``python -m tests.bench.bench_port_forward``.

One connection out of a Pod, and the time of a new one.
"""

from __future__ import annotations

import socket
import statistics
import time

from podkit import Cluster, Container, Pod
from tests.environment import prepared

AMOUNT = 1 << 30
CONNECTIONS = 50
TARGET_SPEED = 200e6
"""Bytes a second."""
SERVER = "nc -ll -p 9000 -e cat /dev/zero & nc -ll -p 9001 -e cat & sleep 3600"


def main() -> None:
    container = Container("main", image="localhost/busybox:latest", command=["sh", "-c", SERVER])
    with prepared(), Cluster() as cluster:
        pod = cluster.wait(cluster.create(Pod.new("server", containers=[container])), "Ready", timeout=60)
        with cluster.port_forward(pod, 9001) as forward:
            times = [round_trip(forward.local_port) for _ in range(CONNECTIONS)]
        with cluster.port_forward(pod, 9000) as forward:
            speed = throughput(forward.local_port)
    verdict = "kept" if speed >= TARGET_SPEED else "MISSED"
    print(f"{'a new connection and a byte there and back':<45}{statistics.median(times) * 1000:>7.1f} ms")
    print(f"{'out of a Pod':<45}{speed / 1e6:>5.0f} MB/s   target {TARGET_SPEED / 1e6:.0f}: {verdict}")


def round_trip(port: int) -> float:
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"x")
        connection.recv(1)
    return time.perf_counter() - begin


def throughput(port: int) -> float:
    buffer, received, begin = bytearray(1 << 20), 0, time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        while received < AMOUNT and (count := connection.recv_into(buffer)):
            received += count
    return received / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
