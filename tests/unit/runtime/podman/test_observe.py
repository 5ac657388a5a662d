"""What is asked of Podman to know what there is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from podkit.runtime.podman.client import Client
from podkit.runtime.podman.observe import Observer
from tests.unit.runtime.podman.fake_service import FakeService

POD = {"Id": "p" * 64, "Name": "web", "Created": "2026-01-01T00:00:00Z", "InfraId": "i" * 64, "Labels": {}}


def test_a_sandbox_is_looked_at_again_only_when_its_infra_container_has_ended(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    pids = iter([os.getpid(), ended.pid, os.getpid()])

    def respond(_method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if "/pods/json" in path:
            return 200, json.dumps([POD]).encode()
        network = {"Networks": {"podkit": {"IPAddress": "10.0.0.2"}}}
        infra = {"State": {"Status": "running", "Pid": next(pids)}, "NetworkSettings": network}
        return 200, json.dumps(infra).encode()

    with FakeService(tmp_path / "s", respond) as service:
        client = Client(service)
        observer = Observer(client)
        observer.local = True
        assert [one.ips for one in observer.sandboxes({})] == [("10.0.0.2",)]
        asked = len(service.requests)
        observer.sandboxes({})
        assert len(service.requests) == asked + 1
        observer.forget_sandbox(str(POD["Id"]))
        observer.sandboxes({})
        assert len(service.requests) == asked + 3
        observer.sandboxes({})
        assert len(service.requests) == asked + 5
        client.close()
