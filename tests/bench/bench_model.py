"""How quick objects are to import, read and write, beside the libraries that people use for it today.

``python -m tests.bench.bench_model`` measures podkit, and in the same run the official ``kubernetes`` client and hikaru where they
are installed: in this environment, or in that of the interpreter that ``PODKIT_BENCH_PEERS`` names. Each library is measured in a
process of its own, on the same manifests; rates are the best of several rounds, by processor time.

The aims: ``import podkit`` within 60 ms; dict to object and object to dict at three times the official client's rate; YAML to
object, strict, at its rate at least; 10,000 small Pods from text in at most 80 MiB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
    tier: front
spec:
  restartPolicy: Never
  containers:
  - name: app
    image: nginx:1.27
    ports:
    - containerPort: 80
    env:
    - name: MODE
      value: prod
    resources:
      limits:
        cpu: 500m
        memory: 128Mi
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: app
        image: nginx:1.27
        ports:
        - containerPort: 80
        resources:
          limits:
            cpu: 500m
            memory: 128Mi
"""
PODS = 10_000
LIBRARIES = ("podkit", "kubernetes", "hikaru")
ROWS = {
    "import": "import, ms over the interpreter",
    "to_object": "dict -> object, a second",
    "to_dict": "object -> dict, a second",
    "from_yaml": "YAML -> object, a second",
    "memory": f"{PODS:,} small Pods from YAML, MiB",
    "to_yaml": "object -> YAML, a second",
    "clone": "deep copies, a second",
    "full_from_yaml": "full-field Pod from YAML, a second",
    "full_to_yaml": "full-field Pod to YAML, a second",
    "stream": "1,000 Deployments from one YAML text, s",
}


def rate(work: Callable[[], Any], *, seconds: float = 0.4, rounds: int = 5) -> float:
    """How often the work can be done in a second: the best of some rounds."""
    work()
    started = time.process_time()
    work()
    count = max(1, int(seconds / (time.process_time() - started)))
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(count):
            work()
        best = min(best, (time.process_time() - started) / count)
    return 1 / best


def resident() -> float:
    """The memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory_of(load: Callable[[str], Any]) -> float:
    """How much more memory there is in use once many Pods have been read from a text."""
    text = "---\n".join(SMALL_POD.replace("name: web\n", f"name: web-{number}\n", 1) for number in range(PODS))
    load(SMALL_POD)
    before = resident()
    kept = load(text)
    used = resident() - before
    assert len(kept) == PODS
    return used


def import_milliseconds(module: str, python: str) -> float:
    """How much longer an interpreter runs that imports a module; the best of several."""
    return 1000 * (_run_time(python, f"import {module}") - _run_time(python, "pass"))


def _run_time(python: str, code: str) -> float:
    best = float("inf")
    for _ in range(10):
        started = os.times()
        subprocess.run([python, "-c", code], check=True)
        done = os.times()
        best = min(best, done.children_user + done.children_system - started.children_user - started.children_system)
    return best


def measure_podkit() -> dict[str, float]:
    from podkit.codec import dumps, from_dict, loads, loads_all, to_dict
    from podkit.model.copying import clone

    pod = loads(SMALL_POD)
    plain = to_dict(pod)
    stream = "---\n".join([DEPLOYMENT] * 1000)
    results = {
        "memory": memory_of(loads_all),
        "to_object": rate(lambda: from_dict(plain)),
        "to_dict": rate(lambda: to_dict(pod)),
        "from_yaml": rate(lambda: loads(SMALL_POD)),
        "to_yaml": rate(lambda: dumps(pod)),
        "clone": rate(lambda: clone(pod)),
        "stream": 1 / rate(lambda: loads_all(stream), rounds=3),
    }
    fixture = Path(__file__).parents[3] / "shared" / "schema" / "testdata" / "v1.36.0" / "core.v1.Pod.yaml"
    if fixture.exists():
        text = fixture.read_text()
        full = loads(text)
        results |= {"full_from_yaml": rate(lambda: loads(text)), "full_to_yaml": rate(lambda: dumps(full))}
    return results


def measure_kubernetes() -> dict[str, float]:
    import yaml
    from kubernetes import client

    api = client.ApiClient()
    to_object = api._ApiClient__deserialize

    def load(text: str) -> list[Any]:
        return [to_object(document, "V1Pod") for document in yaml.load_all(text, Loader=yaml.CSafeLoader)]

    (pod,) = load(SMALL_POD)
    plain = yaml.load(SMALL_POD, Loader=yaml.CSafeLoader)
    deployments = "---\n".join([DEPLOYMENT] * 1000)
    return {
        "memory": memory_of(load),
        "to_object": rate(lambda: to_object(plain, "V1Pod")),
        "to_dict": rate(lambda: api.sanitize_for_serialization(pod)),
        "from_yaml": rate(lambda: load(SMALL_POD)),
        "to_yaml": rate(lambda: yaml.dump(api.sanitize_for_serialization(pod), Dumper=yaml.CSafeDumper)),
        "stream": 1
        / rate(
            lambda: [to_object(item, "V1Deployment") for item in yaml.load_all(deployments, Loader=yaml.CSafeLoader)],
            rounds=3,
        ),
    }


def measure_hikaru() -> dict[str, float]:
    import hikaru

    (pod,) = hikaru.load_full_yaml(yaml=SMALL_POD)
    plain = hikaru.get_clean_dict(pod)
    return {
        "memory": memory_of(lambda text: hikaru.load_full_yaml(yaml=text)),
        "to_object": rate(lambda: hikaru.from_dict(plain)),
        "to_dict": rate(lambda: hikaru.get_clean_dict(pod)),
        "from_yaml": rate(lambda: hikaru.load_full_yaml(yaml=SMALL_POD)),
        "to_yaml": rate(lambda: hikaru.get_yaml(pod)),
    }


def results_of(library: str) -> dict[str, float] | None:
    """What was measured of a library in a process of its own; None where it is not installed."""
    python = sys.executable if library == "podkit" else os.environ.get("PODKIT_BENCH_PEERS", sys.executable)
    if subprocess.run([python, "-c", f"import {library}"], capture_output=True, check=False).returncode:
        return None
    done = subprocess.run(
        [python, __file__, library], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    return {"import": import_milliseconds(library, python), **json.loads(done.stdout)}


def main() -> None:
    """Measure all libraries and print them side by side."""
    results = {library: results_of(library) for library in LIBRARIES}
    print(f"{'':42}" + "".join(f"{library:>14}" for library in LIBRARIES) + f"{'podkit : official':>20}")
    for row, title in ROWS.items():
        values = [(results[library] or {}).get(row) for library in LIBRARIES]
        cells = "".join(
            f"{'-' if value is None else format(value, ',.0f' if value > 10 else '.2f'):>14}" for value in values
        )
        ratio = f"{values[0] / values[1]:.2f}" if values[0] and values[1] else ""
        print(f"{title:42}{cells}{ratio:>20}")
    for library in LIBRARIES:
        if results[library] is None:
            print(f"{library} is not installed")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.path.insert(0, str(Path(__file__).parents[2]))
        print(
            json.dumps(
                {"podkit": measure_podkit, "kubernetes": measure_kubernetes, "hikaru": measure_hikaru}[sys.argv[1]]()
            )
        )
    else:
        main()
